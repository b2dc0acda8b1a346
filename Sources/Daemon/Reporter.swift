import Capture
import Classification
import EventLoop
import Imaging
import ModelStore
import Results
import Synchronization

/// Tells clients at once, and the journal a moment later on the main thread: writing to the journal may wait, and the
/// threads that have something to tell must not.
final class Reporter: Sendable {
  /// Something for the journal.
  enum Notice: Sendable {
    case state(StateMessage)
    case camera(CameraMessage)
    case skippedPicture(camera: String, detail: String)
    case model(ModelMessage)
    case overload(OverloadMessage)
    case unusableFrames(count: Int, camera: String, detail: String)
  }

  private struct Waiting: Sendable {
    var notices: [Notice] = []
    var lost = 0
    var modelName = ""
    /// Models that no frame is judged by any more.
    var retired: [Activation<Classifier>] = []
  }

  /// Notices that wait for the main thread; it looks many times a second, so more are a flood.
  private static let noticeMax = 256

  private let publisher: Publisher
  private let waiting = Mutex(Waiting())
  /// Set where something waits; watched by the main thread's event loop.
  let waker: Waker

  /// Reports to the publisher's clients.
  init(publisher: Publisher) throws(SystemCallError) {
    self.publisher = publisher
    waker = try Waker()
  }

  // MARK: - From any thread

  /// A frame was judged.
  func publish(_ message: ResultMessage) {
    publisher.publish(.result(message))
  }

  /// A region's state changed.
  func report(_ message: StateMessage) {
    publisher.publish(.state(message))
    note(.state(message))
  }

  /// Something happened to a camera.
  func report(_ event: CameraEvent, camera: String) {
    guard let kind = CameraMessage.Event(rawValue: event.kind.rawValue) else {
      // A picture of a replay that was left out: nothing happened to the source itself.
      note(.skippedPicture(camera: camera, detail: event.detail))
      return
    }
    let message = CameraMessage(
      camera: camera, event: kind, device: event.device, reason: event.reason?.rawValue, errno: event.errorName,
      detail: event.detail)
    publisher.publish(.camera(message))
    note(.camera(message))
  }

  /// A model drop made a step.
  func report(_ event: ModelEvent) {
    let message = ModelMessage(
      name: ModelEvent.modelName(ofFile: event.name), sha256: event.sha256, phase: event.phase.rawValue,
      generation: event.generation, reason: event.reason?.rawValue, detail: event.detail)
    publisher.publish(.model(message))
    note(.model(message))
  }

  /// A model judges from now on.
  func tell(inCharge model: Activation<Classifier>) {
    let name = ModelEvent.modelName(ofFile: model.name)
    publisher.setModel(
      ActiveModel(
        name: name, sha256: model.sha256, generation: model.generation, labels: model.classifier.labels))
    waiting.withLock { $0.modelName = name }
  }

  /// The name of the model that judges.
  var modelName: String { waiting.withLock { $0.modelName } }

  /// Frames are shed, or no longer.
  func report(_ change: OverloadMonitor.Change, camera: String) {
    let message = OverloadMessage(
      active: change.isOverloaded, camera: camera, shed: change.shed, budget: change.budget, measured: change.measured)
    publisher.publish(.overload(message))
    note(.overload(message))
  }

  /// Frames could not be made an input of the model, the last of them for this reason.
  func report(unusableFrames count: Int, camera: String, error: ImagingError) {
    note(.unusableFrames(count: count, camera: camera, detail: error.description))
  }

  /// Leaves a model to the main thread, which lets it go.
  func retire(_ model: Activation<Classifier>) {
    waiting.withLock { $0.retired.append(model) }
    waker.wake()
  }

  private func note(_ notice: Notice) {
    waiting.withLock { waiting in
      if waiting.notices.count < Self.noticeMax { waiting.notices.append(notice) } else { waiting.lost += 1 }
    }
    waker.wake()
  }

  // MARK: - On the main thread

  /// Takes what waits, and how many notices were too many to keep. Models that retired are let go here.
  func take() -> (notices: [Notice], lost: Int) {
    waker.clear()
    let taken = waiting.withLock { waiting in
      defer { waiting = Waiting(modelName: waiting.modelName) }
      return waiting
    }
    return (taken.notices, taken.lost)
  }
}

extension ModelEvent {
  /// The name of the model: its file's without the suffix.
  static func modelName(ofFile file: String) -> String {
    file.hasSuffix(".tflite") ? String(file.dropLast(".tflite".count)) : file
  }
}
