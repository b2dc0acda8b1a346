import TFLite

/// A model in int8, and how it came about.
public struct IntegerModel: Sendable {
  /// One way to quantize that was tried.
  public struct Candidate: Sendable {
    /// How ranges were chosen.
    public let ranges: RangeMethod
    /// Whether weights were equalised across layers.
    public let isEqualized: Bool
    /// Whether biases make up for the rounding of weights.
    public let isBiasCorrected: Bool
    /// The signal to noise ratio of the model's output, in dB.
    public internal(set) var signalToNoise: Double
  }

  /// What was tried, the best first: that is the one taken.
  public let candidates: [Candidate]
  /// Ways that there was no time to try.
  public let untriedCount: Int
  /// Samples from which ranges were learned.
  public let sampleCount: Int
  /// The error of each operator that is int8, the worst signal to noise ratio first.
  public let layers: [LayerError]
  /// Operators that stay float, by name, with how many there are.
  public let floatOperators: [String: Int]
  /// Pairs of layers whose channels were equalised.
  public let equalizedPairCount: Int
  /// Pairs of layers whose channels cannot be equalised because RELU6 stands between them.
  public let boundedPairCount: Int

  let calibrated: CalibratedModel
  let options: IntegerOptions

  /// The model, with some operators left in float, by their place in the float graph.
  ///
  /// Operators beside each other that both stay float pass float on; the others get int8 as before.
  public func draft(keepingFloat kept: Set<Int> = []) -> ModelDraft {
    calibrated.integerDraft(candidates[0], options, keepingFloat: kept)
  }

  /// What was seen of each activation, in the order of the graph, with the range that int8 has there.
  public func activationBands(keepingFloat kept: Set<Int> = []) -> [ActivationBands] {
    calibrated.activationBands(calibrated.scales(candidates[0], options, keepingFloat: kept))
  }

  /// So many of the worst layers, each followed by those that compute what it reads: rounding its operands is part of its
  /// error, and only goes away where they are float as well.
  public func worstLayers(_ count: Int) -> [Int] {
    var known: Set<Int> = []
    return layers.prefix(count).flatMap { [$0.index] + calibrated.operandLayers(of: $0.index) }
      .filter { known.insert($0).inserted }
  }
}

/// What int8 quantization is asked for.
public struct IntegerOptions: Sendable {
  /// What callers give and get.
  public var edges = Edges.int8
  /// What the least and the greatest value of a picture become in the float input; nil takes what samples show.
  public var inputRange: ClosedRange<Float>?
  /// How ranges are chosen; nil takes what measures best.
  public var ranges: RangeMethod?
  /// Samples on which candidates and layers are measured, at most.
  public var comparisonCount = 48
  /// Whether there is no time left for what a model can be made without: more samples than are needed, other ways to
  /// quantize.
  public var isTimeOver: @Sendable () -> Bool = { false }
  /// How many different values the weights of a layer may have; nil leaves them as they are.
  public var clustering: Clustering?
  /// Whether samples are refused of which the model says the same throughout: they are probably of one class.
  public var requiresDifferentAnswers = false

  /// Makes the defaults.
  public init() {}
}

extension FloatModel {
  /// The model in int8 throughout: weights with a scale for each channel, activations with one for each tensor, biases of
  /// int32; the best, by the error of the output, of several ways to choose them.
  public func quantized(
    _ options: IntegerOptions, calibratedWith samples: some Samples, observer: ProgressObserver
  ) throws(QuantizationError) -> IntegerModel {
    let compared = EvenlySpread(samples, countMax: options.comparisonCount)
    let comparison = try OutputComparison(draft, compared)
    guard !options.requiresDifferentAnswers || comparison.hasDifferentAnswers else {
      throw .poorCalibration(
        "The model says the same of all pictures, so they are probably of one class; give a folder for each class")
    }
    let equalization = Equalization(draft.main)
    let variants = try variants(equalization, options, samples, observer)
    let (ranked, wayCount) = try rank(variants, equalization, options, comparison, observer)
    let best = ranked[0]
    return IntegerModel(
      candidates: ranked.map(\.candidate), untriedCount: wayCount - ranked.count,
      sampleCount: variants[0].calibration.sampleCount,
      layers: try best.model.layerErrors(best.candidate, options, compared, observer),
      floatOperators: best.model.floatOperators,
      equalizedPairCount: best.candidate.isEqualized ? equalization.pairs.count : 0,
      boundedPairCount: equalization.boundedCount, calibrated: best.model, options: options)
  }

