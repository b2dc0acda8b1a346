import TFLite

/// How far a result of one version of a model lies from the same result of another, all errors of the layers before it
/// included.
public struct LayerDifference: Sendable {
  /// The two results; the first is what the other is measured against.
  public let pair: LayerCorrespondence.Pair
  /// 10 log10 of the energy of the result over that of the difference, in dB; 200 where there is none. Where channels
  /// are scaled, with that undone.
  public let signalToNoise: Double
  /// The mean absolute difference.
  public let meanError: Double
  /// The greatest absolute difference.
  public let largestError: Double
  /// The cosine of the angle between the two results: 1 where they point the same way.
  public let cosine: Double
  /// Whether the other version has the channels of this result scaled, each by a factor of its own, as equalised weights
  /// leave them: that is no error.
  public let hasScaledChannels: Bool
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
        sums[place].add(
          run.reals(of: pair.first.tensor), otherRun.reals(of: pair.other.tensor), channelCount: pair.channelCount)
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
        cosine: sums.cosine, hasScaledChannels: sums.hasScaledChannels, fall: falls.byTensor[pair.first.tensor])
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

extension LayerCorrespondence.Pair {
  /// The size of the last dimension, where both have the same.
  fileprivate var channelCount: Int {
    guard let count = first.shape.last, count > 0, count == other.shape.last else { return 1 }
    return count
  }
}

/// Sums over the values of a result, and those of another that should be the same.
struct DifferenceSums {
  /// Energies of one channel, and what both have in common.
  private struct Channel {
    var (signal, otherSignal, product) = (0.0, 0.0, 0.0)

    /// What the other's channel is multiplied by, as far as they go together.
    var gain: Double { signal > 0 ? product / signal : 1 }
    /// What no gain explains, in the other's terms.
    var unexplained: Double { max(0, otherSignal - (signal > 0 ? product * product / signal : 0)) }
  }

  private var channels: [Channel] = []
  private var (noise, absolute) = (0.0, 0.0)
  private var count = 0
  private(set) var largestError = 0.0

  mutating func add(_ values: [Float], _ others: [Float], channelCount: Int) {
    if channels.isEmpty { channels = [Channel](repeating: Channel(), count: channelCount) }
    var channel = 0
    for (value, other) in zip(values, others) {
      let (value, other) = (Double(value), Double(other))
      let error = abs(other - value)
      channels[channel].signal += value * value
      channels[channel].otherSignal += other * other
      channels[channel].product += value * other
      channel = channel + 1 == channels.count ? 0 : channel + 1
      noise += error * error
      absolute += error
      largestError = max(largestError, error)
    }
    count += min(values.count, others.count)
  }

  private var signal: Double { channels.map(\.signal).reduce(0, +) }
  private var otherSignal: Double { channels.map(\.otherSignal).reduce(0, +) }

  /// In dB.
  var signalToNoise: Double {
    hasScaledChannels ? unscaledSignalToNoise : decibels(signal: signal, noise: noise)
  }

  /// In dB, with the gain of each channel undone.
  private var unscaledSignalToNoise: Double {
    decibels(signal: otherSignal, noise: channels.map(\.unexplained).reduce(0, +))
  }

  /// Gains of a quarter and more that explain three quarters of the noise are no error.
  var hasScaledChannels: Bool {
    guard channels.count > 1, noise > 0 else { return false }
    let least = signal / Double(channels.count) / 10
    let isScaled = channels.contains { $0.signal > least && !(0.8...1.25).contains($0.gain) }
    return isScaled && unscaledSignalToNoise > decibels(signal: signal, noise: noise) + 6
  }

  var meanError: Double { absolute / Double(max(1, count)) }

  /// 1 where both are zero throughout, which is the same.
  var cosine: Double {
    let (signal, otherSignal) = (signal, otherSignal)
    if signal == 0, otherSignal == 0 { return 1 }
    let product = channels.map(\.product).reduce(0, +)
    return signal > 0 && otherSignal > 0 ? product / (signal * otherSignal).squareRoot() : 0
  }
}
