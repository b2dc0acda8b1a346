import TFLite

extension GraphDraft {
  /// Moves constants that are multiplied with or added to the channels of a layer's result into its weights and bias:
  /// what batch normalisation is once it is trained.
  mutating func foldBatchNormalization() {
    var uses = useCounts
    var producers = producers
    var removed: Set<Int> = []
    for index in operators.indices {
      guard let (operand, factors, offsets) = affineChange(by: operators[index]), uses[operand] == 1,
        let layer = producers[operand], let axis = operators[layer].weightAxis,
        operators[layer].activation == Activation.none, let activation = operators[index].activation,
        let (weights, bias) = layerConstants(operators[layer])
      else { continue }
      let changed = Self.scaled(
        weights, bias, shape: tensors[operators[layer].inputs[1] ?? 0].shape ?? [], axis: axis, factors, offsets)
      guard let changed else { continue }
      setWeights(of: layer, changed.weights, bias: changed.bias)
      let output = operators[index].outputs[0]
      operators[layer].outputs = [output]
      operators[layer].setActivation(activation)
      producers[output] = layer
      uses += [Int](repeating: 1, count: tensors.count - uses.count)
      producers += [Int?](repeating: nil, count: tensors.count - producers.count)
      removed.insert(index)
    }
    removeOperators(removed)
  }

  /// The weights and bias of a layer, where both are constants; zeros where it has no bias.
  func layerConstants(_ node: OperatorDraft) -> (weights: [Float], bias: [Float])? {
    guard let axis = node.weightAxis, let weights = floats(node, 1), let tensor = node.inputs[1],
      let shape = tensors[tensor].shape, shape.indices.contains(axis)
    else { return nil }
    guard node.inputs.count > 2, node.inputs[2] != nil else {
      return (weights, [Float](repeating: 0, count: shape[axis]))
    }
    guard let bias = floats(node, 2), bias.count == shape[axis] else { return nil }
    return (weights, bias)
  }

  /// What an operator does to each channel, where it is one factor and one offset: x * factor + offset.
  private func affineChange(by node: OperatorDraft) -> (operand: Int, factors: [Float], offsets: [Float])? {
    guard let builtin = node.builtin, [.mul, .add, .sub, .div].contains(builtin), node.inputs.count == 2,
      let first = node.inputs[0], let second = node.inputs[1]
    else { return nil }
    let isSwapped = tensors[first].constant != nil
    guard !isSwapped || builtin == .mul || builtin == .add, tensors[isSwapped ? second : first].constant == nil,
      let values = tensors[isSwapped ? first : second].floats
    else { return nil }
    let (operand, constant) = isSwapped ? (second, first) : (first, second)
    let (shape, result) = (tensors[constant].shape ?? [], tensors[node.outputs[0]].shape ?? [])
    // One value for each channel, or one for all.
    guard shape.dropLast().allSatisfy({ $0 == 1 }), values.count == 1 || values.count == result.last,
      tensors[operand].shape == result
    else { return nil }
    let (zeros, ones) = ([Float](repeating: 0, count: values.count), [Float](repeating: 1, count: values.count))
    switch builtin {
    case .mul: return (operand, values, zeros)
    case .div: return values.contains(0) ? nil : (operand, values.map { 1 / $0 }, zeros)
    case .add: return (operand, ones, values)
    default: return (operand, ones, values.map { -$0 })
    }
  }

  private static func scaled(
    _ weights: [Float], _ bias: [Float], shape: [Int], axis: Int, _ factors: [Float], _ offsets: [Float]
  ) -> (weights: [Float], bias: [Float])? {
    guard factors.count == 1 || factors.count == bias.count else { return nil }
    func channel(_ values: [Float], _ index: Int) -> Float { values.count == 1 ? values[0] : values[index] }
    var weights = weights
    ChannelLayout(shape: shape, axis: axis).forEach { weights[$0] *= channel(factors, $1) }
    let bias = bias.indices.map { bias[$0] * channel(factors, $0) + channel(offsets, $0) }
    return (weights, bias)
  }
}
