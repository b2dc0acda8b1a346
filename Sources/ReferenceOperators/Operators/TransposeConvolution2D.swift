import FixedPoint
import TFLite

extension OperatorCall {
  /// TRANSPOSE_CONV: every input pixel is spread over a window of the result, whose shape is the first operand.
  func transposeConvolution2D() throws(ReferenceError) -> [TensorValue] {
    guard case .transposeConvolution(let padding, let strideHeight, let strideWidth, let activation) = options else {
      throw malformed("it has no options")
    }
    let (shape, weights, input) = (try checked(try integers(0)), try input(1), try input(2))
    guard shape.count == 4, input.shape.count == 4, weights.shape.count == 4, weights.shape[3] == input.shape[3],
      shape[0] == input.shape[0], shape[3] == weights.shape[0]
    else { throw malformed("a result \(shape) of \(input.shape) and weights \(weights.shape)") }
    guard
      let rows = Window(
        padding, inputSize: shape[1], filterSize: weights.shape[1], stride: strideHeight, dilation: 1),
      let columns = Window(
        padding, inputSize: shape[2], filterSize: weights.shape[2], stride: strideWidth, dilation: 1),
      rows.outputSize == input.shape[1], columns.outputSize == input.shape[2]
    else { throw malformed("a result \(shape) does not come of \(input.shape) and weights \(weights.shape)") }
    let windows = Windows(batches: shape[0], rows: rows, columns: columns)
    let spread = Spread(windows: windows, depth: input.shape[3], results: shape[3], count: shape.reduce(1, *))
    switch (input.type, weights.type) {
    case (.float32, .float32):
      let sums = spread.sums(input.reals, weights.reals)
      return [try finishFloatSums(sums, bias: optionalInput(3), shape: shape, activation)]
    case (.int8, .int8), (.uint8, .uint8), (.int16, .int8):
      let zeroPoints = (try zeroPoint(input), try weightZeroPoint(weights))
      let sums = spread.sums(
        input.integers.map { $0 - zeroPoints.0 }, weights.integers.map { $0 - zeroPoints.1 })
      return [
        try finishSums(sums, input, weights, bias: optionalInput(3), shape: shape, axis: 0, activation)
      ]
    default: throw unsupportedWeights(input, weights)
    }
  }
}

/// The windows of the forward convolution, whose input is the result here.
private struct Spread {
  let windows: Windows
  let depth: Int
  let results: Int
  let count: Int

  func sums<Number: Numeric>(_ input: [Number], _ weights: [Number]) -> [Number] {
    let area = windows.rows.filterSize * windows.columns.filterSize
    var sums = [Number](repeating: .zero, count: count)
    var pixel = 0
    windows.forEachPlace { taps in
      for tap in taps {
        for result in 0..<results {
          for channel in 0..<depth {
            sums[tap.input * results + result] +=
              input[pixel * depth + channel] * weights[(result * area + tap.filter) * depth + channel]
          }
        }
      }
      pixel += 1
    }
    return sums
  }
}
