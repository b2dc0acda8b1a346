import Glibc

/// The clock of the lines' `time`.
enum RealtimeClock {
  /// µs since 1970, UTC.
  static func now() -> UInt64 {
    var now = timespec()
    // The clock always exists, so the call cannot fail; before 1970 counts as 1970.
    clock_gettime(CLOCK_REALTIME, &now)
    return UInt64(max(0, now.tv_sec)) &* 1_000_000 &+ UInt64(now.tv_nsec) / 1000
  }
}
