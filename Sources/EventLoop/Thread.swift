import CLinux
import Glibc
import Synchronization

/// A thread of its own with a name, for work that blocks.
///
/// The thread inherits the signal mask of the thread that starts it. One that is never joined is let go when its
/// last reference is: its body still runs to the end.
public final class Thread: Sendable {
  /// What the kernel shows in /proc and debuggers show; at most 15 bytes.
  public let name: String

  private let handle: Mutex<pthread_t?>

  private init(name: String, handle: pthread_t) {
    self.name = name
    self.handle = Mutex(handle)
  }

  deinit {
    handle.withLock { handle in
      if let handle { pthread_detach(handle) }
    }
  }

  /// Starts a thread that calls `body` once. A longer name is cut to what the kernel takes (15 bytes).
  public static func start(
    name: String, body: @escaping @Sendable () -> Void
  ) throws(SystemCallError) -> Thread {
    let name = kernelName(name)
    let work = Unmanaged.passRetained(Work(name: name, body: body))
    var handle = pthread_t()
    let failure = pthread_create(&handle, nil, { runWork($0) }, work.toOpaque())
    guard failure == 0 else {
      work.release()
      throw SystemCallError("pthread_create", on: name, code: failure)
    }
    return Thread(name: name, handle: handle)
  }

  /// Waits until the body has returned. May be called more than once, but not by the thread itself.
  public func join() {
    handle.withLock { handle in
      guard let running = handle else { return }
      precondition(pthread_equal(running, pthread_self()) == 0, "a thread cannot wait for its own end")
      pthread_join(running, nil)
      handle = nil
    }
  }

  /// Waits until the body has returned, for `timeout` at most.
  /// - Returns: false where it has not; it then runs on, and may be waited for again.
  public func join(timeout: Duration) -> Bool {
    var deadline = timespec(MonotonicClock.deadline(after: timeout))
    return handle.withLock { handle in
      guard let running = handle else { return true }
      precondition(pthread_equal(running, pthread_self()) == 0, "a thread cannot wait for its own end")
      guard pthread_clockjoin_np(running, nil, CLOCK_MONOTONIC, &deadline) == 0 else { return false }
      handle = nil
      return true
    }
  }

  /// pthread_setname_np refuses names of more than 15 bytes; whole characters are cut.
  private static func kernelName(_ name: String) -> String {
    var cut = name
    while cut.utf8.count > 15 { cut.removeLast() }
    return cut
  }
}

/// What a new thread is handed.
private final class Work {
  let name: String
  let body: @Sendable () -> Void

  init(name: String, body: @escaping @Sendable () -> Void) {
    self.name = name
    self.body = body
  }
}

private func runWork(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let argument else { return nil }
  let work = Unmanaged<Work>.fromOpaque(argument).takeRetainedValue()
  pthread_setname_np(pthread_self(), work.name)
  work.body()
  return nil
}
