import FixedPoint
import TFLite

extension OperatorCall {
  /// QUANTIZE: floats to steps, or steps of one scale to steps of another. The type is the one declared.
  func quantize() throws(ReferenceError) -> [TensorValue] {
    let input = try input(0)
    guard let type = outputs.first?.type, [.int8, .uint8, .int16, .int32].contains(type) else {
      throw unsupported("a result of type \(outputs.first?.type ?? .float32)")
    }
    let to = try outputAffine(type)
    let bounds = try bounds(.none, type, to)
    let values: [Int]
    switch input.type {
    case .float32:
      values = input.reals.map { bounds.clamp(roundedToInt32($0 / to.scale) + to.zeroPoint) }
    case .int8, .uint8, .int16:
      let from = try affine(input)
      let multiplier = FixedPointMultiplier(real: Double(from.scale) / Double(to.scale))
      values = input.integers.map { bounds.clamp(multiplier.roundingTwice($0 - from.zeroPoint) + to.zeroPoint) }
    default: throw unsupported("an input of type \(input.type)")
    }
    return [try result(type: type, shape: input.shape, elements: .integers(values))]
  }

  /// DEQUANTIZE: steps to floats, with one scale or one for each index along a dimension; half precision to single.
  func dequantize() throws(ReferenceError) -> [TensorValue] {
    let input = try input(0)
    if input.type == .float16 {
      return [try result(type: .float32, shape: input.shape, elements: input.elements)]
    }
    guard input.isQuantized else { throw unsupported("an input of type \(input.type)") }
    guard let quantization = input.quantization else { throw malformed("tensor '\(input.name)' has no scale") }
    let reach = quantization.isPerAxis ? strides(of: input.shape)[quantization.axis] : 1
    let values = input.integers.enumerated().map { position, step in
      let channel = position / reach % quantization.scales.count
      // The product in double precision: 24 bits of a scale and 16 of a step may not fit a float.
      return Float(Double(quantization.scales[channel]) * Double(step - Int(quantization.zeroPoints[channel])))
    }
    return [try result(type: .float32, shape: input.shape, elements: .reals(values))]
  }

  /// DENSIFY: constants are made dense when they are read, so that nothing is left to do.
  func densify() throws(ReferenceError) -> [TensorValue] {
    let input = try input(0)
    return [
      TensorValue(
        name: input.name, type: input.type, shape: input.shape,
        quantization: outputs.first?.quantization ?? input.quantization, elements: input.elements)
    ]
  }
}
