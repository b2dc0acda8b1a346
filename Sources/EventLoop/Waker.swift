import CLinux
import Glibc

/// Wakes an event loop from another thread (eventfd).
///
/// The loop watches `descriptor` for reading, and its handler calls `clear` and looks at what the other thread left.
public final class Waker: Sendable {
  private let owner: Descriptor

  /// Makes a waker that is not set.
  public init() throws(SystemCallError) {
    let number = eventfd(0, CInt(EFD_CLOEXEC) | CInt(EFD_NONBLOCK))
    guard number >= 0 else { throw SystemCallError("eventfd") }
    owner = Descriptor(owning: number)
  }

  /// The descriptor to watch.
  public var descriptor: CInt { owner.rawValue }

  /// Sets the waker. Many calls before the loop looks are one wake-up. Does not wait.
  public func wake() {
    var one: UInt64 = 1
    _ = retryingOnInterrupt { write(owner.rawValue, &one, 8) }
  }

  /// Resets the waker.
  public func clear() {
    var count: UInt64 = 0
    _ = retryingOnInterrupt { read(owner.rawValue, &count, 8) }
  }
}

/// Reads signals as events (signalfd).
///
/// The signals must be blocked in every thread: make this before the first thread starts.
public struct SignalQueue: ~Copyable {
  private let owner: Descriptor

  /// Blocks the signals in the calling thread and those that it starts later, and queues them here.
  public init(_ signals: [CInt]) throws(SystemCallError) {
    var set = sigset_t()
    sigemptyset(&set)
    for signal in signals { sigaddset(&set, signal) }
    let failure = pthread_sigmask(SIG_BLOCK, &set, nil)
    guard failure == 0 else { throw SystemCallError("pthread_sigmask", code: failure) }
    let number = signalfd(-1, &set, CInt(SFD_CLOEXEC) | CInt(SFD_NONBLOCK))
    guard number >= 0 else { throw SystemCallError("signalfd") }
    owner = Descriptor(owning: number)
  }

  /// The descriptor to watch.
  public var descriptor: CInt { owner.rawValue }

  /// The next signal that came, or nil.
  public func next() -> CInt? {
    var information = signalfd_siginfo()
    let size = MemoryLayout<signalfd_siginfo>.size
    let count = retryingOnInterrupt { read(owner.rawValue, &information, size) }
    return count == size ? CInt(information.ssi_signo) : nil
  }
}
