import TFLite

/// Makes graphs with random numbers in them, as the reader would make them, for comparing two engines.
struct RandomModel {
  /// The type of activations: int8, uint8, int16 or float32; that of weights as well, but for int16, which has int8.
  let type: ElementType
  var random: SplitMix64
  private var bytes: [UInt8] = []
  private(set) var tensors: [Tensor] = []
  private(set) var operators: [Operator] = []
  private var inputs: [Int] = []

  init(_ type: ElementType, seed: UInt64) {
    self.type = type
    random = SplitMix64(state: seed)
  }

  var isQuantized: Bool { type != .float32 }

  /// A quantization with a scale around `size` and a zero point anywhere.
  mutating func quantization(_ size: Float) -> Quantization? {
    guard isQuantized else { return nil }
    let zero = type == .int16 ? 0 : Int64.random(in: type == .int8 ? -128...127 : 0...255, using: &random)
    return Quantization(scales: [size * Float.random(in: 0.3...1, using: &random)], zeroPoints: [zero], axis: 0)
  }

  mutating func input(_ shape: [Int], scale: Float = 0.05) -> Int {
    inputs.append(tensors.count)
    return tensor(shape, quantization(scale))
  }

  mutating func input(_ shape: [Int], _ quantization: Quantization?, type: ElementType? = nil) -> Int {
    inputs.append(tensors.count)
    return tensor(shape, quantization, type: type)
  }

  /// A constant with random elements, of the activations' type unless another is named.
  mutating func constant(_ shape: [Int], _ quantization: Quantization?, type: ElementType? = nil) -> Int {
    let count = shape.reduce(1, *)
    let start = bytes.count
    bytes += randomBytes(type ?? self.type, count: count)
    return tensor(shape, quantization, type: type, constant: start..<bytes.count)
  }

  /// A constant of these bytes.
  mutating func constant(_ shape: [Int], type: ElementType, bytes values: [UInt8]) -> Int {
    bytes += values
    return tensor(shape, nil, type: type, constant: bytes.count - values.count..<bytes.count)
  }

  /// A constant list of int32, of which each tensor of the file may lie off its alignment.
  mutating func integers(_ values: [Int]) -> Int {
    bytes.append(0)
    let start = bytes.count
    for value in values { withUnsafeBytes(of: Int32(value).littleEndian) { bytes += $0 } }
    return tensor([values.count], nil, type: .int32, constant: start..<bytes.count)
  }

  /// A bias: int32 for layers of 8 bits, int64 for int16.
  mutating func bias(_ count: Int) -> Int {
    guard isQuantized else { return constant([count], nil) }
    if type == .int16 {
      bytes.append(0)
      let start = bytes.count
      for _ in 0..<count {
        let value = Int64.random(in: -3_000_000...3_000_000, using: &random)
        withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
      }
      return tensor([count], nil, type: .int64, constant: start..<bytes.count)
    }
    return integers((0..<count).map { _ in Int.random(in: -3000...3000, using: &random) })
  }

  /// Weights with a scale each along `axis`, or one with a zero point for the whole where `isPerTensor`.
  mutating func weights(_ shape: [Int], axis: Int, isPerTensor: Bool) -> Int {
    guard isQuantized else { return constant(shape, nil) }
    let weightType: ElementType = type == .int16 ? .int8 : type
    guard type != .uint8, !isPerTensor else {
      let quantization = quantization(0.02)
      return constant(
        shape, type == .uint8 ? quantization : quantization.map { .init(scales: $0.scales, zeroPoints: [0], axis: 0) },
        type: weightType)
    }
    let scales = (0..<shape[axis]).map { _ in Float.random(in: 0.002...0.02, using: &random) }
    return constant(
      shape, Quantization(scales: scales, zeroPoints: scales.map { _ in 0 }, axis: axis), type: weightType)
  }

  /// Appends an operator; the result's shape is left to the engines, its type is the activations' unless named.
  mutating func append(
    _ code: BuiltinOperator, _ options: OperatorOptions, _ operands: [Int?], quantization: Quantization?,
    type: ElementType? = nil, shape: [Int] = []
  ) -> Int {
    let result = tensor(shape, quantization, type: type)
    operators.append(
      Operator(code: .builtin(code), version: 1, inputs: operands, outputs: [result], options: options))
    return result
  }

  /// An operator without settings.
  mutating func append(
    _ code: BuiltinOperator, _ operands: [Int?], quantization: Quantization?, type: ElementType? = nil
  ) -> Int {
    append(code, .none, operands, quantization: quantization, type: type)
  }

  /// The model whose outputs are these tensors.
  func model(outputs: [Int]) -> Model {
    let main = Subgraph(name: "", tensors: tensors, operators: operators, inputs: inputs, outputs: outputs)
    return Model(bytes: bytes, description: "", main: main, subgraphCount: 1, metadata: [:])
  }

  /// Random bytes for each input.
  mutating func inputBytes() -> [[UInt8]] {
    inputs.map { randomBytes(tensors[$0].type, count: tensors[$0].shape.reduce(1, *)) }
  }

  private mutating func randomBytes(_ type: ElementType, count: Int) -> [UInt8] {
    guard type == .float32 else {
      return (0..<count * (type.byteCount ?? 1)).map { _ in UInt8.random(in: 0...255, using: &random) }
    }
    return (0..<count).flatMap { _ in
      withUnsafeBytes(of: Float.random(in: -1...1, using: &random)) { [UInt8]($0) }
    }
  }

  private mutating func tensor(
    _ shape: [Int], _ quantization: Quantization?, type: ElementType? = nil, constant: Range<Int>? = nil
  ) -> Int {
    tensors.append(
      Tensor(
        name: "tensor \(tensors.count)", type: type ?? self.type, shape: shape, hasShape: true, shapeSignature: nil,
        constant: constant, quantization: quantization, sparsity: nil, isVariable: false))
    return tensors.count - 1
  }
}

/// A small generator whose sequence is the same everywhere.
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
    return word ^ word >> 31
  }
}
