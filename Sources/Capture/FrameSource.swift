import EventLoop

/// Where frames come from: a camera or a replay. Each has a thread of its own between `start` and `stop`.
public protocol FrameSource: AnyObject, Sendable {
  /// Starts the thread. A device that is missing is no error here: it is an event, and looked for again.
  func start() throws(SystemCallError)

  /// Asks the thread to end and waits for it, at most `timeout`. False where it hangs in a system call; it is then
  /// left alone and ends when the call returns.
  @discardableResult func stop(timeout: Duration) -> Bool

  /// What was counted so far.
  var counts: CaptureCounts { get }

  /// When the thread last made a turn, in microseconds of CLOCK_MONOTONIC; 0 before the first. A thread that runs
  /// makes one at least every second, whether the camera is there or not: a value that stands still is a hang.
  var heartbeat: UInt64 { get }
}

extension FrameSource {
  /// Asks the thread to end and waits for it, at most 800 ms.
  @discardableResult public func stop() -> Bool { stop(timeout: .milliseconds(800)) }
}
