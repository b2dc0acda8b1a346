import TFLite

/// How often values lie in bands of equal width.
public struct BandCounts: Sendable, Equatable {
  /// From the lower end of the first band to the upper end of the last.
  public let range: ClosedRange<Float>
  /// For each band, from the lower end to the upper.
  public private(set) var counts: [Int]

  init(range: ClosedRange<Float>, bandCount: Int) {
    self.range = range
    counts = [Int](repeating: 0, count: bandCount)
  }

  /// Counts a value; what lies outside goes into the first or the last band.
  mutating func add(_ value: Float, times: Int = 1) {
    let width = range.upperBound - range.lowerBound
    guard value.isFinite, width > 0 else { return }
    let place = ((value - range.lowerBound) / width * Float(counts.count)).rounded(.down)
    counts[Int(max(0, min(Float(counts.count - 1), place)))] += times
  }
}

/// What became of the weights of a layer.
public struct WeightHistogram: Sendable {
  /// The operator's place in the float graph.
  public let index: Int
  /// The schema's name, for example "CONV_2D".
  public let operatorName: String
  /// The name of the layer's result.
  public let resultName: String
  /// The float weights.
  public let before: BandCounts
  /// What the weights of the other model stand for, in the same bands.
  public let after: BandCounts
  /// The levels of int8 weights; nil for others.
  public let levels: BandCounts?
}

/// What was seen of the values of a layer's result.
public struct ActivationBands: Sendable {
  /// The operator's place in the float graph; nil for an input.
  public let index: Int?
  /// The schema's name; empty for an input.
  public let operatorName: String
  /// The name of the result.
  public let resultName: String
  /// From the least to the greatest value that was seen, without zeros.
  public let values: BandCounts
  /// The share of values that are 0.
  public let zeroShare: Double
  /// What the int8 values reach from and to.
  public let chosen: ClosedRange<Float>
}

extension FloatModel {
  private static let bandCount = 48

  /// The weights of all layers whose weights are others in a model that was made of this one.
  public func weightHistograms(in small: ModelDraft) -> [WeightHistogram] {
    var layers: [String: OperatorDraft] = [:]
    for node in small.main.operators where node.weightAxis != nil {
      if let result = node.outputs.first { layers[small.main.tensors[result].name] = node }
    }
    let producers = small.main.producers
    return draft.main.operators.enumerated().compactMap { index, node in
      guard node.weightAxis != nil, let result = node.outputs.first, let before = draft.main.floats(node, 1),
        let layer = layers[draft.main.tensors[result].name],
        let after = small.main.weights(of: layer, producers), after.reals.count == before.count,
        after.levels != nil || after.reals != before
      else { return nil }
      let largest = (before + after.reals).map(abs).filter(\.isFinite).max() ?? 0
      func bands(_ values: [Float]) -> BandCounts {
        var counts = BandCounts(range: -largest...largest, bandCount: Self.bandCount)
        for value in values { counts.add(value) }
        return counts
      }
      return WeightHistogram(
        index: index, operatorName: node.code.name, resultName: draft.main.tensors[result].name, before: bands(before),
        after: bands(after.reals), levels: after.levels)
    }
  }
}

extension GraphDraft {
  /// The weights of a layer in int8, float32, or float16 behind a DEQUANTIZE; nil where they are none of these.
  fileprivate func weights(
    of node: OperatorDraft, _ producers: [Int?]
  ) -> (reals: [Float], levels: BandCounts?)? {
    guard let weights = storedWeights(of: node, producers) else { return nil }
    if let floats = weights.floats { return (floats, nil) }
    guard let constant = weights.constant, let shape = weights.shape else { return nil }
    if weights.type == .float16, constant.range.count == 2 * weights.elementCount {
      let reals = constant.source.withUnsafeBytes(in: constant.range) { bytes in
        (0..<bytes.count / 2).map {
          Float(Float16(bitPattern: bytes.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self)))
        }
      }
      return (reals, nil)
    }
    guard weights.type == .int8, let quantization = weights.quantization, constant.range.count == weights.elementCount
    else { return nil }
    let values = constant.bytes.map { Int8(bitPattern: $0) }
    var levels = BandCounts(range: -128...128, bandCount: 64)
    for value in values { levels.add(Float(value)) }
    var reals = [Float](repeating: 0, count: values.count)
    let scales = quantization.scales
    let layout = ChannelLayout(shape: shape, axis: quantization.isPerAxis ? quantization.axis : 0)
    layout.forEach { reals[$0] = Float(values[$0]) * scales[scales.count > 1 ? $1 : 0] }
    return (reals, levels)
  }
}

extension ActivationHistogram {
  /// The values other than 0 in fewer bands, between the least and the greatest that was seen.
  func bands(_ bandCount: Int) -> BandCounts {
    // Values that are all the same are shown beside 0.
    let range = low < high ? low...high : min(low, 0)...max(high, 0)
    var bands = BandCounts(range: range, bandCount: bandCount)
    // Zeros lie in the bin that begins at 0.
    let zeroBin = counts.count / 2
    for (bin, count) in counts.enumerated() {
      let rest = bin == zeroBin ? count - min(count, zeroCount) : count
      if rest > 0 { bands.add(Float(center(bin)), times: Int(rest)) }
    }
    return bands
  }

  var zeroShare: Double {
    let total = counts.reduce(0, +)
    return total > 0 ? Double(zeroCount) / Double(total) : 0
  }
}

extension CalibratedModel {
  private static let bandCount = 48

  /// What was seen of each activation, with the range that was chosen for it, in the order of the graph.
  func activationBands(_ scales: ActivationScales) -> [ActivationBands] {
    let graph = model.draft.main
    let results =
      graph.inputs.map { (index: Int?.none, name: "", tensor: $0) }
      + graph.operators.enumerated().flatMap { index, node in
        node.outputs.map { (index: Int?.some(index), name: node.code.name, tensor: $0) }
      }
    return results.compactMap { index, name, tensor in
      guard let histogram = calibration.activations[tensor]?.histogram, histogram.low <= histogram.high else {
        return nil
      }
      return ActivationBands(
        index: index, operatorName: name, resultName: graph.tensors[tensor].name,
        values: histogram.bands(Self.bandCount), zeroShare: histogram.zeroShare,
        chosen: scales.quantization(of: tensor).int8Range)
    }
  }
}

extension Quantization {
  /// What -128 and 127 stand for.
  var int8Range: ClosedRange<Float> {
    let (scale, zeroPoint) = (scales[0], Float(zeroPoints[0]))
    return (-128 - zeroPoint) * scale...(127 - zeroPoint) * scale
  }
}
