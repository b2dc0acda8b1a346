import Glibc

/// Times in milliseconds, from clocks that never jump.
public enum Clock {
  /// What passes on the wall.
  public static var wall: Double { read(CLOCK_MONOTONIC) }
  /// What all threads of this process spent on processors.
  public static var processor: Double { read(CLOCK_PROCESS_CPUTIME_ID) }

  private static func read(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) / 1e6
  }
}
