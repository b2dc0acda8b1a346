import TFLite

/// A float model that tells dark pictures from bright ones, and that int8 ruins: the brightness goes through a tensor
/// whose other channel is a thousand times larger, so that all of it is less than a step between two int8 values.
enum BrightnessModel {
  static let sidecar = #"{"labels":["dark","bright"],"input":{"range":[-1,1]}}"#
  /// The mean of a picture, -1…1, above which it is bright.
  private static let threshold: Float = -0.155

  static func bytes() throws -> [UInt8] {
    var graph = GraphDraft(
      name: "main", tensors: [TensorDraft(name: "picture", type: .float32, shape: [1, 16, 16, 3])], operators: [],
      inputs: [0], outputs: [0])
    let convolution = ConvolutionOptions(
      padding: .same, strideHeight: 1, strideWidth: 1, dilationHeight: 1, dilationWidth: 1, activation: .none)
    graph.append(
      .convolution2D, .convolution(convolution), shape: [1, 16, 16, 3],
      constants: [.floats([3, 1, 1, 3], [1, 0, 0, 0, 1, 0, 0, 0, 1]), .floats([3], [0, 0, 0])])
    graph.append(
      .mean, .reduce(keepDimensions: false), shape: [1, 3],
      constants: [
        TensorDraft(name: "axes", type: .int32, shape: [2], constant: Constant([1, 0, 0, 0, 2, 0, 0, 0]))
      ])
    let layer = FullyConnectedOptions(
      activation: .none, hasShuffledWeights: false, keepDimensions: false, asymmetricQuantizeInputs: false)
    graph.append(
      .fullyConnected, .fullyConnected(layer), shape: [1, 2],
      constants: [.floats([2, 3], [1 / 3, 1 / 3, 1 / 3, 0, 0, 0]), .floats([2], [-threshold, 1000])])
    graph.append(
      .fullyConnected, .fullyConnected(layer), shape: [1, 2],
      constants: [.floats([2, 2], [-20, 0, 20, 0]), .floats([2], [0, 0])])
    graph.append(.softmax, .softmax(beta: 1), shape: [1, 2], constants: [])
    return try ModelDraft(description: "brightness", main: graph).encoded()
  }
}

extension GraphDraft {
  /// Adds an operator on the last result, with constants after it.
  fileprivate mutating func append(
    _ builtin: BuiltinOperator, _ options: OperatorOptions, shape: [Int], constants: [TensorDraft]
  ) {
    let operands = [outputs[0]] + constants.map { add($0) }
    outputs = [add(TensorDraft(name: "result \(operators.count)", type: .float32, shape: shape))]
    operators.append(OperatorDraft(code: .builtin(builtin), inputs: operands, outputs: outputs, options: options))
  }
}

extension TensorDraft {
  fileprivate static func floats(_ shape: [Int], _ values: [Float]) -> TensorDraft {
    TensorDraft(
      name: "constant", type: .float32, shape: shape, constant: Constant(values.withUnsafeBytes { [UInt8]($0) }))
  }
}
