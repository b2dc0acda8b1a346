import TFLite

/// What int8 asks of an operator's operands and results, as the kernels of TensorFlow Lite have it.
enum IntegerRule: Equatable {
  /// Each tensor has a scale of its own.
  case free
  /// Weights for each channel and a bias of int32; else free.
  case weighted
  /// Results have the scale of the one operand: values are only chosen or moved.
  case sameScale
  /// All operands and the result have one scale.
  case jointScale
  /// The result has this scale, whatever it is.
  case fixed(Quantization)

  /// The rule of an operator; nil for one that stays float.
  init?(_ node: OperatorDraft, in graph: GraphDraft) {
    guard let builtin = node.builtin, let rule = Self.rule(builtin) else { return nil }
    if rule == .weighted {
      guard graph.layerConstants(node) != nil else { return nil }
    }
    // What is computed must be float32 throughout; constants of int32 (axes, shapes) are left as they are.
    let results = node.outputs.map { graph.tensors[$0] }
    let operands = node.inputs.compactMap { $0.map { graph.tensors[$0] } }
    guard results.allSatisfy({ $0.type == .float32 }),
      operands.allSatisfy({ $0.type == .float32 ? $0.constant == nil || $0.floats != nil : $0.constant != nil })
    else { return nil }
    if rule == .sameScale {
      guard let operand = graph.floatOperand(node), graph.tensors[operand].constant == nil else { return nil }
    }
    self = rule
  }

  /// What is asked of the scale of a result that a float operator computes and an int8 operator reads: nothing, but for
  /// results whose range is known.
  var ofFloatResult: IntegerRule? {
    if case .fixed = self { return self }
    return nil
  }

  private static func rule(_ builtin: BuiltinOperator) -> IntegerRule? {
    switch builtin {
    case .convolution2D, .depthwiseConvolution2D, .fullyConnected: .weighted
    case .add, .sub, .mul, .squaredDifference, .batchMatmul, .mean, .sum, .relu, .relu6, .reluN1To1, .leakyRelu, .prelu,
      .hardSwish, .gelu, .exp, .abs:
      .free
    case .averagePool2D, .maxPool2D, .reshape, .squeeze, .expandDims, .transpose, .pad, .padv2, .mirrorPad, .slice,
      .stridedSlice, .split, .splitV, .unpack, .gather, .tile, .depthToSpace, .spaceToDepth, .resizeBilinear,
      .resizeNearestNeighbor, .reduceMax, .reduceMin:
      .sameScale
    case .concatenation, .pack, .maximum, .minimum: .jointScale
    case .softmax, .logistic: .fixed(Quantization(scales: [1 / 256], zeroPoints: [-128], axis: 0))
    case .tanh, .l2Normalization: .fixed(Quantization(scales: [1 / 128], zeroPoints: [0], axis: 0))
    case .logSoftmax: .fixed(Quantization(scales: [16 / 256], zeroPoints: [127], axis: 0))
    default: nil
    }
  }

  /// The first version of an operator that takes int8.
  static func version(_ builtin: BuiltinOperator?) -> Int {
    switch builtin {
    case .fullyConnected: 4
    case .convolution2D, .depthwiseConvolution2D, .tile: 3
    // DEPTH_TO_SPACE has a version 2 for int8, which not all kernels are listed with that take int8.
    case .reshape, .squeeze, .expandDims, .leakyRelu, .prelu, .hardSwish, .reluN1To1, .depthToSpace: 1
    default: 2
    }
  }
}

extension GraphDraft {
  /// The first operand of type float32.
  func floatOperand(_ node: OperatorDraft) -> Int? {
    node.inputs.compactMap { $0 }.first { tensors[$0].type == .float32 }
  }
}
