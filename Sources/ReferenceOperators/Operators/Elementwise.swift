import FixedPoint
import TFLite

extension OperatorCall {
  /// NEG.
  func negate() throws(ReferenceError) -> [TensorValue] {
    let input = try input(0)
    switch input.type {
    case .float32: return [try result(type: .float32, shape: input.shape, elements: .reals(input.reals.map { -$0 }))]
    case .int32, .int64:
      let values = input.integers.map { input.type == .int32 ? Int(0 &- Int32($0)) : 0 &- $0 }
      return [try result(type: input.type, shape: input.shape, elements: .integers(values))]
    default: throw unsupported("an input of type \(input.type)")
    }
  }

  /// ABS. Quantized: with a new scale where the scales differ.
  func absolute() throws(ReferenceError) -> [TensorValue] {
    let input = try input(0)
    switch input.type {
    case .float32:
      return [try result(type: .float32, shape: input.shape, elements: .reals(input.reals.map { abs($0) }))]
    case .int8, .int16:
      let (from, to) = (try affine(input), try outputAffine(input.type))
      let bounds = try bounds(.none, input.type, to)
      let multiplier = FixedPointMultiplier(real: Double(from.scale / to.scale))
      let values = input.integers.map { step in
        let size = abs(step - from.zeroPoint)
        return bounds.clamp((from.scale == to.scale ? size : multiplier.roundingTwice(size)) + to.zeroPoint)
      }
      return [try result(type: input.type, shape: input.shape, elements: .integers(values))]
    default: throw unsupported("an input of type \(input.type)")
    }
  }

  /// SQRT of floats.
  func squareRoot() throws(ReferenceError) -> [TensorValue] {
    try onFloats { $0.squareRoot() }
  }

  /// RSQRT. In int8 what is not positive has the largest result; the reference kernel gives up below zero.
  func reciprocalSquareRoot() throws(ReferenceError) -> [TensorValue] {
    let input = try input(0)
    guard input.type == .int8 else { return try onFloats { 1 / $0.squareRoot() } }
    let (from, to) = (try affine(input), try outputAffine(.int8))
    let bounds = try bounds(.none, .int8, to)
    let scale = FixedPointMultiplier(real: 1 / Double(from.scale.squareRoot() * to.scale))
    let values = input.integers.map { step in
      let value = step - from.zeroPoint
      guard value > 0 else { return bounds.upper }
      // The inverse has 20 more bits on its way.
      let inverse = fixedPointInverseSquareRoot(Int32(value))
      let fine = FixedPointMultiplier(multiplier: inverse.multiplier, shift: inverse.shift + 20).roundingTwice(1)
      let coarser = FixedPointMultiplier(multiplier: scale.multiplier, shift: scale.shift - 20)
      return bounds.clamp(coarser.roundingTwice(Int(fine)) + to.zeroPoint)
    }
    return [try result(type: .int8, shape: input.shape, elements: .integers(values))]
  }

  private func onFloats(_ transform: (Float) -> Float) throws(ReferenceError) -> [TensorValue] {
    let input = try input(0)
    guard input.type == .float32 else { throw unsupported("an input of type \(input.type)") }
    return [try result(type: .float32, shape: input.shape, elements: .reals(input.reals.map(transform)))]
  }

  /// SQUARED_DIFFERENCE, with broadcasting. Quantized: as SUB, with 7 bits below the unit.
  func squaredDifference() throws(ReferenceError) -> [TensorValue] {
    let (a, b, broadcast) = try pair()
    switch a.type {
    case .float32:
      let values = broadcast.map(a.reals, b.reals) { ($0 - $1) * ($0 - $1) }
      return [try result(type: a.type, shape: broadcast.shape, elements: .reals(values))]
    case .int8:
      let (first, second, output) = (try affine(a), try affine(b), try outputAffine(a.type))
      let bounds = try bounds(.none, a.type, output)
      let twiceLargest = Double(2 * max(first.scale, second.scale))
      let firstMultiplier = FixedPointMultiplier(real: Double(first.scale) / twiceLargest)
      let secondMultiplier = FixedPointMultiplier(real: Double(second.scale) / twiceLargest)
      let outputMultiplier = FixedPointMultiplier(
        real: twiceLargest * twiceLargest / Double(Float(1 << 14) * output.scale))
      let values = broadcast.map(a.integers, b.integers) { x, y in
        let difference =
          firstMultiplier.roundingTwice((x - first.zeroPoint) << 7)
          - secondMultiplier.roundingTwice((y - second.zeroPoint) << 7)
        return bounds.clamp(outputMultiplier.roundingTwice(difference * difference) + output.zeroPoint)
      }
      return [try result(type: a.type, shape: broadcast.shape, elements: .integers(values))]
    default: throw unsupported("operands of type \(a.type)")
    }
  }
}
