import EventLoop

/// Watches the drop directory, and decides which model is active.
///
/// Works on a thread of its own; both closures are called on it (during `start` on the caller's) and must not wait.
public final class ModelStore<Probe: ModelProbe>: Sendable {
  private let settings: ModelStoreSettings
  private let onEvent: @Sendable (ModelEvent) -> Void
  private let onActivate: @Sendable (Activation<Probe.Classifier>) -> Void

  /// Makes a store that does nothing until `start`.
  /// - Parameters:
  ///   - onEvent: told of every step of every drop.
  ///   - onActivate: given the model that the next frame is to be judged by.
  public init(
    _ settings: ModelStoreSettings, probe: Probe, onEvent: @escaping @Sendable (ModelEvent) -> Void,
    onActivate: @escaping @Sendable (Activation<Probe.Classifier>) -> Void
  ) {
    self.settings = settings
    self.onEvent = onEvent
    self.onActivate = onActivate
  }

  /// Activates the last committed model, or the packaged one, and begins to watch.
  /// - Throws: where no model can run.
  public func start() throws(ModelStoreError) {
  }

  /// Says that the first frame was judged by this generation, which commits it. Does not wait; from any thread.
  public func activated(_ generation: UInt64) {
  }

  /// Ends the thread; returns within 200 ms where it is idle.
  public func stop() {
  }
}

/// Why a store cannot start.
public enum ModelStoreError: Error, Equatable, Sendable {
  /// Neither a committed nor a packaged model runs: what was tried, and what was wrong with each.
  case noModel([String])
  /// A system call that everything depends on failed.
  case system(SystemCallError)
}
