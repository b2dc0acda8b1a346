import Capture
import Classification
import Decision
import Imaging
import ModelStore
import Results

/// The state of the frame thread: the plan, the model in charge, and where each region stands.
struct FramePath {
  private var plan: FramePlan
  private var model: Activation<Classifier>
  private var isModelNew = true
  /// By camera, then by region, in the plan's order.
  private var regions: [[RegionPath]] = []
  private var overloads: [OverloadMonitor] = []
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
    layOutRegions(at: MonotonicClock.now())
  }

  // MARK: - Between two frames

  /// Takes what other threads left; false where the thread is to end.
  mutating func takeIn(_ inbox: FrameInbox) -> Bool {
    guard let contents = inbox.take() else { return true }
    let now = MonotonicClock.now()
    if let plan = contents.plan {
      self.plan = plan
      layOutRegions(at: now)
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
    forEachRegion { path, region in
      let settings = path.plan.decisionSettings(for: region.plan, modelThresholds: path.thresholds)
      return region.adopt(labels: path.model.classifier.labels, settings: settings, at: time)
    }
  }

  /// Regions that the plan before had as well keep their state.
  private mutating func layOutRegions(at time: UInt64) {
    let earlier = regions.joined()
    let labels = model.classifier.labels
    regions = plan.cameras.map { camera in
      camera.regions.map { region in
        let settings = plan.decisionSettings(for: region, modelThresholds: thresholds)
        if let known = earlier.first(where: { $0.camera == camera.name && $0.plan.name == region.name }) {
          return RegionPath(continuing: known, plan: region, settings: settings)
        }
        return RegionPath(camera: camera.name, plan: region, labels: labels, settings: settings, at: time)
      }
    }
    overloads = plan.cameras.map { _ in OverloadMonitor(at: time) }
  }

  private var thresholds: (upper: Double, lower: Double)? {
    model.classifier.thresholds.map { (upper: $0.enter, lower: $0.leave) }
  }

  private mutating func note(_ event: CameraEvent, at time: UInt64) {
    guard regions.indices.contains(event.camera) else { return }
    if event.kind == .found { overloads[event.camera].startWindow(at: time) }
    guard event.kind == .lost else { return }
    for index in regions[event.camera].indices {
      let change = regions[event.camera][index].decision.noteCameraLost(at: time)
      report(change, of: regions[event.camera][index])
    }
  }

  /// Asks something of every region and tells of the changes of state that came of it.
  private mutating func forEachRegion(_ body: (FramePath, inout RegionPath) -> StateChange?) {
    for camera in regions.indices {
      for index in regions[camera].indices {
        var region = regions[camera][index]
        let change = body(self, &region)
        regions[camera][index] = region
        report(change, of: region)
      }
    }
  }

  // MARK: - A frame

  /// Waits for a frame of any camera and judges its regions; notices, frame or not, what has become stale.
  mutating func judgeNext(within timeout: Duration) {
    if let frame = plan.exchange.next(timeout: timeout) { judge(frame) }
    let now = MonotonicClock.now()
    for camera in regions.indices {
      for index in regions[camera].indices {
        let change = regions[camera][index].decision.tick(at: now)
        if change != nil { report(change, of: regions[camera][index]) }
      }
    }
  }

  private mutating func judge(_ frame: borrowing Frame) {
    let camera = frame.camera
    guard regions.indices.contains(camera) else { return }
    let started = MonotonicClock.now()
    for index in regions[camera].indices {
      do throws(ImagingError) {
        let (timing, change) = try regions[camera][index].judge(
          frame, with: model.classifier, ageMax: plan.decision.overloadAbove.microseconds)
        publishResult(of: regions[camera][index], frame: frame, timing: timing)
        report(change, of: regions[camera][index])
      } catch {
        reporter.report(unusableFrame: error, camera: regions[camera][index].camera)
      }
    }
    if isModelNew {
      isModelNew = false
      onJudged(model.generation)
    }
    let now = MonotonicClock.now()
    if let change = overloads[camera].note(shed: frame.droppedBefore, busy: now - started, at: now) {
      reporter.report(change, camera: plan.cameras[camera].name)
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

  private func report(_ change: StateChange?, of region: RegionPath) {
    guard let change else { return }
    reporter.report(
      StateMessage(
        camera: region.camera, region: region.plan.name, state: change.state.name,
        reason: change.state.reason?.rawValue, previous: change.previous.name, since: change.since,
        score: change.score,
        scores: LabelScores(labels: region.decision.labels, scores: region.decision.averages.map { Float($0) }),
        generation: model.generation))
  }
}

extension Duration {
  /// Whole µs; below zero counts as none.
  var microseconds: UInt64 {
    let (seconds, attoseconds) = max(.zero, self).components
    return UInt64(seconds) &* 1_000_000 &+ UInt64(attoseconds / 1_000_000_000_000)
  }
}
