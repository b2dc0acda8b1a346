import Glibc

/// Microseconds of CLOCK_MONOTONIC, the clock of V4L2's timestamps.
func monotonicMicroseconds() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) &* 1_000_000 &+ UInt64(time.tv_nsec) / 1_000
}

/// A time to come, in microseconds of CLOCK_MONOTONIC.
func monotonicDeadline(after timeout: Duration) -> UInt64 {
  monotonicMicroseconds() &+ timeout.wholeMicroseconds
}

extension Duration {
  /// Not below zero, and at most a year: a deadline must not overflow.
  var wholeMicroseconds: UInt64 {
    let (seconds, attoseconds) = max(.zero, min(self, .seconds(31_536_000))).components
    return UInt64(seconds) * 1_000_000 + UInt64(attoseconds / 1_000_000_000_000)
  }
}

extension timespec {
  init(_ microseconds: UInt64) {
    self.init(tv_sec: Int(microseconds / 1_000_000), tv_nsec: Int(microseconds % 1_000_000) * 1_000)
  }
}
