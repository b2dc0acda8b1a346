import FixedPoint
import TFLite

extension OperatorCall {
  /// FULLY_CONNECTED: rows of `depth` elements, weights [results, depth].
  ///
  /// Unlike convolutions it scales its sums in double precision and rounds once.
  func fullyConnected() throws(ReferenceError) -> [TensorValue] {
    guard case .fullyConnected(let options) = options else { throw malformed("it has no options") }
    guard !options.hasShuffledWeights else { throw unsupported("shuffled weights") }
    let (input, weights) = (try input(0), try input(1))
    guard weights.shape.count == 2, weights.shape[1] > 0, input.elements.count % weights.shape[1] == 0 else {
      throw malformed("an input \(input.shape) and weights \(weights.shape)")
    }
    let (results, depth) = (weights.shape[0], weights.shape[1])
    var shape = [input.elements.count / depth, results]
    if options.keepDimensions {
      guard input.shape.last == depth else { throw malformed("an input \(input.shape) and weights \(weights.shape)") }
      shape = input.shape.dropLast() + [results]
    }
    switch (input.type, weights.type) {
    case (.float32, .float32):
      let sums = rowSums(input.reals, weights.reals, depth: depth)
      return [try finishFloatSums(sums, bias: optionalInput(2), shape: shape, options.activation)]
    case (.int8, .int8), (.uint8, .uint8), (.int16, .int8):
      return [try quantizedFullyConnected(input, weights, shape: shape, options.activation)]
    case (.float32, .int8):
      let sums = try dynamicSums(
        input, weights, rows: input.elements.count / depth, results: results, axis: 0,
        isSymmetric: !options.asymmetricQuantizeInputs
      ) { rowSums($0, $1, depth: depth) }
      return [try finishFloatSums(sums, bias: optionalInput(2), shape: shape, options.activation)]
    default: throw unsupportedWeights(input, weights)
    }
  }

  private func quantizedFullyConnected(
    _ input: TensorValue, _ weights: TensorValue, shape: [Int], _ activation: Activation
  ) throws(ReferenceError) -> TensorValue {
    let (results, depth) = (weights.shape[0], weights.shape[1])
    let (from, to) = (try affine(input), try outputAffine(input.type))
    let bounds = try bounds(activation, input.type, to)
    let weightZeroPoint =
      weights.quantization?.isPerAxis == true ? try weightZeroPoint(weights) : try affine(weights).zeroPoint
    let sums = rowSums(
      input.integers.map { $0 - from.zeroPoint }, weights.integers.map { $0 - weightZeroPoint }, depth: depth)
    let biases = try biases(optionalInput(2), count: results)
    let multipliers = try weightScales(weights, count: results, axis: 0).map {
      RealMultiplier(inputScale: from.scale, weightScale: $0, outputScale: to.scale)
    }
    let values = sums.enumerated().map { position, sum in
      let (sum, multiplier) = (sum &+ biases[position % results], multipliers[position % results])
      // int16 has sums of 64 bits.
      let steps =
        input.type == .int16
        ? Int(max(-0x1p31, min(0x1p31 - 1, (Double(sum) * multiplier.real).rounded(.toNearestOrAwayFromZero))))
        : Int(multiplier.roundingOnce(Int32(truncatingIfNeeded: sum)))
      return bounds.clamp(steps + to.zeroPoint)
    }
    return try result(type: input.type, shape: shape, elements: .integers(values))
  }

  /// The product of every row of the input with every row of the weights.
  private func rowSums<Number: Numeric>(
    _ input: [Number], _ weights: [Number], depth: Int
  ) -> [Number] {
    var sums: [Number] = []
    for row in stride(from: 0, to: input.count, by: depth) {
      for weightRow in stride(from: 0, to: weights.count, by: depth) {
        var sum = Number.zero
        for column in 0..<depth { sum += input[row + column] * weights[weightRow + column] }
        sums.append(sum)
      }
    }
    return sums
  }
}
