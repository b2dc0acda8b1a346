import Capture
import Classification
import ModelStore
import Synchronization

/// What other threads leave for the frame thread, which takes it between two frames.
final class FrameInbox: Sendable {
  /// Everything that came since the last look.
  struct Contents: Sendable {
    /// The model that judges from the next frame on; a newer one replaces one that was not taken yet.
    var activation: Activation<Classifier>?
    /// What happened to cameras, in order.
    var cameraEvents: [CameraEvent] = []
    /// The cameras and regions from now on.
    var plan: FramePlan?
    var isStopping = false

    var isEmpty: Bool { activation == nil && cameraEvents.isEmpty && plan == nil && !isStopping }
  }

  private let contents = Mutex(Contents())

  /// Leaves a model.
  func put(_ activation: Activation<Classifier>) {
    contents.withLock { $0.activation = activation }
  }

  /// Leaves what happened to a camera.
  func put(_ event: CameraEvent) {
    contents.withLock { $0.cameraEvents.append(event) }
  }

  /// Leaves other cameras and regions; what happened to the cameras of the plan before means nothing any more.
  func put(_ plan: FramePlan) {
    contents.withLock {
      $0.cameraEvents.removeAll()
      $0.plan = plan
    }
  }

  /// Asks the frame thread to end.
  func stop() {
    contents.withLock { $0.isStopping = true }
  }

  /// Takes everything; nil, at no cost, where nothing came.
  func take() -> Contents? {
    contents.withLock { contents in
      guard !contents.isEmpty else { return nil }
      defer { contents = Contents() }
      return contents
    }
  }
}
