import FixedPoint
import TFLite

extension OperatorCall {
  /// DIV, with broadcasting. A quantized divisor that stands for zero is an error, as in the reference.
  func divide() throws(ReferenceError) -> [TensorValue] {
    let (a, b, broadcast) = try pair()
    let activation = try fusedActivation()
    switch a.type {
    case .float32:
      let values = try activate(broadcast.map(a.reals, b.reals) { $0 / $1 }, activation)
      return [try result(type: a.type, shape: broadcast.shape, elements: .reals(values))]
    case .int8, .uint8:
      let (first, second, output) = (try affine(a), try affine(b), try outputAffine(a.type))
      guard !b.integers.contains(second.zeroPoint) else { throw malformed("a division by zero") }
      let bounds = try bounds(activation, a.type, output)
      let multiplier = FixedPointMultiplier(real: Double(first.scale / (second.scale * output.scale)))
      let values = broadcast.map(a.integers, b.integers) { x, y in
        bounds.clamp(quotient(x - first.zeroPoint, y - second.zeroPoint, multiplier) + output.zeroPoint)
      }
      return [try result(type: a.type, shape: broadcast.shape, elements: .integers(values))]
    case .int32:
      guard !b.integers.contains(0) else { throw malformed("a division by zero") }
      return [try wrappingResult(a, b, broadcast, activation) { $0 / $1 }]
    default: throw unsupported("operands of type \(a.type)")
    }
  }

  /// `x / y * multiplier`, by the reciprocal of `y` and with as many bits of `x` as 32 hold.
  ///
  /// Quotients below about 1/4 need a shift by more than 31 bits. That is undefined in the reference kernel, which then
  /// gives anything on x86-64; here they are the 0 that they round to.
  private func quotient(_ x: Int, _ y: Int, _ multiplier: FixedPointMultiplier) -> Int {
    let numerator = Int32(y < 0 ? -x : x)
    let (reciprocal, bitsOverUnit) = fixedPointReciprocal(UInt32(abs(y)), integerBits: 31)
    // Bits above the number that only repeat its sign.
    let headroom = Int32((numerator < 0 ? ~numerator : numerator).leadingZeroBitCount - 1)
    let unscaled = FixedPointMultiplier(multiplier: reciprocal, shift: headroom).roundingTwice(numerator)
    let shift = multiplier.shift - Int32(bitsOverUnit) - headroom
    return Int(
      FixedPointMultiplier(multiplier: multiplier.multiplier, shift: max(shift, -62)).roundingTwice(unscaled))
  }
}
