import Synchronization

/// What a source has counted since it was made.
public struct CaptureCounts: Sendable, Equatable {
  /// Usable frames that reached this process.
  public var captured: UInt64 = 0
  /// Usable frames that nobody saw because a newer one was there.
  public var replaced: UInt64 = 0
  /// Frames missing from the camera's own numbering: the driver had no buffer, or the bus lost them.
  public var missing: UInt64 = 0
  /// Frames or pictures that came damaged or short.
  public var damaged: UInt64 = 0
  /// Times that the device was opened and streaming began; for a replay, passes through the input.
  public var starts: UInt64 = 0
}

/// The counters behind `CaptureCounts`, written by the capture thread, and the sign that this thread is alive.
final class CaptureCounters: Sendable {
  let captured = Atomic<UInt64>(0)
  let replaced = Atomic<UInt64>(0)
  let missing = Atomic<UInt64>(0)
  let damaged = Atomic<UInt64>(0)
  let starts = Atomic<UInt64>(0)
  let heartbeat = Atomic<UInt64>(0)

  var counts: CaptureCounts {
    CaptureCounts(
      captured: captured.load(ordering: .relaxed), replaced: replaced.load(ordering: .relaxed),
      missing: missing.load(ordering: .relaxed), damaged: damaged.load(ordering: .relaxed),
      starts: starts.load(ordering: .relaxed))
  }
}

extension Atomic<UInt64> {
  /// Counts; the value guards nothing, so no order is asked for.
  func add(_ count: UInt64) { wrappingAdd(count, ordering: .relaxed) }
}
