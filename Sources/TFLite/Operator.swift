/// One node of a graph.
public struct Operator: Sendable {
  /// Which operator it is.
  public let code: OperatorCode
  /// The version in the file. Converters write it carelessly: nothing may depend on it.
  public let version: Int
  /// Tensor indices of the operands; nil for an optional operand that is left out (-1 in the file).
  public let inputs: [Int?]
  /// Tensor indices of the results.
  public let outputs: [Int]
  /// The operator's own settings. An operator whose table is absent in the file has the schema's defaults.
  public let options: OperatorOptions

  /// Makes an operator of parts that the reader checked.
  public init(code: OperatorCode, version: Int, inputs: [Int?], outputs: [Int], options: OperatorOptions) {
    self.code = code
    self.version = version
    self.inputs = inputs
    self.outputs = outputs
    self.options = options
  }
}

/// The identity of an operator: a number of the schema's list, or a name.
public enum OperatorCode: Sendable, Hashable {
  /// An operator of the schema's list that is known by name here.
  case builtin(BuiltinOperator)
  /// A number of the schema's list that has no name here.
  case unnamed(Int)
  /// A custom operator, by its name in the file.
  case custom(String)
}

/// The settings of an operator, decoded from its options table.
public enum OperatorOptions: Sendable, Equatable {
  /// Operators without settings, or whose settings nothing here needs.
  case none
  case convolution(ConvolutionOptions)
  case depthwiseConvolution(DepthwiseConvolutionOptions)
  case fullyConnected(FullyConnectedOptions)
  case pool(PoolOptions)
  /// ADD, SUB, MUL, DIV, CONCATENATION (with its axis) and others carry a fused activation alone.
  ///
  /// `shiftsPowersOfTwo` is what ADD and SUB say of int16: where all scales are powers of two, operands are shifted.
  case arithmetic(activation: Activation, shiftsPowersOfTwo: Bool = true)
  case concatenation(axis: Int, activation: Activation)
  case softmax(beta: Float)
  case reshape(newShape: [Int])
  case squeeze(dimensions: [Int])
  /// MEAN, SUM, REDUCE_MAX, REDUCE_MIN and their like.
  case reduce(keepDimensions: Bool)
  case leakyRelu(alpha: Float)
  /// RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR.
  case resize(alignCorners: Bool, halfPixelCenters: Bool)
  case stridedSlice(StridedSliceOptions)
  case pack(axis: Int, count: Int)
  case unpack(axis: Int, count: Int)
  case split(count: Int)
  case gather(axis: Int, batchDimensions: Int)
  case blockSize(Int)
  case mirrorPad(isSymmetric: Bool)
  case transposeConvolution(padding: Padding, strideHeight: Int, strideWidth: Int, activation: Activation)
  case batchMatrixMultiply(adjointX: Bool, adjointY: Bool)
  case argument(outputType: ElementType)
  case cast(from: ElementType, to: ElementType)
  case gelu(approximate: Bool)
  /// The custom operator TFLite_Detection_PostProcess.
  case detection(DetectionOptions)
}

/// What is applied to a result before it is stored.
public enum Activation: Int, Sendable {
  case none = 0
  case relu = 1
  case reluMinus1To1 = 2
  case relu6 = 3
  case tanh = 4
  case signBit = 5
}

/// What happens at the edges of a picture.
public enum Padding: Int, Sendable {
  /// The result is as large as the input divided by the stride, rounded up.
  case same = 0
  /// The window stays inside the picture.
  case valid = 1
}

/// CONV_2D.
public struct ConvolutionOptions: Sendable, Equatable {
  /// What happens at the edges of the picture.
  public var padding: Padding
  /// Rows from one window to the next.
  public var strideHeight: Int
  /// Columns from one window to the next.
  public var strideWidth: Int
  /// Rows from one weight of a window to the next.
  public var dilationHeight: Int
  /// Columns from one weight of a window to the next.
  public var dilationWidth: Int
  /// What is applied to the result.
  public var activation: Activation

