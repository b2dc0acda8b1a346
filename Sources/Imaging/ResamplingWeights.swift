/// Which input pixels make an output pixel of one axis, and with which weights.
///
/// Weights are fixed point with 22 bits, as Pillow has them: with the same weights and the same rounding to 8 bits
/// after each axis our pictures are its pictures, bit for bit, and the models were trained on those.
struct ResamplingWeights: ~Copyable {
  /// Fraction bits of a weight.
  static let fractionBits: Int32 = 22
  /// One half, for rounding sums to the nearest.
  static let half: Int32 = 1 << (fractionBits - 1)

  /// The inputs of one output.
  struct Taps: BitwiseCopyable {
    /// The first input; never falls from one output to the next.
    var first: Int
    /// At least 1.
    var count: Int
    /// Where the weights start.
    var weightIndex: Int
  }

  /// For each output.
  let taps: FixedBuffer<Taps>
  /// The weights of all outputs, one after the other; those of an output sum to about 1 << 22. After the weights of
  /// each stand zeros up to a multiple of `padding`.
  let weights: FixedBuffer<Int32>
  /// The most inputs of one output.
  let tapCountMax: Int

  init(_ filter: InputContract.Filter, from inputCount: Int, to outputCount: Int, padding: Int = 1) {
    var taps: [Taps] = []
    var weights: [Int32] = []
    let scale = Double(inputCount) / Double(outputCount)
    for output in 0..<outputCount {
      var (first, real) = Self.realWeights(filter, output: output, scale: scale, inputCount: inputCount)
      while real.count > 1, real.last == 0 { real.removeLast() }
      first = max(first, taps.last?.first ?? 0)
      taps.append(Taps(first: first, count: real.count, weightIndex: weights.count))
      weights += Self.fixedPoint(real)
      while weights.count % padding != 0 { weights.append(0) }
    }
    tapCountMax = taps.map(\.count).max() ?? 1
    self.taps = FixedBuffer(taps)
    self.weights = FixedBuffer(weights)
  }

  private static func realWeights(
    _ filter: InputContract.Filter, output: Int, scale: Double, inputCount: Int
  ) -> (first: Int, weights: [Double]) {
    let center = (Double(output) + 0.5) * scale
    switch filter {
    case .triangle:
      return triangle(center: center, support: max(scale, 1), inputCount: inputCount)
    case .bilinear:
      let position = center - 0.5
      guard position > 0 else { return (0, [1]) }
      let first = min(Int(position), inputCount - 1)
      guard first + 1 < inputCount else { return (first, [1]) }
      let fraction = position - Double(first)
      return (first, [1 - fraction, fraction])
    case .nearest:
      return (min(Int(center), inputCount - 1), [1])
    }
  }

  /// In the order of Pillow's operations (multiplying by the inverse), so that no weight differs in its last bit.
  private static func triangle(center: Double, support: Double, inputCount: Int) -> (first: Int, weights: [Double]) {
    let first = max(Int(center - support + 0.5), 0)
    let end = min(Int(center + support + 0.5), inputCount)
    let inverse = 1 / support
    let weights = (first..<max(end, first + 1)).map { input in
      max(0, 1 - abs((Double(input) - center + 0.5) * inverse))
    }
    let sum = weights.reduce(0, +)
    return (first, sum == 0 ? weights : weights.map { $0 / sum })
  }

  private static func fixedPoint(_ real: [Double]) -> [Int32] {
    var fixed = real.map { Int32(0.5 + $0 * Double(1 << fractionBits)) }
    // The row loops neither clamp nor check for overflow: 255 everywhere has to give 255. Roundings of the weights
    // could add up to more only with far over 10,000 of them; then the largest gives way.
    let sumMax = (256 << Int(fractionBits)) - 1 - Int(half)
    let excess = fixed.reduce(0) { $0 + Int($1) } - sumMax / 255
    if excess > 0, let largest = fixed.indices.max(by: { fixed[$0] < fixed[$1] }) { fixed[largest] -= Int32(excess) }
    return fixed
  }
}
