import TFLite

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension Compiler {
  /// Makes the steps of one operator. Each operator's part stands beside its step.
  mutating func compile(_ node: Node) throws(CompilationError) {
    try densifyOperands(of: node)
    switch node.code {
    case .convolution2D: try compileConvolution(node)
    case .depthwiseConvolution2D: try compileDepthwiseConvolution(node)
    case .fullyConnected: try compileFullyConnected(node)
    case .transposeConv: try compileTransposeConvolution(node)
    case .batchMatmul: try compileBatchProduct(node)
    case .custom: try compileDetection(node)
    case .averagePool2D: try compilePool(node, isAverage: true)
    case .maxPool2D: try compilePool(node, isAverage: false)
    case .quantize: try compileQuantize(node)
    case .dequantize: try compileDequantize(node)
    case .densify: try compileDensify(node)
    case .softmax: try compileSoftmax(node, isLogarithm: false)
    case .logSoftmax: try compileSoftmax(node, isLogarithm: true)
    case .resizeBilinear: try compileResizeBilinear(node)
    case .resizeNearestNeighbor: try compileResizeNearest(node)
    default:
      if try isInt16(node), try compileInt16Function(node) { return }
      if try compileElementwise(node) { return }
      if try compileReduction(node) { return }
      if try compileMovement(node) { return }
      throw .unknownOperator(name: node.place.name, index: node.place.index)
    }
  }

  /// Whether the first operand is of int16.
  private func isInt16(_ node: Node) throws(CompilationError) -> Bool {
    try storedOptionalInput(0, of: node).map { self[$0].type == .int16 } ?? false
  }

  /// Operators that take each element by itself, or pairs of them. Returns false for any other.
  private mutating func compileElementwise(_ node: Node) throws(CompilationError) -> Bool {
    switch node.code {
    case .add: try compileSum(node, subtracts: false)
    case .sub: try compileSum(node, subtracts: true)
    case .mul: try compileProduct(node)
    case .div: try compileQuotient(node)
    case .maximum: try compileExtremum(node, isMaximum: true)
    case .minimum: try compileExtremum(node, isMaximum: false)
    case .prelu: try compilePrelu(node)
    case .squaredDifference: try compileSquaredDifference(node)
    case .relu: try compileClamp(node, activation: .relu)
    case .relu6: try compileClamp(node, activation: .relu6)
    case .reluN1To1: try compileClamp(node, activation: .reluMinus1To1)
    case .leakyRelu: try compileLeakyRelu(node)
    case .hardSwish: try compileHardSwish(node)
    case .logistic: try compileFunction(node) { 1 / (1 + exp(-$0)) }
    case .tanh: try compileFunction(node) { tanh($0) }
    case .exp: try compileFunction(node) { exp($0) }
    case .elu: try compileFunction(node) { $0 < 0 ? expm1($0) : $0 }
    case .gelu: try compileGelu(node)
    case .neg: try compileFloatFunction(node, FloatNegation())
    case .abs: try compileMagnitude(node)
    case .rsqrt: try compileInverseSquareRoot(node)
    case .sqrt: try compileFloatFunction(node, FloatRoot())
    case .square: try compileFloatFunction(node, FloatSquare())
    case .log: try compileFloatFunction(node, FloatLibraryFunction { log($0) })
    case .sin: try compileFloatFunction(node, FloatLibraryFunction { sin($0) })
    case .cos: try compileFloatFunction(node, FloatLibraryFunction { cos($0) })
    case .floor: try compileFloatFunction(node, FloatLibraryFunction { $0.rounded(.down) })
    case .ceil: try compileFloatFunction(node, FloatLibraryFunction { $0.rounded(.up) })
    case .round: try compileFloatFunction(node, FloatLibraryFunction { $0.rounded(.toNearestOrEven) })
    case .cast: try compileCast(node)
    case .l2Normalization: try compileL2Normalization(node)
    default: return false
    }
    return true
  }

  /// Operators that bring many elements together in one. Returns false for any other.
  private mutating func compileReduction(_ node: Node) throws(CompilationError) -> Bool {
    switch node.code {
    case .mean: try compileMean(node, isSum: false)
    case .sum: try compileMean(node, isSum: true)
    case .reduceMax: try compileReducedExtremum(node, isMaximum: true)
    case .reduceMin: try compileReducedExtremum(node, isMaximum: false)
    case .argMax: try compileArgument(node, isMaximum: true)
    case .argMin: try compileArgument(node, isMaximum: false)
    default: return false
    }
    return true
  }

  /// Operators that move elements and change none. Returns false for any other.
  private mutating func compileMovement(_ node: Node) throws(CompilationError) -> Bool {
    switch node.code {
    case .reshape: try compileReshape(node)
    case .squeeze: try compileSqueeze(node)
    case .expandDims: try compileExpandDimensions(node)
    case .shape: try compileShape(node)
    case .broadcastArgs: try compileBroadcastArguments(node)
    case .pad, .padv2: try compilePad(node)
    case .mirrorPad: try compileMirrorPad(node)
    case .concatenation: try compileConcatenation(node)
    case .pack: try compilePack(node)
    case .unpack: try compileUnpack(node)
    case .slice: try compileSlice(node)
    case .stridedSlice: try compileStridedSlice(node)
    case .split: try compileSplit(node)
    case .splitV: try compileSplitByLengths(node)
    case .transpose: try compileTranspose(node)
    case .depthToSpace: try compileDepthToSpace(node, isInverse: false)
    case .spaceToDepth: try compileDepthToSpace(node, isInverse: true)
    case .tile: try compileTile(node)
    case .broadcastTo: try compileBroadcast(node)
    case .gather: try compileGather(node)
    default: return false
    }
    return true
  }
}
