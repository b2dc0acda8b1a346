import TFLite

extension OperatorCall {
  /// DEPTHWISE_CONV_2D: pictures [batch, height, width, depth], weights [1, height, width, depth * multiplier].
  ///
  /// The multiplier follows from the shapes; some converters write 0 into the options.
  func depthwiseConvolution2D() throws(ReferenceError) -> [TensorValue] {
    guard case .depthwiseConvolution(let depthwise) = options else { throw malformed("it has no convolution options") }
    let options = depthwise.convolution
    let (input, weights) = (try input(0), try input(1))
    let windows = try slidingWindows(input, weights, options)
    let (depth, results) = (input.shape[3], weights.shape[3])
    guard weights.shape[0] == 1, depth > 0, results > 0, results % depth == 0 else {
      throw malformed("an input of depth \(depth) and weights \(weights.shape)")
    }
    let shape = try checked(windows.outputShape(depth: results))
    switch (input.type, weights.type) {
    case (.float32, .float32):
      let sums = depthwiseSums(windows, input.reals, weights.reals, depth: depth, results: results)
      return [try finishFloatSums(sums, bias: optionalInput(2), shape: shape, options.activation)]
    case (.int8, .int8), (.uint8, .uint8), (.int16, .int8):
      let zeroPoints = (try zeroPoint(input), try weightZeroPoint(weights))
      let sums = depthwiseSums(
        windows, input.integers.map { $0 - zeroPoints.0 }, weights.integers.map { $0 - zeroPoints.1 }, depth: depth,
        results: results)
      return [
        try finishSums(sums, input, weights, bias: optionalInput(2), shape: shape, axis: 3, options.activation)
      ]
    case (.float32, .int8):
      let sums = try dynamicSums(
        input, weights, rows: windows.batches, results: results, axis: 3, isSymmetric: false
      ) { depthwiseSums(windows, $0, $1, depth: depth, results: results) }
      return [try finishFloatSums(sums, bias: optionalInput(2), shape: shape, options.activation)]
    default: throw unsupportedWeights(input, weights)
    }
  }

  private func depthwiseSums<Number: Numeric>(
    _ windows: Windows, _ input: [Number], _ weights: [Number], depth: Int, results: Int
  ) -> [Number] {
    let multiplier = results / depth
    var sums: [Number] = []
    windows.forEachPlace { taps in
      for result in 0..<results {
        var sum = Number.zero
        for tap in taps {
          sum += input[tap.input * depth + result / multiplier] * weights[tap.filter * results + result]
        }
        sums.append(sum)
      }
    }
    return sums
  }
}
