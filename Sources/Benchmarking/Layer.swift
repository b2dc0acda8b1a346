import TFLite

/// One layer as real networks have it, as a model of its own with random weights.
public struct Layer: Sendable {
  /// What it is, for example "CONV_2D 1x1, 96 to 24, 56x56".
  public let name: String
  /// The layer alone.
  public let model: Model

  /// Layers of MobileNetV2, MobileNetV3 and ResNet50: of each kind of kernel the shapes that differ.
  public static var all: [Layer] {
    [
      .convolution(3, stride: 2, size: 224, from: 3, to: 32),
      .convolution(1, size: 112, from: 16, to: 96),
      .convolution(1, size: 56, from: 96, to: 24),
      .convolution(1, size: 7, from: 160, to: 960),
      .convolution(3, size: 28, from: 128, to: 128),
      .convolution(1, size: 14, from: 1024, to: 256),
      .fullyConnected(from: 1280, to: 1000),
      .depthwise(3, stride: 2, size: 112, channels: 96),
      .depthwise(3, size: 28, channels: 192),
      .depthwise(3, size: 7, channels: 960),
      .depthwise(5, size: 14, channels: 240),
      .pair(.add, "ADD", size: 56, channels: 24),
      .pair(.mul, "MUL", size: 28, channels: 72),
      .single(.hardSwish, "HARD_SWISH", .none, size: 28, channels: 120),
      .pool(.averagePool2D, "AVERAGE_POOL_2D", window: 7, stride: 7, size: 7, channels: 1280),
      .pool(.maxPool2D, "MAX_POOL_2D", window: 3, stride: 2, size: 112, channels: 64),
      .convolution(1, size: 28, from: 192, to: 32, activations: .float32),
      .convolution(1, size: 28, from: 192, to: 32, activations: .float32, weights: .float32),
      .depthwise(3, size: 28, channels: 192, type: .float32),
    ]
  }
}

// MARK: Layers

extension Layer {
  static func convolution(
    _ window: Int, stride: Int = 1, size: Int, from: Int, to: Int, activations: ElementType = .int8,
    weights: ElementType = .int8
  ) -> Layer {
    var parts = LayerParts()
    let input = parts.input([1, size, size, from], activations)
    let constant = parts.constant([to, window, window, from], weights, scaleCount: to)
    let bias = parts.constant([to], activations == .int8 ? .int32 : .float32)
    parts.append(
      .convolution2D, .convolution(settings(stride)), [input, constant, bias],
      [1, size / stride, size / stride, to], activations)
    let form = activations == weights ? (weights == .float32 ? "float " : "") : "dynamic range "
    return Layer(
      name: "\(form)CONV_2D \(window)x\(window)\(text(stride)), \(from) to \(to), \(size)x\(size)", model: parts.model)
  }

  static func depthwise(
    _ window: Int, stride: Int = 1, size: Int, channels: Int, type: ElementType = .int8
  ) -> Layer {
    var parts = LayerParts()
    let input = parts.input([1, size, size, channels], type)
    let constant = parts.constant([1, window, window, channels], type, scaleCount: channels, axis: 3)
    let bias = parts.constant([channels], type == .int8 ? .int32 : .float32)
    parts.append(
      .depthwiseConvolution2D, .depthwiseConvolution(.init(convolution: settings(stride), depthMultiplier: 1)),
      [input, constant, bias], [1, size / stride, size / stride, channels], type)
    let form = type == .float32 ? "float " : ""
    return Layer(
      name: "\(form)DEPTHWISE_CONV_2D \(window)x\(window)\(text(stride)), \(channels), \(size)x\(size)",
      model: parts.model)
  }

  static func fullyConnected(from: Int, to: Int) -> Layer {
    var parts = LayerParts()
    let input = parts.input([1, from], .int8)
    let constant = parts.constant([to, from], .int8, scaleCount: 1)
    let bias = parts.constant([to], .int32)
    let options = FullyConnectedOptions(
      activation: .none, hasShuffledWeights: false, keepDimensions: false, asymmetricQuantizeInputs: false)
    parts.append(.fullyConnected, .fullyConnected(options), [input, constant, bias], [1, to], .int8)
    return Layer(name: "FULLY_CONNECTED \(from) to \(to)", model: parts.model)
  }

