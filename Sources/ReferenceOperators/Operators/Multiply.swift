import FixedPoint
import TFLite

extension OperatorCall {
  /// MUL, with broadcasting.
  func multiply() throws(ReferenceError) -> [TensorValue] {
    let (a, b, broadcast) = try pair()
    let activation = try fusedActivation()
    switch a.type {
    case .float32:
      let values = try activate(broadcast.map(a.reals, b.reals) { $0 * $1 }, activation)
      return [try result(type: a.type, shape: broadcast.shape, elements: .reals(values))]
    case .int8, .uint8, .int16:
      let (first, second, output) = (try affine(a), try affine(b), try outputAffine(a.type))
      let bounds = try bounds(activation, a.type, output)
      // The reference works the factor out in single precision.
      let multiplier = FixedPointMultiplier(real: Double(first.scale * second.scale / output.scale))
      let values = broadcast.map(a.integers, b.integers) { x, y in
        bounds.clamp(
          multiplier.roundingTwice((x - first.zeroPoint) * (y - second.zeroPoint)) + output.zeroPoint)
      }
      return [try result(type: a.type, shape: broadcast.shape, elements: .integers(values))]
    case .int32, .int64: return [try wrappingResult(a, b, broadcast, activation) { $0 &* $1 }]
    default: throw unsupported("operands of type \(a.type)")
    }
  }
}
