import FixedPoint
import TFLite

extension OperatorCall {
  /// L2_NORMALIZATION: rows of length 1. Quantized: in steps of 1/128, by a fixed-point inverse square root.
  func l2Normalization() throws(ReferenceError) -> [TensorValue] {
    let input = try input(0)
    guard let depth = input.shape.last, depth > 0 else { throw malformed("an input \(input.shape)") }
    switch input.type {
    case .float32:
      let values = rows(of: input.reals, depth).flatMap { row in
        let length = max(row.reduce(0) { $0 + $1 * $1 }.squareRoot(), 1e-6)
        return row.map { $0 / length }
      }
      return [try result(type: .float32, shape: input.shape, elements: .reals(values))]
    case .int8, .uint8:
      let (from, to) = (try affine(input), try outputAffine(input.type))
      guard to == Affine(scale: 1 / 128, zeroPoint: input.type == .int8 ? 0 : 128) else {
        throw malformed("a result with the scale \(to.scale) and the zero point \(to.zeroPoint)")
      }
      let bounds = try bounds(.none, input.type, to)
      let values = rows(of: input.integers.map { $0 - from.zeroPoint }, depth).flatMap { row in
        let inverse = fixedPointInverseSquareRoot(Int32(truncatingIfNeeded: row.reduce(0) { $0 + $1 * $1 }))
        // int8 has the 128 in the multiplier, uint8 in the value.
        let scale =
          input.type == .uint8
          ? inverse : FixedPointMultiplier(multiplier: inverse.multiplier, shift: inverse.shift + 7)
        return row.map { bounds.clamp(scale.roundingTwice(input.type == .uint8 ? 128 * $0 : $0) + to.zeroPoint) }
      }
      return [try result(type: input.type, shape: input.shape, elements: .integers(values))]
    default: throw unsupported("an input of type \(input.type)")
    }
  }
}
