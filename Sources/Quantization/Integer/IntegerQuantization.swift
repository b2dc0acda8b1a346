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

  /// The model.
  public let draft: ModelDraft
  /// What was tried, the best first: that is the one in `draft`.
  public let candidates: [Candidate]
  /// The error of each operator that is int8, the worst signal to noise ratio first.
  public let layers: [LayerError]
  /// Operators that stay float, by name, with how many there are.
  public let floatOperators: [String: Int]
  /// Pairs of layers whose channels were equalised.
  public let equalizedPairCount: Int
  /// Pairs of layers whose channels cannot be equalised because RELU6 stands between them.
  public let boundedPairCount: Int
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
    let activations = draft.main.activations
    let seen = try Calibration(draft, of: activations, samples, stage: .ranges, observer: observer)
    var variants = [CalibratedModel(model: self, calibration: seen, isEqualized: false)]
    if !equalization.pairs.isEmpty {
      var equalized = self
      equalization.apply(to: &equalized.draft.main, seen)
      // Only what lies between two layers of a pair has changed.
      let changed = try Calibration(
        equalized.draft, of: equalization.pairs.map(\.tensor), samples, stage: .equalizedRanges, observer: observer)
      variants.append(
        CalibratedModel(model: equalized, calibration: changed.completed(by: seen), isEqualized: true))
    }
    let ranked = try rank(variants, options, comparison, observer)
    let best = ranked[0]
    let layers = try best.model.layerErrors(best.candidate, options, compared, observer)
    return IntegerModel(
      draft: best.model.integerDraft(best.candidate, options), candidates: ranked.map(\.candidate), layers: layers,
      floatOperators: best.model.floatOperators,
      equalizedPairCount: best.candidate.isEqualized ? equalization.pairs.count : 0,
      boundedPairCount: equalization.boundedCount)
  }

  private typealias Ranked = (model: CalibratedModel, candidate: IntegerModel.Candidate)

  /// Tries all ways and sorts them, the best first.
  private func rank(
    _ variants: [CalibratedModel], _ options: IntegerOptions, _ comparison: OutputComparison<some Samples>,
    _ observer: ProgressObserver
  ) throws(QuantizationError) -> [Ranked] {
    let methods = options.ranges.map { [$0] } ?? RangeMethod.allCases
    let total = variants.count * methods.count + 1
    var ranked: [Ranked] = []
    func attempt(
      _ variant: CalibratedModel, _ method: RangeMethod, isBiasCorrected: Bool
    ) throws(QuantizationError) {
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
    return ranked
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
