/// A .tflite file, read and checked: what the file says, and nothing about how it is computed.
///
/// Every index held here is in bounds: an operator's tensors exist, a tensor's constant bytes lie within `bytes`.
/// Source: the FlatBuffer schema of TensorFlow Lite, version 3.
public struct Model: Sendable {
  /// The file itself. Constants are ranges of it; they may lie at any alignment.
  public let bytes: ModelBytes
  /// The free text of the file, for example "MLIR Converted.".
  public let description: String
  /// The first subgraph: the one that is run.
  public let main: Subgraph
  /// The number of subgraphs in the file. Those after the first serve control flow, which is not run here.
  public let subgraphCount: Int
  /// Named metadata buffers, as ranges of `bytes`, for example "TFLITE_METADATA".
  public let metadata: [String: Range<Int>]

  /// Makes a model of parts that the reader checked.
  public init(
    bytes: ModelBytes, description: String, main: Subgraph, subgraphCount: Int, metadata: [String: Range<Int>]
  ) {
    self.bytes = bytes
    self.description = description
    self.main = main
    self.subgraphCount = subgraphCount
    self.metadata = metadata
  }

  /// Makes a model of parts that are known to fit together, for example in a test.
  public init(
    bytes: [UInt8], description: String, main: Subgraph, subgraphCount: Int, metadata: [String: Range<Int>]
  ) {
    self.init(
      bytes: ModelBytes(bytes), description: description, main: main, subgraphCount: subgraphCount, metadata: metadata)
  }

  /// Calls `body` with the constant bytes of a tensor, or returns nil where the tensor is computed.
  ///
  /// The bytes are little-endian elements at no particular alignment: read them with `loadUnaligned`.
  public func withConstantBytes<Result>(
    of tensor: Tensor, _ body: (UnsafeRawBufferPointer) -> Result
  ) -> Result? {
    guard let range = tensor.constant else { return nil }
    return bytes.withUnsafeBytes(in: range, body)
  }
}

/// One graph of a model: tensors, and the operators in the order in which they run.
public struct Subgraph: Sendable {
  /// The name in the file, often empty.
  public let name: String
  /// All tensors; operators and the lists below name them by index.
  public let tensors: [Tensor]
  /// The operators in the order in which they run.
  public let operators: [Operator]
  /// Tensor indices of the inputs, in the order of the file.
  public let inputs: [Int]
  /// Tensor indices of the outputs, in the order of the file. An output may be an input or a constant.
  public let outputs: [Int]

  /// Makes a subgraph of parts that the reader checked.
  public init(name: String, tensors: [Tensor], operators: [Operator], inputs: [Int], outputs: [Int]) {
    self.name = name
    self.tensors = tensors
    self.operators = operators
    self.inputs = inputs
    self.outputs = outputs
  }
}
