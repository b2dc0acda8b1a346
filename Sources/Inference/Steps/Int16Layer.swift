import CKernels
import FixedPoint
import TFLite

/// How the exact 64-bit sums of a layer become int16.
///
/// The bias decides how the reference kernels scale: with one of int64 the multiplier is cut to 16 bits and rounded
/// once; with one of int32 the sums have 32 bits and are rounded twice, as in int8. FULLY_CONNECTED scales real
/// numbers in either case.
struct Int16Requantization: Sendable {
  /// What takes a sum to steps of the result.
  enum Rescaling: Sendable {
    case shortened([FixedPointMultiplier])
    case twice([FixedPointMultiplier])
    case real([RealMultiplier])
  }

  /// One entry a result channel.
  let bias: [Int64]
  let rescaling: Rescaling
  let range: ClosedRange<Int32>

  /// Writes the results of `sums`, which belong to the channels from `first` on.
  func write(_ sums: UnsafePointer<Int64>, to result: UnsafeMutablePointer<Int16>, first: Int, count: Int) {
    for index in 0..<count {
      let channel = first + index
      let sum = sums[index] &+ bias[channel]
      let steps =
        switch rescaling {
        case .shortened(let multipliers): multipliers[channel].roundingOnceShortened(sum)
        case .twice(let multipliers): multipliers[channel].roundingTwice(Int32(truncatingIfNeeded: sum))
        case .real(let multipliers): multipliers[channel].roundingOnce(sum)
        }
      result[index] = Int16(truncatingIfNeeded: min(max(steps, range.lowerBound), range.upperBound))
    }
  }
}

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
  ) throws(CompilationError) -> Int16Requantization {
    let value = self[weights]
    guard let quantization = value.quantization, [1, channels].contains(quantization.scales.count),
      quantization.zeroPoints.allSatisfy({ $0 == 0 })
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
    return Int16Requantization(
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

extension RealMultiplier {
  /// `x * real`, ties away from zero; held within 32 bits, and zero where the factor is not a number.
  func roundingOnce(_ x: Int64) -> Int32 {
    let product = (Double(x) * real).rounded(.toNearestOrAwayFromZero)
    if product.isNaN { return 0 }
    return Int32(max(Double(Int32.min), min(Double(Int32.max), product)))
  }
}
