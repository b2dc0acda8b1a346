/// The times of a number of runs, in milliseconds.
public struct Timing: Sendable, Equatable {
  /// Shortest first; at least one.
  private let sorted: [Double]

  /// Takes the times in any order; there must be one at least.
  public init(_ times: [Double]) {
    precondition(!times.isEmpty, "no run was timed")
    sorted = times.sorted()
  }

  /// How many runs there were.
  public var count: Int { sorted.count }
  /// The shortest run.
  public var best: Double { sorted[0] }
  /// The run in the middle; of two, the longer one.
  public var median: Double { sorted[count / 2] }

  /// The shortest time that at least `percent` of the runs kept to (nearest rank).
  public func percentile(_ percent: Int) -> Double {
    let rank = (count * percent + 99) / 100
    return sorted[min(max(rank, 1), count) - 1]
  }

  /// How much longer the median is than the best, as a share of the best.
  public var spread: Double { best > 0 ? median / best - 1 : 0 }
}
