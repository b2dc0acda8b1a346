import FixedPoint
import TFLite

/// How the integers of one tensor stand for reals, where one scale serves all: `real = scale * (integer - zeroPoint)`.
struct Affine: Equatable {
  let scale: Float
  let zeroPoint: Int
}

/// The least and the largest step of a result. The upper bound wins where they cross, as in the reference kernels.
struct Bounds: Equatable {
  let lower: Int
  let upper: Int

  func clamp(_ value: Int) -> Int { min(max(value, lower), upper) }
}

extension OperatorCall {
  /// Scale and zero point of a quantized operand.
  func affine(_ value: TensorValue) throws(ReferenceError) -> Affine {
    try affine(value.quantization, of: value.name, value.type)
  }

  /// Scale and zero point that the file declares for a result of `type`.
  func outputAffine(_ type: ElementType) throws(ReferenceError) -> Affine {
    guard let output = outputs.first else { throw malformed("it has no result") }
    return try affine(output.quantization, of: output.name, type)
  }

  private func affine(
    _ quantization: Quantization?, of tensor: String, _ type: ElementType
  ) throws(ReferenceError) -> Affine {
    guard let quantization else { throw malformed("tensor '\(tensor)' is \(type) and has no scale") }
    guard !quantization.isPerAxis else { throw unsupported("tensor '\(tensor)' has more than one scale") }
    let zeroPoint = Int(quantization.zeroPoints[0])
    guard type.integerRange?.contains(zeroPoint) ?? false else {
      throw malformed("tensor '\(tensor)' is \(type) with the zero point \(zeroPoint)")
    }
    return Affine(scale: quantization.scales[0], zeroPoint: zeroPoint)
  }

  /// The bounds that a fused activation sets to a quantized result.
  func bounds(
    _ activation: Activation, _ type: ElementType, _ affine: Affine
  ) throws(ReferenceError) -> Bounds {
    guard let range = type.integerRange else { throw unsupported("a quantized result of type \(type)") }
    func step(_ real: Float) -> Int { affine.zeroPoint + roundedToInt32(real / affine.scale) }
    let none = Bounds(lower: range.lowerBound, upper: range.upperBound)
    switch activation {
    case .none: return none
    case .relu: return Bounds(lower: max(none.lower, step(0)), upper: none.upper)
    case .relu6: return Bounds(lower: max(none.lower, step(0)), upper: min(none.upper, step(6)))
    case .reluMinus1To1: return Bounds(lower: max(none.lower, step(-1)), upper: min(none.upper, step(1)))
    case .tanh, .signBit: throw unsupported("the fused activation \(activation)")
    }
  }

  /// A fused activation on a float result.
  func activate(_ values: [Float], _ activation: Activation) throws(ReferenceError) -> [Float] {
    switch activation {
    case .none: return values
    case .relu: return values.map { max($0, 0) }
    case .relu6: return values.map { min(max($0, 0), 6) }
    case .reluMinus1To1: return values.map { min(max($0, -1), 1) }
    case .tanh, .signBit: throw unsupported("the fused activation \(activation)")
    }
  }
}

/// The nearest integer, ties away from zero, held within 32 bits. What is not a number becomes the least.
func roundedToInt32(_ value: Float) -> Int {
  let rounded = value.rounded(.toNearestOrAwayFromZero)
  if rounded.isNaN { return Int(Int32.min) }
  return Int(max(-0x1p31, min(0x1p31 - 1, Double(rounded))))
}

extension FixedPointMultiplier {
  /// `roundingTwice` of the low 32 bits of a sum, as the reference kernels keep their sums in 32 bits.
  func roundingTwice(_ sum: Int) -> Int {
    Int(roundingTwice(Int32(truncatingIfNeeded: sum)))
  }
}
