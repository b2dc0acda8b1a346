import Results

/// Feeds the service manager's watchdog for as long as frames make progress.
///
/// Progress means that the frame thread and every capture thread come round, whether frames come or not: a camera that
/// is known to be lost starves nobody, a thread that hangs in a call or an inference that does not end does.
struct Watchdog {
  /// µs; nil where nobody watches.
  private let timeout = Notify.watchdogTimeout()
  private var lastFed: UInt64 = 0
  private var isStuck = false

  /// Feeds it, at most four times within its timeout.
  /// - Parameters:
  ///   - frames: µs since the frame thread came round.
  ///   - cameras: µs since the slowest capture thread came round.
  /// - Returns: a sentence for the journal when the progress ends.
  mutating func feed(frames: UInt64, cameras: UInt64, at time: UInt64) -> String? {
    // Nobody watches a daemon that was started by hand; what is stuck is told all the same.
    let timeout = timeout ?? 20_000_000
    let stuck = max(frames, cameras) > timeout / 2
    defer { isStuck = stuck }
    guard !stuck else {
      guard !isStuck else { return nil }
      let what = frames > cameras ? "the judging of frames" : "a camera's thread"
      return "\(what) has not come round for \(max(frames, cameras) / 1_000_000) s"
    }
    guard time >= lastFed + timeout / 4 else { return nil }
    lastFed = time
    Notify.watchdog()
    return nil
  }
}
