import TFLite

extension ReferenceInterpreter {
  typealias Function = @Sendable (OperatorCall) throws(ReferenceError) -> [TensorValue]

  /// The reference version of an operator, or nil where there is none.
  static func function(of code: OperatorCode) -> Function? {
    if code == .custom(DetectionOptions.operatorName) {
      return { call throws(ReferenceError) in try call.detectionPostProcess() }
    }
    guard case .builtin(let builtin) = code else { return nil }
    return arithmetic(builtin) ?? functionsOfOneTensor(builtin) ?? arrangement(builtin)
  }

  /// Operators that combine tensors or the elements of one.
  private static func arithmetic(_ builtin: BuiltinOperator) -> Function? {
    switch builtin {
    case .convolution2D: { call throws(ReferenceError) in try call.convolution2D() }
    case .depthwiseConvolution2D: { call throws(ReferenceError) in try call.depthwiseConvolution2D() }
    case .transposeConv: { call throws(ReferenceError) in try call.transposeConvolution2D() }
    case .fullyConnected: { call throws(ReferenceError) in try call.fullyConnected() }
    case .batchMatmul: { call throws(ReferenceError) in try call.batchMatrixProduct() }
    case .add: { call throws(ReferenceError) in try call.add() }
    case .sub: { call throws(ReferenceError) in try call.subtract() }
    case .mul: { call throws(ReferenceError) in try call.multiply() }
    case .div: { call throws(ReferenceError) in try call.divide() }
    case .maximum: { call throws(ReferenceError) in try call.maximum() }
    case .minimum: { call throws(ReferenceError) in try call.minimum() }
    case .squaredDifference: { call throws(ReferenceError) in try call.squaredDifference() }
    case .averagePool2D: { call throws(ReferenceError) in try call.averagePool2D() }
    case .maxPool2D: { call throws(ReferenceError) in try call.maxPool2D() }
    case .mean: { call throws(ReferenceError) in try call.mean() }
    case .sum: { call throws(ReferenceError) in try call.sum() }
    case .reduceMax: { call throws(ReferenceError) in try call.reduceMax() }
    case .reduceMin: { call throws(ReferenceError) in try call.reduceMin() }
    case .argMax: { call throws(ReferenceError) in try call.argumentOfMaximum() }
    case .argMin: { call throws(ReferenceError) in try call.argumentOfMinimum() }
    case .l2Normalization: { call throws(ReferenceError) in try call.l2Normalization() }
    case .softmax: { call throws(ReferenceError) in try call.softmax() }
    case .logSoftmax: { call throws(ReferenceError) in try call.logSoftmax() }
    default: nil
    }
  }

  /// Operators that change each element by itself.
  private static func functionsOfOneTensor(_ builtin: BuiltinOperator) -> Function? {
    switch builtin {
    case .logistic: { call throws(ReferenceError) in try call.logistic() }
    case .tanh: { call throws(ReferenceError) in try call.hyperbolicTangents() }
    case .exp: { call throws(ReferenceError) in try call.exponentials() }
    case .elu: { call throws(ReferenceError) in try call.exponentialLinear() }
    case .gelu: { call throws(ReferenceError) in try call.gaussianErrorLinear() }
    case .neg: { call throws(ReferenceError) in try call.negate() }
    case .abs: { call throws(ReferenceError) in try call.absolute() }
    case .sqrt: { call throws(ReferenceError) in try call.squareRoot() }
    case .rsqrt: { call throws(ReferenceError) in try call.reciprocalSquareRoot() }
    case .relu: { call throws(ReferenceError) in try call.rectify(.relu) }
    case .relu6: { call throws(ReferenceError) in try call.rectify(.relu6) }
    case .reluN1To1: { call throws(ReferenceError) in try call.rectify(.reluMinus1To1) }
    case .leakyRelu: { call throws(ReferenceError) in try call.leakyRectify() }
    case .prelu: { call throws(ReferenceError) in try call.parametricRectify() }
    case .hardSwish: { call throws(ReferenceError) in try call.hardSwish() }
    case .quantize: { call throws(ReferenceError) in try call.quantize() }
    case .dequantize: { call throws(ReferenceError) in try call.dequantize() }
    case .cast: { call throws(ReferenceError) in try call.cast() }
    case .densify: { call throws(ReferenceError) in try call.densify() }
    default: nil
    }
  }

  /// Operators that move elements or choose among them.
  private static func arrangement(_ builtin: BuiltinOperator) -> Function? {
    switch builtin {
    case .reshape: { call throws(ReferenceError) in try call.reshape() }
    case .squeeze: { call throws(ReferenceError) in try call.squeeze() }
    case .expandDims: { call throws(ReferenceError) in try call.expandDimensions() }
    case .shape: { call throws(ReferenceError) in try call.shape() }
    case .broadcastArgs: { call throws(ReferenceError) in try call.broadcastArguments() }
    case .broadcastTo: { call throws(ReferenceError) in try call.broadcastTo() }
    case .transpose: { call throws(ReferenceError) in try call.transpose() }
    case .gather: { call throws(ReferenceError) in try call.gather() }
    case .tile: { call throws(ReferenceError) in try call.tile() }
    case .pad, .padv2: { call throws(ReferenceError) in try call.pad() }
    case .mirrorPad: { call throws(ReferenceError) in try call.mirrorPad() }
    case .concatenation: { call throws(ReferenceError) in try call.concatenation() }
    case .pack: { call throws(ReferenceError) in try call.pack() }
    case .unpack: { call throws(ReferenceError) in try call.unpack() }
    case .split: { call throws(ReferenceError) in try call.split() }
    case .splitV: { call throws(ReferenceError) in try call.splitBySizes() }
    case .slice: { call throws(ReferenceError) in try call.slice() }
    case .stridedSlice: { call throws(ReferenceError) in try call.stridedSlice() }
    case .depthToSpace: { call throws(ReferenceError) in try call.depthToSpace() }
    case .spaceToDepth: { call throws(ReferenceError) in try call.spaceToDepth() }
    case .resizeBilinear: { call throws(ReferenceError) in try call.resizeBilinear() }
    case .resizeNearestNeighbor: { call throws(ReferenceError) in try call.resizeNearestNeighbor() }
    default: nil
    }
  }
}
