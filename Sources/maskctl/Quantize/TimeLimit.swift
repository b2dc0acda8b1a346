import EventLoop

/// When a search is to end with what it has.
struct TimeLimit: Sendable {
  /// Nil where there is no limit.
  let duration: Duration?
  private let deadline: UInt64

  /// Time runs from now on.
  init(_ duration: Duration?) {
    self.duration = duration
    deadline = duration.map { MonotonicClock.deadline(after: $0) } ?? .max
  }

  var isOver: Bool { MonotonicClock.now() >= deadline }
}
