import Inference

/// One layer on every family of kernels that this machine has: is the one that the engine chooses the fastest?
public struct LayerBenchmark: Sendable {
  /// What the layer is.
  public let name: String
  /// The best time of each family in milliseconds, in the order in which the engine prefers them: the first is chosen.
  public let times: [(family: String, time: Double)]

  /// How much longer the chosen family takes than the best one, as a share of the best.
  public var loss: Double {
    guard let chosen = times.first, let best = times.map(\.time).min(), best > 0 else { return 0 }
    return chosen.time / best - 1
  }

  /// A loss above this is one: below lies what the clock and the neighbours do.
  public static let lossMax = 0.05

  /// Whether no other family is faster by more than `lossMax`.
  public var isBestChosen: Bool { loss <= Self.lossMax }

  /// Runs a layer on all families in turns, until each has had a number of rounds; where the chosen one seems to lose,
  /// several times as many, for a disturbance hits no family for ever.
  public static func measure(_ layer: Layer, rounds: Int = 12) throws(CompilationError) -> LayerBenchmark {
    var contestants: [Contestant] = []
    for family in KernelFamily.available { contestants.append(try Contestant(layer, family: family.name)) }
    var result = LayerBenchmark(name: layer.name, times: [])
    for _ in 0..<6 {
      for _ in 0..<max(1, rounds) { for contestant in contestants { contestant.run() } }
      result = LayerBenchmark(name: layer.name, times: contestants.map { ($0.family, $0.best) })
      if result.isBestChosen { break }
    }
    return result
  }

  /// The layer on one family.
  private final class Contestant {
    let family: String
    private let session: Session
    private var times: StepTimes

    init(_ layer: Layer, family: String) throws(CompilationError) {
      var options = CompilerOptions()
      options.kernelFamily = family
      let program = try Program(compiling: layer.model, options: options)
      self.family = family
      session = Session(program)
      times = StepTimes(for: program)
    }

    func run() { session.invoke(recording: &times) }

    /// Of the step that does the work: those before and behind it give operands and results their form at the model's
    /// ends, which a layer inside of a network has not.
    var best: Double { Double(times.best.max() ?? 0) / 1e6 }
  }
}
