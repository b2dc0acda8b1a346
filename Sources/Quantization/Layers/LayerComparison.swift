import TFLite

/// How far a result of one version of a model lies from the same result of another, all errors of the layers before it
/// included.
public struct LayerDifference: Sendable {
  /// The two results; the first is what the other is measured against.
  public let pair: LayerCorrespondence.Pair
  /// 10 log10 of the energy of the result over that of the difference, in dB; 200 where there is none.
  public let signalToNoise: Double
  /// The mean absolute difference.
  public let meanError: Double
  /// The greatest absolute difference.
  public let largestError: Double
  /// The cosine of the angle between the two results: 1 where they point the same way.
  public let cosine: Double
  /// How many dB the signal to noise ratio lies below that of the worst operand; nil where no operand is compared.
  public let fall: Double?
}

/// Runs two versions of a model on the same samples and compares what their layers compute.
public struct LayerComparison: Sendable {
  /// In the order of the first version.
  public let layers: [LayerDifference]

  /// - Parameters:
  ///   - reference: what the other is measured against.
  ///   - samples: for each version, as its input wants them.
  public init(
    _ correspondence: LayerCorrespondence, of reference: (model: Model, samples: some Samples),
    with other: (model: Model, samples: some Samples), observer: ProgressObserver
  ) throws(QuantizationError) {
    let pairs = correspondence.pairs
    let run = try TappedRun(reference.model, taps: pairs.map(\.first.tensor))
    let otherRun = try TappedRun(other.model, taps: pairs.map(\.other.tensor))
    var sums = [DifferenceSums](repeating: DifferenceSums(), count: pairs.count)
    let count = min(reference.samples.count, other.samples.count)
    for sample in 0..<count {
      try observer(.comparison, sample, count)
      try run.invoke(reference.samples, sample)
      try otherRun.invoke(other.samples, sample)
      for (place, pair) in pairs.enumerated() {
        sums[place].add(run.reals(of: pair.first.tensor), otherRun.reals(of: pair.other.tensor))
      }
    }
    try observer(.comparison, count, count)
    layers = Self.differences(pairs, sums, in: reference.model.main)
  }

  private static func differences(
    _ pairs: [LayerCorrespondence.Pair], _ sums: [DifferenceSums], in graph: Subgraph
  ) -> [LayerDifference] {
    var measured: [Int: Double] = [:]
    for (pair, sums) in zip(pairs, sums) { measured[pair.first.tensor] = sums.signalToNoise }
    let falls = SignalFalls(graph, measured)
    return zip(pairs, sums).map { pair, sums in
      LayerDifference(
        pair: pair, signalToNoise: sums.signalToNoise, meanError: sums.meanError, largestError: sums.largestError,
        cosine: sums.cosine, fall: falls.byTensor[pair.first.tensor])
    }
  }
}

/// How far the signal to noise ratio of results lies below that of their worst operand.
struct SignalFalls {
  private(set) var byTensor: [Int: Double] = [:]

  /// - Parameter measured: dB by tensor. A result that was not measured passes on what its operands have.
  init(_ graph: Subgraph, _ measured: [Int: Double]) {
    var known: [Int: Double] = [:]
    for node in graph.operators {
      let worst = node.inputs.compactMap { $0.flatMap { known[$0] } }.min()
      for output in node.outputs {
        if let worst, let own = measured[output] { byTensor[output] = worst - own }
        known[output] = measured[output] ?? worst
      }
    }
  }
}

/// Sums over the values of a result, and those of another that should be the same.
struct DifferenceSums {
  private var (signal, otherSignal, product, noise): (Double, Double, Double, Double) = (0, 0, 0, 0)
  private var absolute = 0.0
  private var count = 0
  private(set) var largestError = 0.0

  mutating func add(_ values: [Float], _ others: [Float]) {
    for (value, other) in zip(values, others) {
      let (value, other) = (Double(value), Double(other))
      let error = abs(other - value)
      signal += value * value
      otherSignal += other * other
      product += value * other
      noise += error * error
      absolute += error
      largestError = max(largestError, error)
    }
    count += min(values.count, others.count)
  }

  /// In dB.
  var signalToNoise: Double { decibels(signal: signal, noise: noise) }

  var meanError: Double { absolute / Double(max(1, count)) }

  /// 1 where both are zero throughout, which is the same.
  var cosine: Double {
    if signal == 0, otherSignal == 0 { return 1 }
    return signal > 0 && otherSignal > 0 ? product / (signal * otherSignal).squareRoot() : 0
  }
}