  static func pair(_ code: BuiltinOperator, _ name: String, size: Int, channels: Int) -> Layer {
    var parts = LayerParts()
    let shape = [1, size, size, channels]
    let operands = [parts.input(shape, .int8), parts.input(shape, .int8)]
    parts.append(code, .arithmetic(activation: .none), operands, shape, .int8)
    return Layer(name: "\(name) \(channels), \(size)x\(size)", model: parts.model)
  }

  static func single(
    _ code: BuiltinOperator, _ name: String, _ options: OperatorOptions, size: Int, channels: Int
  ) -> Layer {
    var parts = LayerParts()
    let shape = [1, size, size, channels]
    parts.append(code, options, [parts.input(shape, .int8)], shape, .int8)
    return Layer(name: "\(name) \(channels), \(size)x\(size)", model: parts.model)
  }

  static func pool(
    _ code: BuiltinOperator, _ name: String, window: Int, stride: Int, size: Int, channels: Int
  ) -> Layer {
    var parts = LayerParts(hasOneScale: true)
    let options = PoolOptions(
      padding: .same, strideHeight: stride, strideWidth: stride, filterHeight: window, filterWidth: window,
      activation: .none)
    parts.append(
      code, .pool(options), [parts.input([1, size, size, channels], .int8)],
      [1, size / stride, size / stride, channels], .int8)
    return Layer(name: "\(name) \(window)x\(window)\(text(stride)), \(channels), \(size)x\(size)", model: parts.model)
  }

  private static func settings(_ stride: Int) -> ConvolutionOptions {
    ConvolutionOptions(
      padding: .same, strideHeight: stride, strideWidth: stride, dilationHeight: 1, dilationWidth: 1,
      activation: .none)
  }

  private static func text(_ stride: Int) -> String { stride > 1 ? "/\(stride)" : "" }
}

/// Puts a model of one operator together.
private struct LayerParts {
  private var generator = SplitMix64(state: 7)
  private var bytes: [UInt8] = []
  private var tensors: [Tensor] = []
  private var operators: [Operator] = []
  private var inputs: [Int] = []
  private let hasOneScale: Bool

  /// Where operand and result have one scale, as the format asks of some operators, `hasOneScale` is true.
  init(hasOneScale: Bool = false) { self.hasOneScale = hasOneScale }

  mutating func input(_ shape: [Int], _ type: ElementType) -> Int {
    inputs.append(tensors.count)
    return tensor(shape, type, Quantization(scales: [0.05], zeroPoints: [-3], axis: 0))
  }

  mutating func constant(_ shape: [Int], _ type: ElementType, scaleCount: Int = 1, axis: Int = 0) -> Int {
    let start = bytes.count
    for _ in 0..<shape.reduce(1, *) {
      switch type {
      case .int8: bytes.append(UInt8(bitPattern: Int8.random(in: -127...127, using: &generator)))
      case .int32: append(UInt32(bitPattern: Int32.random(in: -3000...3000, using: &generator)))
      default: append(Float.random(in: -1...1, using: &generator).bitPattern)
      }
    }
    let scales = [Float](repeating: 0.004, count: scaleCount)
    return tensor(
      shape, type, Quantization(scales: scales, zeroPoints: scales.map { _ in 0 }, axis: axis),
      constant: start..<bytes.count)
  }

  mutating func append(
    _ code: BuiltinOperator, _ options: OperatorOptions, _ operands: [Int], _ shape: [Int], _ type: ElementType
  ) {
    let result = tensor(
      shape, type, Quantization(scales: [hasOneScale ? 0.05 : 0.1], zeroPoints: [-3], axis: 0))
    operators.append(
      Operator(code: .builtin(code), version: 1, inputs: operands, outputs: [result], options: options))
  }

  var model: Model {
    let main = Subgraph(
      name: "", tensors: tensors, operators: operators, inputs: inputs, outputs: [tensors.count - 1])
    return Model(bytes: bytes, description: "", main: main, subgraphCount: 1, metadata: [:])
  }

  private mutating func append(_ word: UInt32) { withUnsafeBytes(of: word.littleEndian) { bytes += $0 } }

  private mutating func tensor(
    _ shape: [Int], _ type: ElementType, _ quantization: Quantization, constant: Range<Int>? = nil
  ) -> Int {
    let isQuantized = type == .int8
    tensors.append(
      Tensor(
        name: "", type: type, shape: shape, hasShape: true, shapeSignature: nil, constant: constant,
        quantization: isQuantized ? quantization : nil, sparsity: nil, isVariable: false))
    return tensors.count - 1
  }
}
