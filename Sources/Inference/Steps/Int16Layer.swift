import FixedPoint
import TFLite

extension Compiler {
  /// The scale of an int16 operand, whose zero point is 0 wherever the reference kernels take it.
  func int16Scale(of operand: Operand, _ node: Node) throws(CompilationError) -> Float {
    let value = self[operand]
    guard let quantization = value.quantization, quantization.scales.count == 1, quantization.zeroPoints == [0] else {
      throw node.unsupported("\"\(value.name)\" of int16 must have one scale and the zero point 0")
    }
    let scale = quantization.scales[0]
    guard scale.isFinite, scale > 0 else {
      throw node.unsupported("\"\(value.name)\" has the scale \(scale), which must be positive")
    }
    return scale
  }

  /// The range that a fused activation leaves of an int16 result.
  func int16Range(
    _ activation: Activation, scale: Float, _ node: Node
  ) throws(CompilationError) -> ClosedRange<Int32> {
    let real = try floatRange(activation, node)
    func quantized(_ bound: Float) -> Int32 {
      Int32(min(max((bound / scale).rounded(.toNearestOrAwayFromZero), -32768), 32767))
    }
    return quantized(real.lowerBound)...quantized(real.upperBound)
  }

  /// Scales, bias and range of a layer of int16 activations and int8 weights with `channels` results.
  func int16Layer(
    input: Operand, weights: Operand, bias: Operand?, result: Operand, channels: Int, activation: Activation,
    isProduct: Bool, _ node: Node
  ) throws(CompilationError) -> SumRequantization {
    let value = self[weights]
    guard let quantization = value.quantization, [1, channels].contains(quantization.scales.count),
      quantization.commonZeroPoint == 0
    else {
      throw node.unsupported(
        "the weights must have one scale, or one for each of \(channels) results, and no zero point")
    }
    guard quantization.scales.allSatisfy({ $0.isFinite && $0 >= 0 }) else {
      throw node.unsupported("a scale of the weights is negative or not finite")
    }
    let (from, to) = (try int16Scale(of: input, node), try int16Scale(of: result, node))
    let isWide = bias.map { self[$0].type } != .int32
    var multipliers: [FixedPointMultiplier] = []
    var reals: [RealMultiplier] = []
    for channel in 0..<channels {
      let scale = quantization.scales[quantization.scales.count == 1 ? 0 : channel]
      let real = RealMultiplier(inputScale: from, weightScale: scale, outputScale: to)
      guard real.real.isFinite else {
        throw node.unsupported("the scales of its operands make the factor \(real.real)")
      }
      if isProduct { reals.append(real) } else { multipliers.append(try multiplier(real.real, node)) }
    }
    return SumRequantization(
      bias: try int16Biases(bias, channels: channels, node),
      rescaling: isProduct ? .real(reals) : isWide ? .shortened(multipliers) : .twice(multipliers),
      range: try int16Range(activation, scale: to, node))
  }

  /// The biases of int16 layers: int64, or int32.
  private func int16Biases(_ bias: Operand?, channels: Int, _ node: Node) throws(CompilationError) -> [Int64] {
    guard let bias else { return [Int64](repeating: 0, count: channels) }
    let elements: [Int64]? =
      switch self[bias].type {
      case .int64: try constantElements(of: bias, as: Int64.self, node)
      case .int32: try constantElements(of: bias, as: Int32.self, node)?.map(Int64.init)
      default: throw node.unsupported("the bias is of \(self[bias].type) where int64 or int32 is wanted")
      }
    guard let elements else {
      throw node.unsupported("the bias is computed while the model runs; it must be constant here")
    }
    try node.check(elements.count == channels, "the bias has \(elements.count) values for \(channels) results")
    return elements
  }
}
