import ReferenceOperators
import TFLite

/// An operand or result of a graph of one operator.
struct Operand {
  var type: ElementType
  var shape: [Int]
  var quantization: Quantization?
  var bytes: [UInt8]
  var isConstant = false
  var sparsity: Sparsity?

  /// An int8 tensor with one scale.
  static func int8(_ shape: [Int], _ values: [Int], scale: Float = 1, zero: Int = 0) -> Operand {
    quantized(.int8, shape, values, scales: [scale], zeros: [zero])
  }

  /// A legacy uint8 tensor.
  static func uint8(_ shape: [Int], _ values: [Int], scale: Float = 1, zero: Int = 0) -> Operand {
    quantized(.uint8, shape, values, scales: [scale], zeros: [zero])
  }

  /// An int16 tensor.
  static func int16(_ shape: [Int], _ values: [Int], scale: Float = 1) -> Operand {
    Operand(
      type: .int16, shape: shape, quantization: Quantization(scales: [scale], zeroPoints: [0], axis: 0),
      bytes: values.flatMap { littleEndian(UInt32(truncatingIfNeeded: $0), 2) })
  }

  /// A tensor of int64, such as the bias of an int16 layer.
  static func int64(_ shape: [Int], _ values: [Int]) -> Operand {
    Operand(
      type: .int64, shape: shape,
      bytes: values.flatMap { value in (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } })
  }

  /// A quantized tensor with a scale for each index along `axis`.
  static func quantized(
    _ type: ElementType, _ shape: [Int], _ values: [Int], scales: [Float], zeros: [Int], axis: Int = 0
  ) -> Operand {
    let quantization = Quantization(scales: scales, zeroPoints: zeros.map { Int64($0) }, axis: axis)
    return Operand(
      type: type, shape: shape, quantization: quantization, bytes: values.map { UInt8(truncatingIfNeeded: $0) })
  }

  /// A tensor of int32, such as a bias, a shape or axes.
  static func int32(_ shape: [Int], _ values: [Int]) -> Operand {
    Operand(type: .int32, shape: shape, bytes: values.flatMap { littleEndian(UInt32(truncatingIfNeeded: $0), 4) })
  }

  /// A list of int32.
  static func list(_ values: [Int]) -> Operand { int32([values.count], values) }

  /// A float tensor.
  static func float(_ shape: [Int], _ values: [Float]) -> Operand {
    Operand(type: .float32, shape: shape, bytes: values.flatMap { littleEndian($0.bitPattern, 4) })
  }

  /// A half-precision constant by its bits.
  static func half(_ bits: [UInt16]) -> Operand {
    Operand(
      type: .float16, shape: [bits.count], bytes: bits.flatMap { littleEndian(UInt32($0), 2) }, isConstant: true)
  }

  private static func littleEndian(_ word: UInt32, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) }
  }

  /// The same as a constant in the file.
  var constant: Operand {
    var operand = self
    operand.isConstant = true
    return operand
  }
}

/// What a result is declared to be; its shape comes from the operator.
struct Result {
  var type: ElementType
  var quantization: Quantization?

  static let float = Result(type: .float32)
  static let int32 = Result(type: .int32)
  static func int8(scale: Float = 1, zero: Int = 0) -> Result {
    Result(type: .int8, quantization: Quantization(scales: [scale], zeroPoints: [Int64(zero)], axis: 0))
  }
  static func int16(scale: Float = 1) -> Result {
    Result(type: .int16, quantization: Quantization(scales: [scale], zeroPoints: [0], axis: 0))
  }
  static func uint8(scale: Float = 1, zero: Int = 0) -> Result {
    Result(type: .uint8, quantization: Quantization(scales: [scale], zeroPoints: [Int64(zero)], axis: 0))
  }
}

/// A graph of one operator, made as the reader would make it.
struct OneOperator {
  let model: Model
  private let inputs: [[UInt8]]
  private let types: [ElementType]

  init(_ code: OperatorCode, _ options: OperatorOptions, _ operands: [Operand?], _ results: [Result]) {
    var bytes: [UInt8] = []
    var tensors: [Tensor] = []
    var operandIndices: [Int?] = []
    for operand in operands {
      guard let operand else {
        operandIndices.append(nil)
        continue
      }
      operandIndices.append(tensors.count)
      let start = bytes.count
      if operand.isConstant { bytes += operand.bytes }
      tensors.append(
        Self.tensor(operand, name: "operand \(tensors.count)", constant: operand.isConstant ? start..<bytes.count : nil)
      )
    }
    let inputIndices = tensors.indices.filter { tensors[$0].constant == nil }
    inputs = operands.compactMap { $0 }.filter { !$0.isConstant }.map(\.bytes)
    let outputs = results.indices.map { tensors.count + $0 }
    for result in results {
      let declared = Operand(type: result.type, shape: [], quantization: result.quantization, bytes: [])
      tensors.append(Self.tensor(declared, name: "result", constant: nil))
    }
    types = results.map(\.type)
    let node = Operator(code: code, version: 1, inputs: operandIndices, outputs: outputs, options: options)
    let main = Subgraph(name: "", tensors: tensors, operators: [node], inputs: inputIndices, outputs: outputs)
    model = Model(bytes: bytes, description: "", main: main, subgraphCount: 1, metadata: [:])
  }

  private static func tensor(_ operand: Operand, name: String, constant: Range<Int>?) -> Tensor {
    Tensor(
      name: name, type: operand.type, shape: operand.shape, hasShape: true, shapeSignature: nil, constant: constant,
      quantization: operand.quantization, sparsity: operand.sparsity, isVariable: false)
  }

  /// The raw results.
  func run() throws -> [[UInt8]] {
    try ReferenceInterpreter(model: model).run(inputs: inputs)
  }

  /// Each result as integers of its type.
  func integers() throws -> [[Int]] {
    zip(try run(), types).map { bytes, type in
      switch type {
      case .int8: bytes.map { Int(Int8(bitPattern: $0)) }
      case .int16:
        stride(from: 0, to: bytes.count, by: 2).map {
          Int(Int16(truncatingIfNeeded: Int(bytes[$0]) | Int(bytes[$0 + 1]) << 8))
        }
      case .int32: floats(bytes).map { Int(Int32(bitPattern: $0.bitPattern)) }
      default: bytes.map { Int($0) }
      }
    }
  }
}

/// The integers of the first result.
func integers(
  _ code: BuiltinOperator, _ options: OperatorOptions = .none, _ operands: [Operand?], _ result: Result = .int8()
) throws -> [Int] {
  try OneOperator(.builtin(code), options, operands, [result]).integers()[0]
}

/// The floats of the first result.
func reals(_ code: BuiltinOperator, _ options: OperatorOptions = .none, _ operands: [Operand?]) throws -> [Float] {
  floats(try OneOperator(.builtin(code), options, operands, [.float]).run()[0])
}

/// What is thrown, as text.
func failure(
  _ code: BuiltinOperator, _ options: OperatorOptions = .none, _ operands: [Operand?], _ result: Result = .int8()
) -> String {
  do {
    _ = try OneOperator(.builtin(code), options, operands, [result]).run()
    return "nothing thrown"
  } catch {
    return "\(error)"
  }
}

/// The options of a convolution that keeps the size of its input.
func convolutionOptions(
  _ padding: Padding = .valid, stride: Int = 1, dilation: Int = 1, activation: Activation = .none
) -> ConvolutionOptions {
  ConvolutionOptions(
    padding: padding, strideHeight: stride, strideWidth: stride, dilationHeight: dilation, dilationWidth: dilation,
    activation: activation)
}