  /// The model as it is and, where there are pairs of layers and time for it, with equalised weights.
  private func variants(
    _ equalization: Equalization, _ options: IntegerOptions, _ samples: some Samples, _ observer: ProgressObserver
  ) throws(QuantizationError) -> [CalibratedModel] {
    let seen = try Calibration(
      draft, of: draft.main.activations, samples, leastCount: Calibration.leastSampleCount,
      isTimeOver: options.isTimeOver, stage: .ranges, observer: observer)
    let plain = CalibratedModel(model: self, calibration: seen, isEqualized: false)
    guard !equalization.pairs.isEmpty, !options.isTimeOver() else { return [plain] }
    var equalized = self
    equalization.apply(to: &equalized.draft.main, seen)
    // Only what lies between two layers of a pair has changed.
    let changed = try Calibration(
      equalized.draft, of: equalization.pairs.map(\.tensor), samples, leastCount: 0, isTimeOver: options.isTimeOver,
      stage: .equalizedRanges, observer: observer)
    guard changed.sampleCount == seen.sampleCount else { return [plain] }
    return [
      plain, CalibratedModel(model: equalized, calibration: changed.completed(by: seen), isEqualized: true),
    ]
  }

  private typealias Ranked = (model: CalibratedModel, candidate: IntegerModel.Candidate)

  /// Tries all ways that there is time for, one at least, and sorts them, the best first. Also gives how many there are.
  private func rank(
    _ variants: [CalibratedModel], _ equalization: Equalization, _ options: IntegerOptions,
    _ comparison: OutputComparison<some Samples>, _ observer: ProgressObserver
  ) throws(QuantizationError) -> (ranked: [Ranked], wayCount: Int) {
    let methods = options.ranges.map { [$0] } ?? RangeMethod.allCases
    let total = (equalization.pairs.isEmpty ? 1 : 2) * methods.count + 1
    var ranked: [Ranked] = []
    func attempt(
      _ variant: CalibratedModel, _ method: RangeMethod, isBiasCorrected: Bool
    ) throws(QuantizationError) {
      guard ranked.isEmpty || !options.isTimeOver() else { return }
      try observer(.choice, ranked.count, total)
      var way = IntegerModel.Candidate(
        ranges: method, isEqualized: variant.isEqualized, isBiasCorrected: isBiasCorrected, signalToNoise: 0)
      way.signalToNoise = try comparison.signalToNoise(of: variant, way, options)
      ranked.append((variant, way))
      ranked.sort { $0.candidate.signalToNoise > $1.candidate.signalToNoise }
    }
    for variant in variants {
      for method in methods { try attempt(variant, method, isBiasCorrected: true) }
    }
    try attempt(ranked[0].model, ranked[0].candidate.ranges, isBiasCorrected: false)
    try observer(.choice, total, total)
    return (ranked, total)
  }
}

/// Some of the samples, spread over all of them.
struct EvenlySpread<Base: Samples>: Samples {
  private let base: Base
  let count: Int

  init(_ base: Base, countMax: Int) {
    self.base = base
    count = min(base.count, countMax)
  }

  func fill(_ input: UnsafeMutableRawBufferPointer, with sample: Int) throws(QuantizationError) {
    try base.fill(input, with: sample * base.count / count)
  }
}
