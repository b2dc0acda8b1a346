import TFLite

extension TensorDraft {
  /// How many elements the shape stands for.
  var elementCount: Int { (shape ?? []).reduce(1, *) }

  /// The elements of a dense float32 constant; nil for others.
  var floats: [Float]? {
    guard type == .float32, sparsity == nil, let constant, constant.range.count == 4 * elementCount else { return nil }
    return constant.source.withUnsafeBytes(in: constant.range) { bytes in
      [Float](unsafeUninitializedCapacity: bytes.count / 4) { buffer, count in
        UnsafeMutableRawBufferPointer(buffer).copyMemory(from: bytes)
        count = bytes.count / 4
      }
    }
  }

  /// A float32 constant.
  static func constant(name: String, shape: [Int], floats: [Float]) -> TensorDraft {
    TensorDraft(name: name, type: .float32, shape: shape, constant: Constant(bytes(of: floats)))
  }
}

/// The little-endian bytes of numbers. Every machine that this runs on is little-endian.
func bytes<Element>(of elements: [Element]) -> [UInt8] { elements.withUnsafeBytes { [UInt8]($0) } }

extension GraphDraft {
  /// How often each tensor is read, by operators and as an output.
  var useCounts: [Int] {
    var counts = [Int](repeating: 0, count: tensors.count)
    for node in operators { for case let input? in node.inputs { counts[input] += 1 } }
    for output in outputs { counts[output] += 1 }
    return counts
  }

  /// The operator that writes each tensor; nil for inputs and constants.
  var producers: [Int?] {
    var producers = [Int?](repeating: nil, count: tensors.count)
    for (index, node) in operators.enumerated() { for output in node.outputs { producers[output] = index } }
    return producers
  }

  /// The weights of a layer as the file has them, float16 ones before their DEQUANTIZE; nil for an operator without
  /// weights.
  func storedWeights(of node: OperatorDraft, _ producers: [Int?]) -> TensorDraft? {
    guard node.weightAxis != nil, node.inputs.count > 1, let tensor = node.inputs[1] else { return nil }
    if let producer = producers[tensor], operators[producer].builtin == .dequantize,
      let half = operators[producer].inputs[0]
    {
      return tensors[half]
    }
    return tensors[tensor]
  }

  /// The elements of an operand that is a float constant.
  func floats(_ node: OperatorDraft, _ operand: Int) -> [Float]? {
    guard node.inputs.indices.contains(operand), let tensor = node.inputs[operand] else { return nil }
    return tensors[tensor].floats
  }
}

extension OperatorDraft {
  /// The dimension of the weights that runs along the output channels, for operators that have weights.
  var weightAxis: Int? {
    switch builtin {
    case .convolution2D, .fullyConnected: 0
    case .depthwiseConvolution2D: 3
    default: nil
    }
  }

  /// The fused activation; nil for operators that have none.
  var activation: Activation? { options.activation }

  /// Sets the fused activation of an operator that has one.
  mutating func setActivation(_ activation: Activation) {
    switch options {
    case .convolution(var changed):
      changed.activation = activation
      options = .convolution(changed)
    case .depthwiseConvolution(var changed):
      changed.convolution.activation = activation
      options = .depthwiseConvolution(changed)
    case .fullyConnected(var changed):
      changed.activation = activation
      options = .fullyConnected(changed)
    case .arithmetic(_, let shifts): options = .arithmetic(activation: activation, shiftsPowersOfTwo: shifts)
    case .pool(var changed):
      changed.activation = activation
      options = .pool(changed)
    default: break
    }
  }
}

extension OperatorOptions {
  /// The fused activation; nil for operators that have none.
  var activation: Activation? {
    switch self {
    case .convolution(let options): options.activation
    case .depthwiseConvolution(let options): options.convolution.activation
    case .fullyConnected(let options): options.activation
    case .arithmetic(let activation, _): activation
    case .pool(let options): options.activation
    default: nil
    }
  }
}
