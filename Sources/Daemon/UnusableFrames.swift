/// Frames of one camera that could not be judged: the first is told at once, those that follow once a minute.
struct UnusableFrames {
  private static let interval: UInt64 = 60_000_000

  private var toldAt: UInt64?
  private var count = 0

  /// Notes one at `time`, in µs. Where it is time to tell: how many there were since the last time.
  mutating func note(at time: UInt64) -> Int? {
    count += 1
    if let toldAt, time < toldAt + Self.interval { return nil }
    toldAt = time
    defer { count = 0 }
    return count
  }
}
