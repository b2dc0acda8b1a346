import FixedPoint
import TFLite

/// Scales and ranges.
extension Compiler {
  /// The one scale and zero point of an int8 operand.
  func affine(of operand: Operand, _ node: Node) throws(CompilationError) -> Affine {
    let value = self[operand]
    guard let quantization = value.quantization, quantization.scales.count == 1,
      let zeroPoint = quantization.commonZeroPoint
    else {
      throw node.unsupported("\"\(value.name)\" must have one scale and one zero point")
    }
    let scale = quantization.scales[0]
    guard scale.isFinite, scale > 0 else {
      throw node.unsupported("\"\(value.name)\" has the scale \(scale), which must be positive")
    }
    guard let zeroPoint = Int8(exactly: zeroPoint) else {
      throw node.unsupported("\"\(value.name)\" has a zero point outside the range of its type")
    }
    return Affine(scale: scale, zeroPoint: Int32(zeroPoint))
  }

  /// The range that a fused activation leaves of an int8 result.
  func activationRange(
    _ activation: Activation, of result: Affine, _ node: Node
  ) throws(CompilationError) -> ClosedRange<Int32> {
    func quantized(_ real: Float) -> Int32 {
      let steps = (real / result.scale).rounded(.toNearestOrAwayFromZero)
      // Beyond this the zero point changes nothing any more.
      return result.zeroPoint + Int32(min(max(steps, -65536), 65536))
    }
    var range: ClosedRange<Int32> = -128...127
    switch activation {
    case .none: break
    case .relu: range = max(-128, quantized(0))...127
    case .relu6: range = max(-128, quantized(0))...max(max(-128, quantized(0)), min(127, quantized(6)))
    case .reluMinus1To1:
      range = max(-128, quantized(-1))...max(max(-128, quantized(-1)), min(127, quantized(1)))
    case .tanh, .signBit: throw node.unsupported("the fused activation \(activation) is not computed here")
    }
    return range
  }

  /// The range that a fused activation leaves of a float result.
  func floatRange(_ activation: Activation, _ node: Node) throws(CompilationError) -> ClosedRange<Float> {
    switch activation {
    case .none: return -Float.infinity...Float.infinity
    case .relu: return 0...Float.infinity
    case .relu6: return 0...6
    case .reluMinus1To1: return -1...1
    case .tanh, .signBit: throw node.unsupported("the fused activation \(activation) is not computed here")
    }
  }

  /// The multiplier for a real factor made of checked scales.
  func multiplier(_ real: Double, _ node: Node) throws(CompilationError) -> FixedPointMultiplier {
    let result = FixedPointMultiplier(real: real)
    // 2^30 and more: the reference kernels shift everything out.
    guard real.isFinite, result.shift <= 30 else {
      throw node.unsupported("the scales of its operands differ by the factor \(real), which is too much")
    }
    return result
  }
}
