extension ModelDraft {
  /// Reads a file with all that is needed to write it again.
  ///
  /// What is not kept: ranges that converters note beside a quantization, and text for debuggers.
  public init(parsing bytes: ModelBytes) throws(ModelError) {
    let model = try Model(parsing: bytes)
    let root = try FlatBuffer(bytes, in: 0..<bytes.count).root(.model)
    let buffers = try Model.buffers(of: root)
    let codes = try Model.operatorCodes(of: root)
    var graphs: [GraphDraft] = []
    for (index, table) in try root.tables(2, "subgraphs", limit: ModelLimits.subgraphs, place: { .subgraph($0) })
      .enumerated()
    {
      let graph = try SubgraphReader(table: table, index: index, buffers: buffers, codes: codes).read()
      let operators = try table.tables(3, "operators", limit: ModelLimits.operators) { .operator($0, subgraph: index) }
      graphs.append(try GraphDraft(graph, operators, bytes))
    }
    self.init(description: model.description, main: graphs[0])
    self.graphs = graphs
    signatures = try Self.signatures(of: root, graphs: graphs)
    metadata = model.metadata.sorted { $0.value.lowerBound < $1.value.lowerBound }
      .map { (name: $0.key, content: Constant(bytes, $0.value)) }
    if model.metadata["TFLITE_METADATA"] != nil { archive = try? Archive(behind: bytes.array).moved(to: 0) }
  }

  private static func signatures(of root: FlatBufferTable, graphs: [GraphDraft]) throws(ModelError) -> [Signature] {
    var signatures: [Signature] = []
    for table in try root.tables(7, "signatures", limit: ModelLimits.metadata, place: { _ in .model }) {
      let graph = Int(try table.scalar(4, "the subgraph", default: UInt32(0)))
      guard graphs.indices.contains(graph) else {
        throw .indexOutOfBounds(.model, what: "subgraph", index: graph, count: graphs.count)
      }
      let count = graphs[graph].tensors.count
      signatures.append(
        Signature(
          key: try table.string(2, "the signature's name") ?? "", graph: graph,
          inputs: try entries(of: table, 0, tensorCount: count), outputs: try entries(of: table, 1, tensorCount: count))
      )
    }
    return signatures
  }

  private static func entries(
    of table: FlatBufferTable, _ field: Int, tensorCount: Int
  ) throws(ModelError) -> [Signature.Entry] {
    var entries: [Signature.Entry] = []
    for entry in try table.tables(field, "the signature's entries", limit: ModelLimits.operands, place: { _ in .model })
    {
      let tensor = Int(try entry.scalar(1, "the tensor", default: UInt32(0)))
      guard tensor < tensorCount else {
        throw .indexOutOfBounds(.model, what: "tensor", index: tensor, count: tensorCount)
      }
      entries.append(Signature.Entry(name: try entry.string(0, "the entry's name") ?? "", tensor: tensor))
    }
    return entries
  }
}

extension GraphDraft {
  fileprivate init(_ graph: Subgraph, _ tables: [FlatBufferTable], _ bytes: ModelBytes) throws(ModelError) {
    var operators: [OperatorDraft] = []
    for (node, table) in zip(graph.operators, tables) {
      operators.append(
        OperatorDraft(
          code: node.code, version: node.version, inputs: node.inputs, outputs: node.outputs, options: node.options,
          original: try EncodedOptions(of: table)))
    }
    self.init(
      name: graph.name, tensors: graph.tensors.map { TensorDraft($0, bytes) }, operators: operators,
      inputs: graph.inputs, outputs: graph.outputs)
  }
}

extension TensorDraft {
  fileprivate init(_ tensor: Tensor, _ bytes: ModelBytes) {
    self.init(
      name: tensor.name, type: tensor.type, shape: tensor.hasShape ? tensor.shape : nil,
      constant: tensor.constant.map { Constant(bytes, $0) }, quantization: tensor.quantization)
    shapeSignature = tensor.shapeSignature
    sparsity = tensor.sparsity
    isVariable = tensor.isVariable
  }
}

extension EncodedOptions {
  /// Options tables that hold lists or texts: CONCAT_EMBEDDINGS, RESHAPE, SQUEEZE, VAR_HANDLE, BUCKETIZE.
  private static let withReferences: Set<UInt8> = [3, 17, 30, 111, 115]

  /// What an operator's entry in the file says beside its operands; nil where it says nothing, or where
  /// `OperatorOptions` holds all of it.
  fileprivate init?(of table: FlatBufferTable) throws(ModelError) {
    // Variables that an operator changes, intermediate tensors, options of the second union, and those outside.
    for field in [7, 8, 10, 12] where try table.field(field) != nil {
      if field < 9, try table.vector(field, "tensors", width: 1)?.count == 0 { continue }
      self = .unknown
      return
    }
    if let bytes = try table.numbers(
      5, "the custom options", as: UInt8.self, limit: ModelLimits.customOptionsByteCount),
      !bytes.isEmpty
    {
      self = .custom(bytes)
      return
    }
    let type = try table.scalar(3, "the options' type", default: UInt8(0))
    guard type != 0, let options = try table.table(4, "the options") else { return nil }
    if Self.withReferences.contains(type) {
      if type == 17 || type == 30 { return nil }
      self = .unknown
    } else {
      self = .table(try FlatTable(copying: options), type: type)
    }
  }
}
