/// A model that can be changed and written: everything that a file holds, with nothing checked against anything.
///
/// `encoded()` gives the bytes of a file, which `Model(parsing:)` checks as it checks any other.
public struct ModelDraft: Sendable {
  /// The free text of the file, for example "MLIR Converted.".
  public var description: String
  /// The graphs of the file; the first is the one that is run.
  public var graphs: [GraphDraft]
  /// The names by which callers find inputs and outputs.
  public var signatures: [Signature]
  /// Named buffers in the order of the file, for example "TFLITE_METADATA".
  public var metadata: [(name: String, content: Constant)]
  /// The archive with the files that the metadata names; nil where there is none.
  public var archive: [UInt8]?

  /// The graph that is run.
  public var main: GraphDraft {
    get { graphs[0] }
    set { graphs[0] = newValue }
  }

  /// Makes a model of one graph.
  public init(description: String, main: GraphDraft) {
    self.description = description
    graphs = [main]
    signatures = []
    metadata = []
  }
}

/// Bytes that lie in a file that was read, or in memory.
public struct Constant: Sendable {
  /// Where the bytes lie, perhaps among others.
  public let source: ModelBytes
  /// Which of them are meant.
  public let range: Range<Int>

  /// Takes a part of a file.
  public init(_ source: ModelBytes, _ range: Range<Int>) {
    self.source = source
    self.range = range
  }

  /// Takes bytes.
  public init(_ bytes: [UInt8]) { self.init(ModelBytes(bytes), 0..<bytes.count) }

  /// A copy of the bytes.
  public var bytes: [UInt8] { source[range] }
}

/// One graph of a model that can be changed.
public struct GraphDraft: Sendable {
  /// The name in the file, often empty.
  public var name: String
  /// All tensors; operators and the lists below name them by index.
  public var tensors: [TensorDraft]
  /// The operators in the order in which they run.
  public var operators: [OperatorDraft]
  /// Tensor indices of the inputs.
  public var inputs: [Int]
  /// Tensor indices of the outputs.
  public var outputs: [Int]

  /// Makes a graph.
  public init(name: String, tensors: [TensorDraft], operators: [OperatorDraft], inputs: [Int], outputs: [Int]) {
    self.name = name
    self.tensors = tensors
    self.operators = operators
    self.inputs = inputs
    self.outputs = outputs
  }

  /// Adds a tensor and gives its index.
  public mutating func add(_ tensor: TensorDraft) -> Int {
    tensors.append(tensor)
    return tensors.count - 1
  }
}

/// A tensor that can be changed; see `Tensor`.
public struct TensorDraft: Sendable {
  /// The name in the file.
  public var name: String
  /// The element type.
  public var type: ElementType
  /// The sizes, outermost first; nil where the file gives no shape at all.
  public var shape: [Int]?
  /// The shape with -1 for a dimension that the caller may choose.
  public var shapeSignature: [Int]?
  /// Little-endian elements; nil for a computed tensor.
  public var constant: Constant?
  /// How integers stand for reals.
  public var quantization: Quantization?
  /// How a sparse constant is laid out.
  public var sparsity: Sparsity?
  /// Whether the tensor keeps its value from one run to the next.
  public var isVariable: Bool

  /// Makes a dense tensor.
  public init(
    name: String, type: ElementType, shape: [Int]?, constant: Constant? = nil, quantization: Quantization? = nil
  ) {
    self.name = name
    self.type = type
    self.shape = shape
    self.constant = constant
    self.quantization = quantization
    isVariable = false
  }
}

/// An operator that can be changed; see `Operator`.
public struct OperatorDraft: Sendable {
  /// Which operator it is.
  public var code: OperatorCode
  /// The version in the file, by which other programs know whether they can run it.
  public var version: Int
  /// Tensor indices of the operands; nil for one that is left out.
  public var inputs: [Int?]
  /// Tensor indices of the results.
  public var outputs: [Int]
  /// The operator's settings. A change ends `original`, which would hold the old ones.
  public var options: OperatorOptions { didSet { original = nil } }
  /// The settings as the file had them, among them those that `options` has no place for.
  public private(set) var original: EncodedOptions?

  /// Makes an operator.
  public init(
    code: OperatorCode, version: Int = 1, inputs: [Int?], outputs: [Int], options: OperatorOptions = .none,
    original: EncodedOptions? = nil
  ) {
    self.code = code
    self.version = version
    self.inputs = inputs
    self.outputs = outputs
    self.options = options
    self.original = original
  }

  /// Which operator of the schema's list it is; nil for others.
  public var builtin: BuiltinOperator? {
    if case .builtin(let builtin) = code { return builtin }
    return nil
  }
}

/// An operator's settings in the form of the file.
public enum EncodedOptions: Sendable, Equatable {
  /// A table of numbers, and its type in the schema's union.
  case table(FlatTable, type: UInt8)
  /// The bytes of a custom operator.
  case custom([UInt8])
  /// Something that cannot be written again.
  case unknown
}

/// The names by which callers find a graph's inputs and outputs.
public struct Signature: Sendable, Equatable {
  /// A name and the index of its tensor.
  public struct Entry: Sendable, Equatable {
    /// What callers say.
    public var name: String
    /// The tensor in the signature's graph.
    public var tensor: Int
  }

  /// The signature's own name, mostly "serving_default".
  public var key: String
  /// The graph that it speaks of.
  public var graph: Int
  /// Names of inputs.
  public var inputs: [Entry]
  /// Names of outputs.
  public var outputs: [Entry]
}
