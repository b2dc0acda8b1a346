import Glibc

/// CLOCK_MONOTONIC in microseconds: the clock of frames, decisions and timeouts. It never jumps, and it is the clock of
/// V4L2's timestamps.
public enum MonotonicClock {
  /// The time now.
  public static func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000 &+ UInt64(time.tv_nsec) / 1000
  }

  /// A time to come.
  public static func deadline(after timeout: Duration) -> UInt64 { now() &+ timeout.microseconds }
}

extension Duration {
  /// Whole microseconds; not below zero, and at most a year, so that a deadline cannot overflow.
  public var microseconds: UInt64 {
    let (seconds, attoseconds) = max(.zero, min(self, .seconds(31_536_000))).components
    return UInt64(seconds) * 1_000_000 + UInt64(attoseconds / 1_000_000_000_000)
  }
}

extension timespec {
  /// A time in microseconds of CLOCK_MONOTONIC.
  public init(_ microseconds: UInt64) {
    self.init(tv_sec: Int(microseconds / 1_000_000), tv_nsec: Int(microseconds % 1_000_000) * 1000)
  }
}
