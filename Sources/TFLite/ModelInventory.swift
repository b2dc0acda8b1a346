/// What the constants of a model's first graph take of its file, and what kind of numbers each operator computes with.
public struct ModelInventory: Sendable {
  /// One operator.
  public struct Entry: Sendable, Equatable {
    /// Bytes of the constants that it is the first to read. What an operator on constants alone reads, for example
    /// DEQUANTIZE of float16 weights, counts for the operator that reads its result.
    public let byteCount: Int
    /// For example "int8 per channel", "int16x8", "dynamic range", "float16 weights" or "float32".
    public let arithmetic: String
  }

  /// Constants of one kind.
  public struct Constants: Sendable, Equatable {
    /// The element type, with "per channel" where there are several scales.
    public let kind: String
    /// Bytes of all of them; one that several tensors share counts once.
    public let byteCount: Int
  }

  /// One for each operator, in the order of the file.
  public let entries: [Entry]
  /// The kind with the most bytes first.
  public let constants: [Constants]

  /// Counts.
  public init(_ model: Model) {
    let graph = model.main
    var seen: Set<Range<Int>> = []
    var byteCounts: [String: Int] = [:]
    for tensor in graph.tensors {
      guard let range = tensor.constant, seen.insert(range).inserted else { continue }
      byteCounts[tensor.kind, default: 0] += range.count
    }
    constants = byteCounts.map { Constants(kind: $0.key, byteCount: $0.value) }
      .sorted { ($1.byteCount, $0.kind) < ($0.byteCount, $1.kind) }
    entries = Self.entries(of: graph)
  }

  private static func entries(of graph: Subgraph) -> [Entry] {
    // The constants of which a tensor is made.
    var sources = graph.tensors.indices.map { graph.tensors[$0].constant == nil ? [] : [$0] }
    var counted: Set<Range<Int>> = []
    return graph.operators.map { node in
      let operands = node.inputs.compactMap { $0 }
      let isConstant = !operands.isEmpty && operands.allSatisfy { !sources[$0].isEmpty }
      let arithmetic = Arithmetic(node, in: graph, sources: sources).name
      guard !isConstant else {
        // What is put together of very many constants is not followed further.
        let joined = operands.flatMap { sources[$0] }.prefix(sourceCountMax)
        for output in node.outputs { sources[output] = Array(joined) }
        return Entry(byteCount: 0, arithmetic: arithmetic)
      }
      var byteCount = 0
      for source in operands.flatMap({ sources[$0] }) {
        guard let range = graph.tensors[source].constant, counted.insert(range).inserted else { continue }
        byteCount += range.count
      }
      return Entry(byteCount: byteCount, arithmetic: arithmetic)
    }
  }

  private static let sourceCountMax = 16
}

extension Tensor {
  /// The element type, with "per channel" where there are several scales.
  fileprivate var kind: String { quantization?.isPerAxis == true ? "\(type) per channel" : "\(type)" }
}

/// The kind of numbers that an operator computes with.
private struct Arithmetic {
  let name: String

  init(_ node: Operator, in graph: Subgraph, sources: [[Int]]) {
    let operands = node.inputs.compactMap { $0 }
    let computed = operands.first { sources[$0].isEmpty } ?? operands.first ?? node.outputs.first
    guard let computed else {
      name = "none"
      return
    }
    let type = graph.tensors[computed].type
    if let result = node.outputs.first, node.code == .builtin(.quantize) || node.code == .builtin(.dequantize) {
      name = "\(type) to \(graph.tensors[result].type)"
      return
    }
    let weights = Self.weights(of: node).flatMap { sources[$0].first }.map { graph.tensors[$0] }
    name = weights.map { Self.name(type, weights: $0) } ?? "\(type)"
  }

  /// The operand that is the weights of a layer.
  private static func weights(of node: Operator) -> Int? {
    switch node.code {
    case .builtin(.convolution2D), .builtin(.depthwiseConvolution2D), .builtin(.fullyConnected),
      .builtin(.transposeConv):
      node.inputs.count > 1 ? node.inputs[1] : nil
    default: nil
    }
  }

  private static func name(_ type: ElementType, weights: Tensor) -> String {
    let perChannel = weights.quantization?.isPerAxis == true ? " per channel" : ""
    switch (type, weights.type) {
    case (.float32, .float32): return "float32"
    case (.float32, .float16): return "float16 weights"
    case (.float32, .int8), (.float32, .uint8): return "dynamic range\(perChannel)"
    case (.int16, .int8): return "int16x8\(perChannel)"
    case (let type, let other) where type == other: return "\(type)\(perChannel)"
    default: return "\(type), weights \(weights.type)"
    }
  }
}
