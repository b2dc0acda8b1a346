import CLinux
import EventLoop
import Glibc
import Synchronization

/// The thread of a source: started, woken, and stopped within a time even where it hangs in a system call.
final class SourceThread: Sendable {
  /// Wakes the thread out of its waiting: it is to stop, or a buffer came back.
  let waker: Waker

  private let stopFlag = Atomic<Bool>(false)
  private let thread = Mutex<Thread?>(nil)

  init() throws(SystemCallError) {
    waker = try Waker()
  }

  /// The thread's body is to return soon.
  var isStopping: Bool { stopFlag.load(ordering: .acquiring) }

  /// Starts the thread, once.
  func start(name: String, body: @escaping @Sendable () -> Void) throws(SystemCallError) {
    try thread.withLock { (thread: inout sending Thread?) throws(SystemCallError) in
      precondition(thread == nil, "a source starts once")
      thread = try Thread.start(name: name, body: body)
    }
  }

  /// False where the thread has not ended in time; it is then left to itself.
  func stop(timeout: Duration) -> Bool {
    stopFlag.store(true, ordering: .releasing)
    waker.wake()
    return thread.withLock { $0 }?.join(timeout: timeout) ?? true
  }

  /// Waits for the waker and resets it; returns early when woken.
  func sleep(_ duration: Duration) {
    if waitForDescriptor(waker.descriptor, timeout: duration) { waker.clear() }
  }
}

/// Waits until a descriptor is readable; false after `timeout`.
func waitForDescriptor(_ descriptor: CInt, timeout: Duration) -> Bool {
  var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
  let milliseconds = CInt(clamping: (timeout.microseconds + 999) / 1_000)
  return retryingOnInterrupt { poll(&entry, 1, milliseconds) } > 0
}
