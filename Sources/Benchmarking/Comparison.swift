/// Two models measured in turns, so that what disturbs one disturbs the other.
public struct Comparison: Sendable {
  /// The runs of the first model.
  public let first: Timing
  /// The runs of the second.
  public let second: Timing
  /// What disturbed the two of them.
  public let disturbance: Disturbance

  /// The first's best time divided by the second's; below 1 the first is faster.
  public var bestRatio: Double { first.best / max(second.best, 1e-9) }
  /// The same of the medians. Where the two disagree the machine was busy, and the best runs are to be believed.
  public var medianRatio: Double { first.median / max(second.median, 1e-9) }

  /// The rounds in which both have their turn, each the first in every other one.
  public static let roundCount = 10

  /// Runs each `runs` times or a little more, in rounds.
  public static func measure(_ first: ModelBenchmark, _ second: ModelBenchmark, runs: Int) -> Comparison {
    let perRound = max(1, (runs + roundCount - 1) / roundCount)
    var times: [[Double]] = [[], []]
    let before = SystemCounters.current
    for round in 0..<roundCount {
      for turn in [round % 2, 1 - round % 2] {
        let model = turn == 0 ? first : second
        // What the other left in the caches is not the model's fault.
        _ = model.run()
        for _ in 0..<perRound { times[turn].append(model.run()) }
      }
    }
    let (one, other) = (Timing(times[0]), Timing(times[1]))
    let worse = one.spread > other.spread ? one : other
    let threads = max(first.program.threadCount, second.program.threadCount)
    return Comparison(
      first: one, second: other,
      disturbance: SystemCounters.current.disturbance(since: before, timing: worse, threadCount: threads))
  }
}
