import TFLite

/// CONCATENATION, PACK.
extension Compiler {
  mutating func compileConcatenation(_ node: Node) throws(CompilationError) {
    var number = 0
    if case .concatenation(let axis, let activation) = node.options {
      number = axis
      try node.checkType(activation == .none, "a fused activation is not computed here")
    }
    var operands: [Operand] = []
    for position in node.inputs.indices { operands.append(try input(position, of: node)) }
    guard let first = operands.first else { throw node.mismatch("it has no operand") }
    let axis = try axis(number, rank: self[first].shape.count, node)
    var shape = self[first].shape
    shape[axis] = 0
    for operand in operands {
      var others = self[operand].shape
      try node.check(others.count == shape.count, "operands of \(self[first].shape) and \(others) do not fit")
      shape[axis] += others[axis]
      others[axis] = self[first].shape[axis]
      try node.check(
        others == self[first].shape, "operands of \(self[first].shape) and \(self[operand].shape) do not fit")
    }
    let result = try define(of: node, type: self[first].type, shape: shape, like: first)
    try join(operands, in: result, axis: axis, shapes: operands.map { self[$0].shape }, shape: shape, node)
  }

  mutating func compilePack(_ node: Node) throws(CompilationError) {
    guard case .pack(let number, let count) = node.options else { throw node.mismatch("its settings are missing") }
    var operands: [Operand] = []
    for position in node.inputs.indices { operands.append(try input(position, of: node)) }
    guard let first = operands.first, operands.count == count else { throw node.mismatch("operands are missing") }
    var one = self[first].shape
    let axis = try axis(number, rank: one.count + 1, node)
    try node.check(operands.allSatisfy { self[$0].shape == one }, "its operands have different shapes")
    one.insert(1, at: axis)
    var shape = one
    shape[axis] = count
    let result = try define(of: node, type: self[first].type, shape: shape, like: first)
    try join(operands, in: result, axis: axis, shapes: [[Int]](repeating: one, count: count), shape: shape, node)
  }

  /// Copies operands behind each other along an axis of the result, rescaled where their scales differ.
  private mutating func join(
    _ operands: [Operand], in result: Operand, axis: Int, shapes: [[Int]], shape: [Int], _ node: Node
  ) throws(CompilationError) {
    let (_, size) = try movable(result, node)
    let to = Rearrangement.strides(of: shape, elementByteCount: size)
    var position = 0
    var sources: [Operand] = []
    var copies: [any Step] = []
    for (operand, part) in zip(operands, shapes) {
      try node.checkType(
        self[operand].type == self[result].type && self[operand].isTwin == self[result].isTwin,
        "its operands are of different types")
      let source = try rescaled(operand, like: result, node)
      let from = Rearrangement.strides(of: part, elementByteCount: size)
      let walk = Rearrangement(
        elementByteCount: size,
        axes: part.indices.map { .init(count: part[$0], sourceStride: from[$0], resultStride: to[$0]) },
        resultOffset: position * to[axis])
      sources.append(source)
      copies.append(Rearrange(source: source, result: result, walk: walk))
      position += part[axis]
    }
    try emit(copies, reading: sources, writing: [result])
  }

  /// The operand in the result's scale, as the reference joins legacy uint8 tensors. int8 ones must agree.
  private mutating func rescaled(
    _ operand: Operand, like result: Operand, _ node: Node
  ) throws(CompilationError) -> Operand {
    guard self[operand].type == .int8, self[result].quantization != nil else { return operand }
    let (from, to) = (try affine(of: operand, node), try affine(of: result, node))
    if from == to { return operand }
    try node.checkType(self[operand].isTwin, "operands of int8 must have the scale and zero point of the result")
    let scale = from.scale * (1 / to.scale)
    try node.checkType((scale * 256).isFinite, "the scales of operand and result make the factor \(scale)")
    let bias = -Float(from.zeroPoint + 128) * scale
    let table = LookupTable { raw in
      // In raw uint8 terms, where the reference rounds.
      let value = (Float(Int32(raw) + 128) * scale + bias).rounded(.toNearestOrAwayFromZero)
      let shifted = value + Float(to.zeroPoint + 128)
      return Int8(saturating: shifted - 128)
    }
    var value = self[operand]
    value.storage = nil
    value.constant = nil
    let converted = try makeValue(value, node)
    try emitLookup(table, source: operand, result: converted)
    return converted
  }
}
