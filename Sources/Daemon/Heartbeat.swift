import Synchronization

/// When a thread last came round, so that another can tell whether it still does.
final class Heartbeat: Sendable {
  private let last: Atomic<UInt64>

  /// Starts with a beat at `time`, in µs of CLOCK_MONOTONIC.
  init(at time: UInt64) {
    last = Atomic(time)
  }

  /// Notes that the thread came round.
  func beat(at time: UInt64) {
    last.store(time, ordering: .relaxed)
  }

  /// µs since the last beat.
  func age(at time: UInt64) -> UInt64 {
    let beat = last.load(ordering: .relaxed)
    return time > beat ? time - beat : 0
  }
}
