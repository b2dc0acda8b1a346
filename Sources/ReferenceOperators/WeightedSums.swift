import FixedPoint
import TFLite

// What convolutions and matrix products share: zero points, biases, and the way from sums to results.
extension OperatorCall {
  /// The zero point of a quantized operand; 0 where the file gives none.
  func zeroPoint(_ value: TensorValue) throws(ReferenceError) -> Int {
    try affine(value).zeroPoint
  }

  /// The zero point of weights: one of their own in legacy uint8, none where each channel has its scale.
  func weightZeroPoint(_ weights: TensorValue) throws(ReferenceError) -> Int {
    guard let quantization = weights.quantization else { throw malformed("the weights have no scale") }
    if weights.type == .uint8 { return try affine(weights).zeroPoint }
    guard quantization.zeroPoints.allSatisfy({ $0 == 0 }) else {
      throw unsupported("int8 weights '\(weights.name)' with a zero point that is not 0")
    }
    return 0
  }

  /// Why weights of that type are not computed with.
  func unsupportedWeights(_ input: TensorValue, _ weights: TensorValue) -> ReferenceError {
    unsupported("\(input.type) input with \(weights.type) weights")
  }

  /// The biases of `count` results; zeros where there are none.
  func biases(_ bias: TensorValue?, count: Int) throws(ReferenceError) -> [Int] {
    guard let bias else { return Array(repeating: 0, count: count) }
    guard bias.type == .int32 || bias.type == .int64, bias.integers.count == count else {
      throw malformed("a bias of \(bias.summary) for \(count) results, int32 or int64 is needed")
    }
    return bias.integers
  }

  /// Adds the biases of the last dimension and applies the activation.
  func finishFloatSums(
    _ sums: [Float], bias: TensorValue?, shape: [Int], _ activation: Activation
  ) throws(ReferenceError) -> TensorValue {
    let depth = shape.last ?? 1
    let biases = bias?.reals ?? Array(repeating: 0, count: depth)
    guard biases.count == depth else { throw malformed("a bias of \(bias?.summary ?? "") for \(depth) results") }
    let values = sums.enumerated().map { $1 + biases[$0 % depth] }
    return try result(type: .float32, shape: shape, elements: .reals(try activate(values, activation)))
  }

  /// From sums of products to a result of a convolution: bias, scale with two roundings, zero point, activation.
  ///
  /// - Parameter axis: the dimension of the weights that the results run along.
  func finishSums(
    _ sums: [Int], _ input: TensorValue, _ weights: TensorValue, bias: TensorValue?, shape: [Int], axis: Int,
    _ activation: Activation
  ) throws(ReferenceError) -> TensorValue {
    let depth = shape[shape.count - 1]
    let output = try outputAffine(input.type)
    let bounds = try bounds(activation, input.type, output)
    let biases = try biases(bias, count: depth)
    let multipliers = try channelMultipliers(input, weights, output, count: depth, axis: axis)
    // int16 has sums of 64 bits and a shorter multiplier, unless its bias is int32.
    let isWide = input.type == .int16 && bias?.type != .int32
    let values = sums.enumerated().map { position, sum in
      let (multiplier, total) = (multipliers[position % depth], sum &+ biases[position % depth])
      let steps = isWide ? Int(multiplier.roundingOnceShortened(Int64(total))) : multiplier.roundingTwice(total)
      return bounds.clamp(steps + output.zeroPoint)
    }
    return try result(type: input.type, shape: shape, elements: .integers(values))
  }

  /// One multiplier for each channel of the result.
  ///
  /// Legacy uint8 multiplies the scales of input and weights in single precision, int8 in double precision.
  private func channelMultipliers(
    _ input: TensorValue, _ weights: TensorValue, _ output: Affine, count: Int, axis: Int
  ) throws(ReferenceError) -> [FixedPointMultiplier] {
    let inputScale = try affine(input).scale
    if input.type == .uint8 {
      let real = Double(inputScale * (try affine(weights).scale)) / Double(output.scale)
      return Array(repeating: FixedPointMultiplier(real: real), count: count)
    }
    return try weightScales(weights, count: count, axis: axis).map {
      FixedPointMultiplier(real: Double(inputScale) * Double($0) / Double(output.scale))
    }
  }

  /// The scale of the weights of each of `count` results.
  func weightScales(_ weights: TensorValue, count: Int, axis: Int) throws(ReferenceError) -> [Float] {
    guard let quantization = weights.quantization else { throw malformed("the weights have no scale") }
    guard quantization.isPerAxis else { return Array(repeating: quantization.scales[0], count: count) }
    guard quantization.axis == axis, quantization.scales.count == count else {
      throw malformed(
        "the weights have \(quantization.scales.count) scales along dimension \(quantization.axis), "
          + "\(count) along dimension \(axis) are needed")
    }
    return quantization.scales
  }
}
