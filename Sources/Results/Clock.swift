import Glibc

/// The two clocks of the lines and the journal.
enum Clock {
  /// µs of CLOCK_MONOTONIC.
  static func monotonicMicroseconds() -> UInt64 { microseconds(CLOCK_MONOTONIC) }

  /// µs of CLOCK_REALTIME since 1970, UTC.
  static func realtimeMicroseconds() -> UInt64 { microseconds(CLOCK_REALTIME) }

  private static func microseconds(_ clock: clockid_t) -> UInt64 {
    var now = timespec()
    // Both clocks always exist, so the call cannot fail; before 1970 counts as 1970.
    clock_gettime(clock, &now)
    return UInt64(max(0, now.tv_sec)) &* 1_000_000 &+ UInt64(now.tv_nsec) / 1000
  }
}
