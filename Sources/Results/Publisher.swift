import EventLoop
import Synchronization

/// What the publisher needs to know before the first line.
public struct PublisherSettings: Sendable, Equatable {
  /// The version of the daemon, for `hello`.
  public var version: String
  /// The engine's family of kernels, for example `avx2`, for `hello`.
  public var engine: String
  /// `result` lines a second and region. 0: every frame. Range 0 … 1000.
  public var resultsPerSecond: Double = 5
  /// Bytes that a slow client may be behind. Range 192 KiB … 64 MiB.
  public var queueByteCount = 256 * 1024
  /// Clients at a time. Range 1 … 64.
  public var maximumClients = 64

  /// Takes what has no default.
  public init(version: String, engine: String) {
    self.version = version
    self.engine = engine
  }
}

/// Numbers messages, keeps what `hello` and `snapshot` tell, and serves the clients of the results socket.
public final class Publisher: Sendable {
  private enum State: Sendable {
    case idle
    case serving(Thread)
    case stopped
  }

  private let store: LineStore
  private let state = Mutex(State.idle)

  /// Starts at number 1, with a random run id, no cameras and no model.
  public init(_ settings: PublisherSettings) {
    store = LineStore(settings)
  }

  /// The random id of this run, 32 hexadecimal digits.
  public var run: String { store.run }

  /// Says something to every client. Safe from every thread; waits for no client; allocates nothing once warm.
  public func publish(_ message: Message) { store.publish(message) }

  /// Takes the configured cameras; states of regions that are gone are forgotten.
  public func setCameras(_ cameras: [CameraDescription]) { store.setCameras(cameras) }

  /// Takes the model that judges from now on. The `model` line itself is published apart.
  public func setModel(_ model: ActiveModel) { store.setModel(model) }

  /// Changes the limit of `result` lines a second and region.
  public func setResultsPerSecond(_ rate: Double) { store.setResultsPerSecond(rate) }

  /// Serves clients on a listening socket, on an own thread, until `stop`.
  public func start(on listener: consuming Listener) throws(ResultsError) {
    guard case .idle = state.withLock({ $0 }) else {
      listener.ownFile?.remove()
      throw .alreadyStarted
    }
    do throws(SystemCallError) {
      // Made here, so that its errors are the caller's, and touched by its own thread alone from then on.
      nonisolated(unsafe) let server = try ResultsServer(store: store, listener: listener)
      let thread = try Thread.start(name: "results") { server.run() }
      state.withLock { $0 = .serving(thread) }
    } catch {
      throw .system(error)
    }
  }

  /// Sends `bye` with a reason, waits at most 200 ms for clients to take it, and closes everything. Nothing can be
  /// published afterwards.
  public func stop(reason: String) {
    store.end(reason: reason)
    let previous = state.withLock { state in
      defer { state = .stopped }
      return state
    }
    if case .serving(let thread) = previous { thread.join() }
  }
}
