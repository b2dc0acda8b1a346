extension ModelDraft {
  /// The bytes of a .tflite file of schema version 3.
  ///
  /// - Throws: `ModelError.unsupported` for an operator whose settings in the file could not be kept, and
  ///   `ModelError.tooBig` for a file past the limit.
  public func encoded() throws(ModelError) -> [UInt8] {
    var writer = ModelDraftWriter()
    let root = try writer.root(self)
    // References are 32-bit numbers, and whoever reads the file holds to the limit.
    let byteCount = writer.constantByteCount + 4096
    guard byteCount <= ModelLimits.byteCount else {
      throw .tooBig(.model, what: "the file's size in bytes", count: byteCount, limit: ModelLimits.byteCount)
    }
    var bytes = FlatBufferBuilder.file(root, identifier: "TFL3", byteCount: byteCount + byteCount / 16)
    if let archive { bytes += try Archive(behind: archive).moved(to: bytes.count) }
    return bytes
  }
}

/// Collects what the tables of a file refer to: operator codes and buffers.
private struct ModelDraftWriter {
  private struct Code: Hashable {
    let code: OperatorCode
    let version: Int
  }
  private struct Place: Hashable {
    let source: ObjectIdentifier
    let range: Range<Int>
  }

  private var codes: [Code] = []
  private var codeIndices: [Code: Int] = [:]
  /// The first buffer is the empty one that computed tensors name.
  private var buffers: [FlatBufferNode] = [.table([])]
  /// Constants that lie at one place are one buffer.
  private var bufferIndices: [Place: Int] = [:]
  private(set) var constantByteCount = 0

  mutating func root(_ draft: ModelDraft) throws(ModelError) -> FlatBufferNode {
    var graphs: [FlatBufferNode] = []
    for (index, graph) in draft.graphs.enumerated() { graphs.append(try node(graph, index)) }
    let metadata = draft.metadata.map { entry in
      FlatBufferNode.table(
        .reference(0, .string(entry.name)), .number(1, UInt32(buffer(entry.content))))
    }
    let signatures = draft.signatures.map(node)
    return .table(
      .number(0, UInt32(3)), .reference(1, .tables(codes.map(node))), .reference(2, .tables(graphs)),
      .reference(3, .string(draft.description)), .reference(4, .tables(buffers)),
      .reference(6, metadata.isEmpty ? nil : .tables(metadata)),
      .reference(7, signatures.isEmpty ? nil : .tables(signatures)))
  }

  private mutating func node(_ graph: GraphDraft, _ index: Int) throws(ModelError) -> FlatBufferNode {
    var operators: [FlatBufferNode] = []
    for (position, node) in graph.operators.enumerated() {
      guard node.original != .unknown else {
        throw .unsupported(
          .operator(position, subgraph: index), what: "Writing the settings that \(node.code.name) has in this file")
      }
      operators.append(self.node(node))
    }
    return .table(
      .reference(0, .tables(graph.tensors.map { node($0) })), .reference(1, .int32s(graph.inputs)),
      .reference(2, .int32s(graph.outputs)), .reference(3, .tables(operators)),
      .reference(4, graph.name.isEmpty ? nil : .string(graph.name)))
  }

  private mutating func node(_ tensor: TensorDraft) -> FlatBufferNode {
    constantByteCount += 64 + tensor.name.utf8.count
    return .table(
      .reference(0, tensor.shape.map { .int32s($0) }), .number(1, UInt8(tensor.type.rawValue)),
      .number(2, UInt32(tensor.constant.map { buffer($0) } ?? 0)), .reference(3, .string(tensor.name)),
      .reference(4, tensor.quantization.map(node)), .truth(5, tensor.isVariable),
      .reference(6, tensor.sparsity.map(node)), .reference(7, tensor.shapeSignature.map { .int32s($0) }),
      // Whether there is a rank: an empty shape may be a scalar's or no shape.
      .truth(8, tensor.shape?.isEmpty == true))
  }

