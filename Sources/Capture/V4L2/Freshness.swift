import CV4L2

/// Judges the time of a frame: what is from before the stream's start is old, and a clock that cannot be is not used.
struct Freshness {
  /// So many frames at the start are taken for old ones; after them the driver's clock is not believed any more.
  static let staleCountMax = 8

  private var staleCount = 0
  private var trustsDriver = true
  private var hasFreshFrame = false

  /// When the frame was taken, in microseconds of CLOCK_MONOTONIC; nil for one left over from before the start.
  mutating func captureTime(of buffer: v4l2_buffer, startTime: UInt64, now: UInt64) -> UInt64? {
    let clock = buffer.flags & UInt32(V4L2_BUF_FLAG_TIMESTAMP_MASK)
    guard trustsDriver, clock == UInt32(V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC) else {
      hasFreshFrame = true
      return now
    }
    let seconds = UInt64(max(0, Int64(buffer.timestamp.tv_sec)))
    let time = seconds &* 1_000_000 &+ UInt64(max(0, Int64(buffer.timestamp.tv_usec)))
    if time >= startTime {
      hasFreshFrame = true
      // A driver that computes the time from the camera's own clock may be a little ahead.
      return min(time, now)
    }
    if !hasFreshFrame, staleCount < Self.staleCountMax {
      staleCount += 1
      return nil
    }
    trustsDriver = false
    hasFreshFrame = true
    return now
  }
}
