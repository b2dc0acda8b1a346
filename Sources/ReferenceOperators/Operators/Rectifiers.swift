import FixedPoint
import TFLite

extension OperatorCall {
  /// RELU, RELU6 and RELU_N1_TO_1. Quantized: with a new scale.
  func rectify(_ activation: Activation) throws(ReferenceError) -> [TensorValue] {
    let input = try input(0)
    switch input.type {
    case .float32:
      return [
        try result(type: .float32, shape: input.shape, elements: .reals(try activate(input.reals, activation)))
      ]
    case .int8, .uint8, .int16:
      let (from, to) = (try affine(input), try outputAffine(input.type))
      let bounds = try bounds(activation, input.type, to)
      let multiplier = FixedPointMultiplier(real: Double(from.scale / to.scale))
      let values = input.integers.map {
        bounds.clamp(multiplier.roundingTwice($0 - from.zeroPoint) + to.zeroPoint)
      }
      return [try result(type: input.type, shape: input.shape, elements: .integers(values))]
    default: throw unsupported("an input of type \(input.type)")
    }
  }

  /// LEAKY_RELU. Quantized: a multiplier for each of the two slopes, worked out in single precision.
  func leakyRectify() throws(ReferenceError) -> [TensorValue] {
    guard case .leakyRelu(let alpha) = options else { throw malformed("it has no options") }
    let input = try input(0)
    switch input.type {
    case .float32:
      let values = input.reals.map { $0 > 0 ? $0 : $0 * alpha }
      return [try result(type: .float32, shape: input.shape, elements: .reals(values))]
    case .int8, .uint8, .int16:
      let (from, to) = (try affine(input), try outputAffine(input.type))
      let bounds = try bounds(.none, input.type, to)
      let identity = FixedPointMultiplier(real: Double(from.scale / to.scale))
      // A negative slope is the positive one with its sign turned afterwards.
      let slope = FixedPointMultiplier(real: Double(from.scale * abs(alpha) / to.scale))
      let sign = alpha < 0 ? -1 : 1
      let values = input.integers.map { step in
        let x = step - from.zeroPoint
        let y = x >= 0 ? identity.roundingTwice(x) : sign * slope.roundingTwice(x)
        return bounds.clamp(y + to.zeroPoint)
      }
      return [try result(type: input.type, shape: input.shape, elements: .integers(values))]
    default: throw unsupported("an input of type \(input.type)")
    }
  }

  /// PRELU: a slope for each element, with broadcasting of the slopes.
  func parametricRectify() throws(ReferenceError) -> [TensorValue] {
    let (input, slopes, broadcast) = try pair()
    guard broadcast.shape == input.shape else {
      throw malformed("slopes \(slopes.shape) for an input \(input.shape)")
    }
    switch input.type {
    case .float32:
      let values = broadcast.map(input.reals, slopes.reals) { $0 >= 0 ? $0 : $0 * $1 }
      return [try result(type: .float32, shape: input.shape, elements: .reals(values))]
    case .int8, .uint8:
      let (from, slope, to) = (try affine(input), try affine(slopes), try outputAffine(input.type))
      let bounds = try bounds(.none, input.type, to)
      let identity = FixedPointMultiplier(real: Double(from.scale / to.scale))
      let product = FixedPointMultiplier(real: Double(from.scale * slope.scale / to.scale))
      let values = broadcast.map(input.integers, slopes.integers) { step, alpha in
        let x = step - from.zeroPoint
        let y = x >= 0 ? identity.roundingTwice(x) : product.roundingTwice(x * (alpha - slope.zeroPoint))
        return bounds.clamp(y + to.zeroPoint)
      }
      return [try result(type: input.type, shape: input.shape, elements: .integers(values))]
    default: throw unsupported("an input of type \(input.type)")
    }
  }
}
