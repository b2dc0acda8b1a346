/// Reads one subgraph: its tensors, then its operators, whose indices are checked against them.
struct SubgraphReader {
  let table: FlatBufferTable
  let index: Int
  /// The bytes of each buffer of the file.
  let buffers: [Range<Int>?]
  let codes: [(code: OperatorCode, version: Int)]

  func read() throws(ModelError) -> Subgraph {
    let tensors = try table.tables(0, "tensors", limit: ModelLimits.tensors, place: { .tensor($0, subgraph: index) }) {
      table throws(ModelError) in try TensorReader(table: table, buffers: buffers).read()
    }
    let operators = try table.tables(
      3, "operators", limit: ModelLimits.operators, place: { .operator($0, subgraph: index) }
    ) { table throws(ModelError) in try readOperator(table, tensors: tensors) }
    return Subgraph(
      name: try table.string(4, "the name") ?? "", tensors: tensors, operators: operators,
      inputs: try indices(table, 1, "input tensor", count: tensors.count),
      outputs: try indices(table, 2, "output tensor", count: tensors.count))
  }

  private func readOperator(_ table: FlatBufferTable, tensors: [Tensor]) throws(ModelError) -> Operator {
    let codeIndex = Int(try table.scalar(0, "the operator code", default: UInt32(0)))
    guard codeIndex < codes.count else {
      throw .indexOutOfBounds(table.place, what: "operator code", index: codeIndex, count: codes.count)
    }
    let (code, version) = codes[codeIndex]
    let inputs = try optionalIndices(table, 1, "input tensor", count: tensors.count)
    let outputs = try indices(table, 2, "output tensor", count: tensors.count)
    for output in outputs {
      guard tensors[output].constant == nil else {
        throw .mismatch(table.place, what: "Its result is tensor \(output), which is a constant")
      }
      guard !inputs.contains(output) else {
        throw .mismatch(table.place, what: "Tensor \(output) is both an operand and a result")
      }
    }
    let options = try OptionsReader(operatorTable: table).read(for: code)
    return Operator(code: code, version: version, inputs: inputs, outputs: outputs, options: options)
  }

  /// Tensor indices, all of which must exist.
  private func indices(
    _ table: FlatBufferTable, _ field: Int, _ what: String, count: Int
  ) throws(ModelError) -> [Int] {
    let list = try table.ints(field, "the number of \(what)s", limit: ModelLimits.operands) ?? []
    for value in list where value < 0 || value >= count {
      throw .indexOutOfBounds(table.place, what: what, index: value, count: count)
    }
    return list
  }

  /// Tensor indices, where -1 stands for an operand that is left out.
  private func optionalIndices(
    _ table: FlatBufferTable, _ field: Int, _ what: String, count: Int
  ) throws(ModelError) -> [Int?] {
    var result: [Int?] = []
    for value in try table.ints(field, "the number of \(what)s", limit: ModelLimits.operands) ?? [] {
      guard value >= -1, value < count else {
        throw .indexOutOfBounds(table.place, what: what, index: value, count: count)
      }
      result.append(value == -1 ? nil : value)
    }
    return result
  }
}