  /// Makes the settings; strides and dilations are positive.
  public init(
    padding: Padding, strideHeight: Int, strideWidth: Int, dilationHeight: Int, dilationWidth: Int,
    activation: Activation
  ) {
    self.padding = padding
    self.strideHeight = strideHeight
    self.strideWidth = strideWidth
    self.dilationHeight = dilationHeight
    self.dilationWidth = dilationWidth
    self.activation = activation
  }
}

/// DEPTHWISE_CONV_2D.
public struct DepthwiseConvolutionOptions: Sendable, Equatable {
  /// The settings shared with CONV_2D.
  public var convolution: ConvolutionOptions
  /// Results for each input channel. Some converters write 0: the shapes of the weights are what counts.
  public var depthMultiplier: Int

  /// Makes the settings.
  public init(convolution: ConvolutionOptions, depthMultiplier: Int) {
    self.convolution = convolution
    self.depthMultiplier = depthMultiplier
  }
}

/// FULLY_CONNECTED.
public struct FullyConnectedOptions: Sendable, Equatable {
  /// What is applied to the result.
  public var activation: Activation
  /// Whether the weights are in the shuffled form (4x16 blocks), which is refused.
  public var hasShuffledWeights: Bool
  /// Whether the result keeps all dimensions of the input but the last.
  public var keepDimensions: Bool
  /// Whether a float input is quantized with a zero point of its own (dynamic range models).
  public var asymmetricQuantizeInputs: Bool

  /// Makes the settings.
  public init(
    activation: Activation, hasShuffledWeights: Bool, keepDimensions: Bool, asymmetricQuantizeInputs: Bool
  ) {
    self.activation = activation
    self.hasShuffledWeights = hasShuffledWeights
    self.keepDimensions = keepDimensions
    self.asymmetricQuantizeInputs = asymmetricQuantizeInputs
  }
}

/// AVERAGE_POOL_2D, MAX_POOL_2D.
public struct PoolOptions: Sendable, Equatable {
  /// What happens at the edges of the picture.
  public var padding: Padding
  /// Rows from one window to the next.
  public var strideHeight: Int
  /// Columns from one window to the next.
  public var strideWidth: Int
  /// Rows of a window.
  public var filterHeight: Int
  /// Columns of a window.
  public var filterWidth: Int
  /// What is applied to the result.
  public var activation: Activation

  /// Makes the settings; strides and sizes are positive.
  public init(
    padding: Padding, strideHeight: Int, strideWidth: Int, filterHeight: Int, filterWidth: Int, activation: Activation
  ) {
    self.padding = padding
    self.strideHeight = strideHeight
    self.strideWidth = strideWidth
    self.filterHeight = filterHeight
    self.filterWidth = filterWidth
    self.activation = activation
  }
}

/// STRIDED_SLICE: bit i of a mask speaks of dimension i.
public struct StridedSliceOptions: Sendable, Equatable {
  /// Dimensions whose begin is ignored: they start at their first element.
  public var beginMask: Int
  /// Dimensions whose end is ignored: they run to their last element.
  public var endMask: Int
  /// The position that stands for all dimensions not named.
  public var ellipsisMask: Int
  /// Positions where a dimension of size 1 is put in.
  public var newAxisMask: Int
  /// Dimensions of which one element is taken, and which then go away.
  public var shrinkAxisMask: Int
  /// Whether the end is given relative to the begin.
  public var offset: Bool

  /// Makes the settings.
  public init(
    beginMask: Int, endMask: Int, ellipsisMask: Int, newAxisMask: Int, shrinkAxisMask: Int, offset: Bool
  ) {
    self.beginMask = beginMask
    self.endMask = endMask
    self.ellipsisMask = ellipsisMask
    self.newAxisMask = newAxisMask
    self.shrinkAxisMask = shrinkAxisMask
    self.offset = offset
  }
}

extension OperatorCode {
  /// What people call it: the schema's name, a custom operator's own, or its number.
  public var name: String {
    switch self {
    case .builtin(let builtin): builtin.name
    case .unnamed(let number): "number \(number) of the schema's list"
    case .custom(let name): "custom operator \(name)"
    }
  }
}