  private mutating func buffer(_ constant: Constant) -> Int {
    let place = Place(source: ObjectIdentifier(constant.source), range: constant.range)
    if let index = bufferIndices[place] { return index }
    constantByteCount += constant.range.count + 32
    buffers.append(.table(.reference(0, .data(constant.source, constant.range))))
    bufferIndices[place] = buffers.count - 1
    return buffers.count - 1
  }

  private func node(_ quantization: Quantization) -> FlatBufferNode {
    .table(
      .reference(2, .floats(quantization.scales)), .reference(3, .int64s(quantization.zeroPoints)),
      .number(6, Int32(truncatingIfNeeded: quantization.axis)))
  }

  private func node(_ sparsity: Sparsity) -> FlatBufferNode {
    let dimensions = sparsity.dimensions.map { dimension in
      switch dimension {
      case .dense(let size): return FlatBufferNode.table(.number(1, Int32(truncatingIfNeeded: size)))
      case .sparse(let segments, let indices):
        let (segments, indices) = (sparseIndices(segments), sparseIndices(indices))
        return .table(
          .number(0, UInt8(1)), .number(2, segments.type), .reference(3, segments.node), .number(4, indices.type),
          .reference(5, indices.node))
      }
    }
    return .table(
      .reference(0, .int32s(sparsity.traversalOrder)), .reference(1, .int32s(sparsity.blockMap)),
      .reference(2, .tables(dimensions)))
  }

  /// A list of indices in the narrowest type that holds them, and its number in the schema's union.
  private func sparseIndices(_ values: [Int32]) -> (type: UInt8, node: FlatBufferNode) {
    let greatest = values.max() ?? 0
    if greatest <= UInt8.max { return (3, .table(.reference(0, .bytes(values.map { UInt8(truncatingIfNeeded: $0) })))) }
    if greatest <= UInt16.max { return (2, .table(.reference(0, .uint16s(values)))) }
    return (1, .table(.reference(0, .int32s(values.map { Int($0) }))))
  }

  private mutating func node(_ node: OperatorDraft) -> FlatBufferNode {
    constantByteCount += 64
    let code = Code(code: node.code, version: node.version)
    let index = codeIndices[code] ?? codes.count
    if index == codes.count {
      codes.append(code)
      codeIndices[code] = index
    }
    var type: UInt8 = 0
    var options: FlatBufferNode?
    var custom: FlatBufferNode?
    switch node.original {
    case .table(let table, let original): (type, options) = (original, .copy(table))
    case .custom(let bytes): custom = .bytes(bytes)
    case .unknown, nil: if let written = OptionsWriter(node: node).write() { (type, options) = written }
    }
    return .table(
      .number(0, UInt32(index)), .reference(1, .int32s(node.inputs.map { $0 ?? -1 })),
      .reference(2, .int32s(node.outputs)), .number(3, type), .reference(4, options), .reference(5, custom))
  }

  /// The number stands in two fields: old readers know the first alone, whose 8 bits end at 127.
  private func node(_ code: Code) -> FlatBufferNode {
    let (number, name): (Int, String?) =
      switch code.code {
      case .builtin(let builtin): (builtin.rawValue, nil)
      case .unnamed(let number): (number, nil)
      case .custom(let name): (BuiltinOperator.custom.rawValue, name)
      }
    return .table(
      .number(0, UInt8(min(number, 127))), .reference(1, name.map { .string($0) }),
      .number(2, Int32(truncatingIfNeeded: code.version), default: 1), .number(3, Int32(truncatingIfNeeded: number)))
  }

  private func node(_ signature: Signature) -> FlatBufferNode {
    func entries(_ entries: [Signature.Entry]) -> FlatBufferNode {
      .tables(entries.map { .table(.reference(0, .string($0.name)), .number(1, UInt32($0.tensor))) })
    }
    return .table(
      .reference(0, entries(signature.inputs)), .reference(1, entries(signature.outputs)),
      .reference(2, .string(signature.key)), .number(4, UInt32(signature.graph)))
  }
}
