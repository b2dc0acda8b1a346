import Capture
import Classification
import Decision
import EventLoop
import Imaging
import ModelStore
import Results

/// The state of the frame thread: the plan, the model in charge, and where each region stands.
struct FramePath {
  /// A camera of the plan, with its regions in the plan's order.
  private struct CameraPath {
    let name: String
    var regions: [RegionPath]
    var overload: OverloadMonitor
    var unusable = UnusableFrames()
  }

  private var plan: FramePlan
  private var model: Activation<Classifier>
  private var isModelNew = true
  private var cameras: [CameraPath] = []
  private let reporter: Reporter
  private let onJudged: @Sendable (UInt64) -> Void

  /// Starts every region as `settling`.
  init(
    plan: FramePlan, model: Activation<Classifier>, reporter: Reporter,
    onJudged: @escaping @Sendable (UInt64) -> Void
  ) {
    self.plan = plan
    self.reporter = reporter
    self.onJudged = onJudged
    self.model = model
    layOutCameras(at: MonotonicClock.now())
  }

  // MARK: - Between two frames

  /// Takes what other threads left; false where the thread is to end.
  mutating func takeIn(_ inbox: FrameInbox) -> Bool {
    guard let contents = inbox.take() else { return true }
    let now = MonotonicClock.now()
    if let plan = contents.plan {
      self.plan = plan
      layOutCameras(at: now)
    }
    if let activation = contents.activation { swap(to: activation, at: now) }
    for event in contents.cameraEvents { note(event, at: now) }
    return !contents.isStopping
  }

  /// The old model is let go on another thread: freeing it takes longer than a frame may wait.
  private mutating func swap(to activation: Activation<Classifier>, at time: UInt64) {
    reporter.retire(model)
    model = activation
    isModelNew = true
    reporter.tell(inCharge: activation)
    let (plan, thresholds, labels) = (plan, thresholds, activation.classifier.labels)
    for camera in cameras.indices {
      updateRegions(of: camera) { region in
        let settings = plan.decisionSettings(for: region.plan, modelThresholds: thresholds)
        return region.adopt(labels: labels, settings: settings, at: time)
      }
    }
  }

  /// Cameras and regions that the plan before had as well stay as they are.
  private mutating func layOutCameras(at time: UInt64) {
    let earlier = cameras
    cameras = plan.cameras.map { camera in
      let known = earlier.first { $0.name == camera.name }
      return CameraPath(
        name: camera.name, regions: camera.regions.map { regionPath(of: $0, camera: camera.name, known, at: time) },
        overload: known?.overload ?? OverloadMonitor(at: time))
    }
  }

  private func regionPath(
    of region: FramePlan.Region, camera: String, _ earlier: CameraPath?, at time: UInt64
  ) -> RegionPath {
    let settings = plan.decisionSettings(for: region, modelThresholds: thresholds)
    if let known = earlier?.regions.first(where: { $0.plan.name == region.name }) {
      return RegionPath(continuing: known, plan: region, settings: settings)
    }
    return RegionPath(camera: camera, plan: region, labels: model.classifier.labels, settings: settings, at: time)
  }

  private var thresholds: (upper: Double, lower: Double)? {
    model.classifier.thresholds.map { (upper: $0.enter, lower: $0.leave) }
  }

  private mutating func note(_ event: CameraEvent, at time: UInt64) {
    guard cameras.indices.contains(event.camera) else { return }
    if event.kind == .found { cameras[event.camera].overload.startWindow(at: time) }
    guard event.kind == .lost else { return }
    updateRegions(of: event.camera) { $0.decision.noteCameraLost(at: time) }
  }

  /// Does something to each region of a camera, and tells of the changes of state that came of it.
  private mutating func updateRegions(of camera: Int, _ body: (inout RegionPath) -> StateChange?) {
    for index in cameras[camera].regions.indices {
      let change = body(&cameras[camera].regions[index])
      if let change { report(change, of: cameras[camera].regions[index]) }
    }
  }

  // MARK: - A frame

  /// Waits for a frame of any camera and judges its regions; notices, frame or not, what has become stale.
  mutating func judgeNext(within timeout: Duration) {
    if let frame = plan.exchange.next(timeout: timeout) { judge(frame) }
    let now = MonotonicClock.now()
    for camera in cameras.indices { updateRegions(of: camera) { $0.decision.tick(at: now) } }
  }

  private mutating func judge(_ frame: borrowing Frame) {
    let camera = frame.camera
    guard cameras.indices.contains(camera) else { return }
    let started = MonotonicClock.now()
    for index in cameras[camera].regions.indices {
      do throws(ImagingError) {
        let (timing, change) = try cameras[camera].regions[index].judge(
          frame, with: model.classifier, ageMax: plan.decision.overloadAbove.microseconds)
        tellIfModelIsNew()
        publishResult(of: cameras[camera].regions[index], frame: frame, timing: timing)
        if let change { report(change, of: cameras[camera].regions[index]) }
      } catch {
        if let count = cameras[camera].unusable.note(at: started) {
          reporter.report(unusableFrames: count, camera: cameras[camera].name, error: error)
        }
      }
    }
    noteLoad(of: camera, since: started)
  }

  /// A frame that could not be judged says nothing of the model: only a judged one commits it.
  private mutating func tellIfModelIsNew() {
    guard isModelNew else { return }
    isModelNew = false
    onJudged(model.generation)
  }

  private mutating func noteLoad(of camera: Int, since started: UInt64) {
    let now = MonotonicClock.now()
    let shed = plan.exchange.replacedCount(camera: camera)
    if let change = cameras[camera].overload.note(shedInTotal: shed, busy: now - started, at: now) {
      reporter.report(change, camera: cameras[camera].name)
    }
  }

  private func publishResult(of region: RegionPath, frame: borrowing Frame, timing: RegionPath.Timing) {
    let now = MonotonicClock.now()
    reporter.publish(
      ResultMessage(
        camera: region.camera, region: region.plan.name,
        scores: LabelScores(labels: model.classifier.labels, scores: model.classifier.scores), frame: frame.sequence,
        capturedAt: frame.captureTime,
        latency: ResultMessage.Latency(
          dequeue: frame.dequeueTime &- frame.captureTime, preprocess: timing.preprocess, inference: timing.inference,
          total: now &- frame.captureTime),
        generation: model.generation))
  }

  private func report(_ change: StateChange, of region: RegionPath) {
    let decision = region.decision
    let scores =
      decision.hasAverage
      ? LabelScores(labels: decision.labels, scores: decision.averages.map { Float($0) }) : .none
    reporter.report(
      StateMessage(
        camera: region.camera, region: region.plan.name, state: change.state.name,
        reason: change.state.reason?.rawValue, previous: change.previous.name, since: change.since,
        score: change.score, scores: scores, generation: model.generation))
  }
}
