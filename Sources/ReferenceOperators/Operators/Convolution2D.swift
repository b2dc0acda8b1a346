import FixedPoint
import TFLite

extension OperatorCall {
  /// CONV_2D: pictures [batch, height, width, depth], weights [result depth, height, width, group depth].
  ///
  /// With fewer weights than channels in depth the channels fall into groups, each with its share of the results.
  func convolution2D() throws(ReferenceError) -> [TensorValue] {
    guard case .convolution(let options) = options else { throw malformed("it has no convolution options") }
    let (input, weights) = (try input(0), try input(1))
    let windows = try slidingWindows(input, weights, options)
    let (depth, groupDepth, results) = (input.shape[3], weights.shape[3], weights.shape[0])
    guard groupDepth > 0, depth % groupDepth == 0, results % (depth / groupDepth) == 0 else {
      throw malformed("an input of depth \(depth) and weights \(weights.shape)")
    }
    let shape = try checked(windows.outputShape(depth: results))
    let layout = ConvolutionLayout(windows: windows, depth: depth, groupDepth: groupDepth, results: results)
    switch (input.type, weights.type) {
    case (.float32, .float32):
      let sums = layout.sums(input.reals, weights.reals)
      return [try finishFloatSums(sums, bias: optionalInput(2), shape: shape, options.activation)]
    case (.int8, .int8), (.uint8, .uint8), (.int16, .int8):
      let zeroPoints = (try zeroPoint(input), try weightZeroPoint(weights))
      let sums = layout.sums(
        input.integers.map { $0 - zeroPoints.0 }, weights.integers.map { $0 - zeroPoints.1 })
      return [
        try finishSums(sums, input, weights, bias: optionalInput(2), shape: shape, axis: 0, options.activation)
      ]
    case (.float32, .int8):
      let sums = try dynamicSums(
        input, weights, rows: windows.batches, results: results, axis: 0,
        isSymmetric: weights.quantization?.isPerAxis != true, sums: layout.sums)
      return [try finishFloatSums(sums, bias: optionalInput(2), shape: shape, options.activation)]
    default: throw unsupportedWeights(input, weights)
    }
  }

  /// Where the windows of a convolution lie; the weights' second and third dimensions are the window.
  func slidingWindows(
    _ input: TensorValue, _ weights: TensorValue, _ options: ConvolutionOptions
  ) throws(ReferenceError) -> Windows {
    guard input.shape.count == 4, weights.shape.count == 4 else {
      throw malformed("an input \(input.shape) and weights \(weights.shape), both need four dimensions")
    }
    guard
      let rows = Window(
        options.padding, inputSize: input.shape[1], filterSize: weights.shape[1], stride: options.strideHeight,
        dilation: options.dilationHeight),
      let columns = Window(
        options.padding, inputSize: input.shape[2], filterSize: weights.shape[2], stride: options.strideWidth,
        dilation: options.dilationWidth)
    else { throw malformed("weights \(weights.shape) do not fit into an input \(input.shape)") }
    return Windows(batches: input.shape[0], rows: rows, columns: columns)
  }
}

/// The sizes of a convolution beside its windows.
private struct ConvolutionLayout {
  let windows: Windows
  let depth: Int
  let groupDepth: Int
  let results: Int

  /// The sums of products, one for each element of the result. Weights outside the picture are left out, which is
  /// the same as a picture surrounded by its zero point.
  func sums<Number: Numeric>(_ input: [Number], _ weights: [Number]) -> [Number] {
    let resultsOfGroup = results / (depth / groupDepth)
    let area = windows.rows.filterSize * windows.columns.filterSize
    var sums: [Number] = []
    windows.forEachPlace { taps in
      for result in 0..<results {
        let firstChannel = result / resultsOfGroup * groupDepth
        var sum = Number.zero
        for tap in taps {
          let a = tap.input * depth + firstChannel
          let b = (result * area + tap.filter) * groupDepth
          for channel in 0..<groupDepth { sum += input[a + channel] * weights[b + channel] }
        }
        sums.append(sum)
      }
    }
    return sums
  }
}
