import TFLite

/// RESHAPE, SQUEEZE, EXPAND_DIMS: another view of the same bytes; SHAPE: numbers known at compilation.
extension Compiler {
  mutating func compileReshape(_ node: Node) throws(CompilationError) {
    let source = try input(0, of: node)
    var wanted: [Int]
    if try optionalInput(1, of: node) != nil {
      wanted = try integers(of: 1, node)
    } else if case .reshape(let shape) = node.options {
      wanted = shape
    } else {
      throw node.mismatch("it says no new shape")
    }
    // Old converters write a scalar's shape as [0].
    if wanted == [0] { wanted = [] }
    let count = self[source].elementCount
    let unknown = wanted.indices.filter { wanted[$0] == -1 }
    var known = 1
    for size in wanted where size != -1 {
      let (product, overflow) = known.multipliedReportingOverflow(by: size)
      known = overflow ? 0 : product
    }
    try node.check(
      unknown.count <= 1 && known > 0 && count % known == 0 && (unknown.count == 1 || known == count),
      "\(count) elements of shape \(self[source].shape) cannot take the shape \(wanted)")
    if let index = unknown.first { wanted[index] = count / known }
    try view(source, shape: wanted, node)
  }

  mutating func compileSqueeze(_ node: Node) throws(CompilationError) {
    let source = try input(0, of: node)
    let shape = self[source].shape
    var dropped: Set<Int> = []
    if case .squeeze(let dimensions) = node.options {
      for dimension in dimensions { dropped.insert(try axis(dimension, rank: shape.count, node)) }
    }
    if dropped.isEmpty { dropped = Set(shape.indices.filter { shape[$0] == 1 }) }
    try node.check(dropped.allSatisfy { shape[$0] == 1 }, "only dimensions of size 1 can go from the shape \(shape)")
    try view(source, shape: shape.indices.filter { !dropped.contains($0) }.map { shape[$0] }, node)
  }

  mutating func compileExpandDimensions(_ node: Node) throws(CompilationError) {
    let source = try input(0, of: node)
    let axes = try integers(of: 1, node)
    try node.check(axes.count == 1, "it wants one axis, not \(axes.count)")
    var shape = self[source].shape
    shape.insert(1, at: try axis(axes[0], rank: shape.count + 1, node))
    try view(source, shape: shape, node)
  }

  mutating func compileShape(_ node: Node) throws(CompilationError) {
    let shape = self[try input(0, of: node)].shape
    let isWide = node.outputs.first.map { model.main.tensors[$0].type } == .int64
    try defineConstant(shape, isWide: isWide, node)
  }

  /// Gives the result numbers that are known now.
  private mutating func defineConstant(_ numbers: [Int], isWide: Bool, _ node: Node) throws(CompilationError) {
    let result = try define(of: node, type: isWide ? .int64 : .int32, shape: [numbers.count])
    let memory =
      isWide
      ? AlignedMemory(copying: numbers.map(Int64.init))
      : AlignedMemory(copying: numbers.map { Int32(truncatingIfNeeded: $0) })
    values[result.index].constant = .memory(memory)
  }

  /// BROADCAST_ARGS: the shape that two shapes broadcast to.
  mutating func compileBroadcastArguments(_ node: Node) throws(CompilationError) {
    var (a, b) = (try integers(of: 0, node), try integers(of: 1, node))
    let (type, operands) = (self[try input(0, of: node)].type, (a, b))
    a.insert(contentsOf: [Int](repeating: 1, count: max(0, b.count - a.count)), at: 0)
    b.insert(contentsOf: [Int](repeating: 1, count: max(0, a.count - b.count)), at: 0)
    try node.check(
      zip(a, b).allSatisfy { $0 == $1 || $0 == 1 || $1 == 1 },
      "the shapes \(operands.0) and \(operands.1) do not broadcast")
    let shape = zip(a, b).map { $0 == 1 ? $1 : $0 }
    try defineConstant(shape, isWide: type == .int64, node)
  }

  /// Defines the result as the operand's bytes in another shape.
  private mutating func view(_ source: Operand, shape: [Int], _ node: Node) throws(CompilationError) {
    _ = try movable(source, node)
    let result = try define(of: node, type: self[source].type, shape: shape, like: source)
    try share(source, with: result)
  }
}
