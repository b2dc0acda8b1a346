import TFLite

extension OperatorCall {
  /// AVERAGE_POOL_2D: the mean of what lies inside the picture. Quantized means are of the raw integers, half away
  /// from zero, without a new scale.
  func averagePool2D() throws(ReferenceError) -> [TensorValue] {
    let (input, options, windows) = try poolWindows()
    let shape = try checked(windows.outputShape(depth: input.shape[3]))
    switch input.type {
    case .float32:
      let means = pooled(input.reals, windows, depth: input.shape[3]) { $0.reduce(0, +) / Float($0.count) }
      return [try result(type: .float32, shape: shape, elements: .reals(try activate(means, options.activation)))]
    case .int8, .uint8, .int16:
      let bounds = try bounds(options.activation, input.type, try outputAffine(input.type))
      let means = pooled(input.integers, windows, depth: input.shape[3]) { values in
        let sum = values.reduce(0, +)
        let half = values.count / 2
        return bounds.clamp((sum > 0 ? sum + half : sum - half) / values.count)
      }
      return [try result(type: input.type, shape: shape, elements: .integers(means))]
    default: throw unsupported("an input of type \(input.type)")
    }
  }

  /// MAX_POOL_2D: the largest of what lies inside the picture.
  func maxPool2D() throws(ReferenceError) -> [TensorValue] {
    let (input, options, windows) = try poolWindows()
    let shape = try checked(windows.outputShape(depth: input.shape[3]))
    switch input.type {
    case .float32:
      let largest = pooled(input.reals, windows, depth: input.shape[3]) { $0.reduce(-.greatestFiniteMagnitude, max) }
      return [try result(type: .float32, shape: shape, elements: .reals(try activate(largest, options.activation)))]
    case .int8, .uint8, .int16:
      let bounds = try bounds(options.activation, input.type, try outputAffine(input.type))
      let largest = pooled(input.integers, windows, depth: input.shape[3]) { bounds.clamp($0.reduce(Int.min, max)) }
      return [try result(type: input.type, shape: shape, elements: .integers(largest))]
    default: throw unsupported("an input of type \(input.type)")
    }
  }

  private func poolWindows() throws(ReferenceError) -> (TensorValue, PoolOptions, Windows) {
    guard case .pool(let options) = options else { throw malformed("it has no pool options") }
    let input = try input(0)
    guard input.shape.count == 4,
      let rows = Window(
        options.padding, inputSize: input.shape[1], filterSize: options.filterHeight, stride: options.strideHeight,
        dilation: 1),
      let columns = Window(
        options.padding, inputSize: input.shape[2], filterSize: options.filterWidth, stride: options.strideWidth,
        dilation: 1)
    else { throw malformed("a window of \(options.filterHeight) x \(options.filterWidth) on \(input.shape)") }
    return (input, options, Windows(batches: input.shape[0], rows: rows, columns: columns))
  }

  /// `reduce` of the elements of each channel of each window; no window is empty.
  private func pooled<Number>(
    _ input: [Number], _ windows: Windows, depth: Int, _ reduce: ([Number]) -> Number
  ) -> [Number] {
    var results: [Number] = []
    windows.forEachPlace { taps in
      for channel in 0..<depth { results.append(reduce(taps.map { input[$0.input * depth + channel] })) }
    }
    return results
  }
}
