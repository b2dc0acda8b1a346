import FixedPoint
import TFLite

extension OperatorCall {
  /// HARD_SWISH: x * min(6, max(0, x + 3)) / 6. Quantized: in 16-bit fixed point.
  func hardSwish() throws(ReferenceError) -> [TensorValue] {
    let input = try input(0)
    switch input.type {
    case .float32:
      let values = input.reals.map { $0 * min(6, max(0, $0 + 3)) / 6 }
      return [try result(type: .float32, shape: input.shape, elements: .reals(values))]
    case .int8, .uint8:
      let swish = try QuantizedHardSwish(self, try affine(input), try outputAffine(input.type), input.type)
      let values = input.integers.map { swish.apply($0) }
      return [try result(type: input.type, shape: input.shape, elements: .integers(values))]
    default: throw unsupported("an input of type \(input.type)")
    }
  }
}

/// HARD_SWISH on 8 bits, step by step in 16 bits as the reference does it.
private struct QuantizedHardSwish {
  let input: Affine
  let output: Affine
  /// From the input, shifted left by 7, to the result's scale.
  let outputMultiplier: FixedPointMultiplier
  /// From the input, shifted left by 7, to a scale on which 3 is 2^15.
  let gateMultiplier: FixedPointMultiplier
  let bounds: Bounds

  init(_ call: OperatorCall, _ input: Affine, _ output: Affine, _ type: ElementType) throws(ReferenceError) {
    (self.input, self.output) = (input, output)
    let fineScale = (1 / 128 as Float) * input.scale
    outputMultiplier = FixedPointMultiplier(real: Double(fineScale / output.scale))
    gateMultiplier = FixedPointMultiplier(real: Double(fineScale / (3 / 32768 as Float)))
    guard outputMultiplier.shift <= 0 else {
      throw call.malformed("an input scale \(input.scale) that is more than 128 times the result's \(output.scale)")
    }
    bounds = try call.bounds(.none, type, output)
  }

  func apply(_ step: Int) -> Int {
    let x = Int16(step - input.zeroPoint) * 128
    let scaled = roundingDoublingHighMultiply(x, outputMultiplier.shortened)
    let product = Int16(Int32(gate(x)) * Int32(scaled) / (1 << 15))
    return bounds.clamp(Int(roundingRightShift(product, by: -outputMultiplier.shift)) + output.zeroPoint)
  }

  /// The factor (x + 3) / 6 held within 0...1, in 15 bits.
  private func gate(_ x: Int16) -> Int16 {
    let shift = gateMultiplier.shift
    // All but one of the shifts to the left come before the product: what saturates here saturates there anyway.
    var gate = shift > 0 ? saturatingLeftShift(x, by: shift - 1) : x
    gate = roundingDoublingHighMultiply(gate, gateMultiplier.shortened)
    if shift > 0 { gate = saturatingLeftShift(gate, by: 1) }
    if shift < 0 { gate = roundingRightShift(gate, by: -shift) }
    return Int16((Int32(gate) + (1 << 15)) >> 1)
  }
}
