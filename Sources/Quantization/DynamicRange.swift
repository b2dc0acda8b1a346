import TFLite

extension FloatModel {
  /// Weights of fewer elements stay float, as in TensorFlow's converter.
  private static let leastElementCount = 1024

  /// The model with the weights of its large layers as int8; each layer quantizes its input when it runs.
  ///
  /// As TensorFlow 2.21 writes it: a scale for each output channel, inputs with a zero point of their own.
  public func withDynamicRange() -> ModelDraft {
    var draft = draft
    for (index, node) in draft.main.operators.enumerated() {
      guard let axis = node.weightAxis, let weights = draft.main.floats(node, 1), let tensor = node.inputs[1],
        weights.count >= Self.leastElementCount
      else { continue }
      let old = draft.main.tensors[tensor]
      let quantized = QuantizedWeights(weights, shape: old.shape ?? [], axis: axis)
      draft.main.operators[index].inputs[1] = draft.main.add(
        quantized.tensor(name: old.name, shape: old.shape ?? [], axis: axis))
      draft.main.operators[index].version = Self.version(node.builtin)
      if case .fullyConnected(var options) = node.options {
        options.asymmetricQuantizeInputs = true
        draft.main.operators[index].options = .fullyConnected(options)
      }
    }
    draft.removeUnusedTensors()
    draft.requireRuntime("2.17.0")
    return draft
  }

  /// The first version of an operator that takes float inputs and int8 weights with a scale for each channel.
  private static func version(_ builtin: BuiltinOperator?) -> Int {
    switch builtin {
    case .convolution2D: 5
    case .depthwiseConvolution2D: 6
    default: 12
    }
  }
}
