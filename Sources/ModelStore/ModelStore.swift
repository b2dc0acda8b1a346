import EventLoop
import Synchronization

/// Watches the drop directory, and decides which model is active.
///
/// Works on a thread of its own; both closures are called on it (during `start` on the caller's) and must not wait.
public final class ModelStore<Probe: ModelProbe>: Sendable {
  private struct Running {
    let control: StoreControl
    let thread: Thread
  }

  private let settings: ModelStoreSettings
  private let probe: Probe
  private let onEvent: @Sendable (ModelEvent) -> Void
  private let onActivate: @Sendable (Activation<Probe.Classifier>) -> Void
  private let running = Mutex<Running?>(nil)

  /// Makes a store that does nothing until `start`.
  /// - Parameters:
  ///   - onEvent: told of every step of every drop.
  ///   - onActivate: given the model that the next frame is to be judged by.
  public init(
    _ settings: ModelStoreSettings, probe: Probe, onEvent: @escaping @Sendable (ModelEvent) -> Void,
    onActivate: @escaping @Sendable (Activation<Probe.Classifier>) -> Void
  ) {
    self.settings = settings
    self.probe = probe
    self.onEvent = onEvent
    self.onActivate = onActivate
  }

  /// Activates the last committed model, or the packaged one, and begins to watch. Does nothing where it runs.
  /// - Throws: where no model can run, or the thread cannot.
  public func start() throws(ModelStoreError) {
    guard running.withLock({ $0 == nil }) else { return }
    let control: StoreControl
    let worker: StoreWorker<Probe>
    do throws(SystemCallError) {
      control = try StoreControl()
      worker = try StoreWorker(settings, probe: probe, control: control, onEvent: onEvent, onActivate: onActivate)
    } catch {
      throw .system(error)
    }
    try worker.activateFirst()
    do throws(SystemCallError) {
      let thread = try Thread.start(name: "models") { worker.run() }
      running.withLock { $0 = Running(control: control, thread: thread) }
    } catch {
      throw .system(error)
    }
  }

  /// Says that a frame was judged by this generation, which commits it. Does not wait; from any thread, and as often
  /// as one likes.
  public func activated(_ generation: UInt64) {
    guard let control = running.withLock({ $0?.control }) else { return }
    if control.judged.exchange(generation, ordering: .acquiringAndReleasing) != generation { control.waker.wake() }
  }

  /// Ends the thread: at once where it is idle, after the step that it is in where it is not.
  ///
  /// No closure is called after that, but for one that runs already.
  /// - Returns: false where the thread has not ended within `timeout`; it then ends by itself.
  @discardableResult
  public func stop(timeout: Duration = .milliseconds(200)) -> Bool {
    guard let ending = running.withLock({ $0.take() }) else { return true }
    ending.control.isStopping.store(true, ordering: .releasing)
    ending.control.waker.wake()
    return ending.thread.join(timeout: timeout)
  }

  deinit { stop() }
}

/// Why a store cannot start.
public enum ModelStoreError: Error, Equatable, Sendable {
  /// Neither a committed nor a packaged model runs: what was tried, and what was wrong with each.
  case noModel([String])
  /// A system call that everything depends on failed.
  case system(SystemCallError)
}

extension ModelStoreError: CustomStringConvertible {
  /// One sentence, and one for each model that was tried.
  public var description: String {
    switch self {
    case .noModel(let problems): (["No model can run."] + problems).joined(separator: " ")
    case .system(let error): "The model store cannot start: \(error)."
    }
  }
}
