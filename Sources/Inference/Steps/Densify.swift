import TFLite

/// DENSIFY, and sparse constants that an operator reads itself: laid out in full at compilation.
extension Compiler {
  mutating func compileDensify(_ node: Node) throws(CompilationError) {
    let source = try input(0, of: node)
    guard let output = node.outputs.first, !values[output].isDefined else { throw node.mismatch("it has no result") }
    guard self[source].constant != nil else { throw node.mismatch("\"\(self[source].name)\" is not constant") }
    let declared = values[output].quantization
    values[output] = self[source]
    values[output].quantization = declared ?? self[source].quantization
    try share(source, with: Operand(index: output))
  }

  /// Lays the sparse constants among an operator's operands out in full.
  mutating func densifyOperands(of node: Node) throws(CompilationError) {
    for case let index? in node.inputs {
      guard case .file(let range, let sparsity?)? = values[index].constant else { continue }
      values[index].constant = .memory(try densified(values[index], range, sparsity, node))
    }
  }

  private mutating func densified(
    _ value: Value, _ range: Range<Int>, _ sparsity: Sparsity, _ node: Node
  ) throws(CompilationError) -> AlignedMemory {
    guard let size = value.type.byteCount, [.float32, .float16, .int8].contains(value.type) else {
      throw node.unsupported("sparse constants of \(value.type) are not read here")
    }
    var total = size
    for dimension in value.shape {
      let (product, overflow) = total.multipliedReportingOverflow(by: dimension)
      total = overflow || dimension < 0 ? .max : product
    }
    guard total <= options.tensorByteLimit else { throw .tooBig("the sparse constant \"\(value.name)\" is too big") }
    try countConstant(bytes: total)
    let walk = try SparseWalk(sparsity, shape: value.shape, node)
    let memory = AlignedMemory(byteCount: total)
    // Absent elements are zero: for a twin of uint8 that is the raw 0.
    let flip: UInt8 = value.isTwin ? 0x80 : 0
    let target = memory.elements(as: UInt8.self)
    if value.isTwin { target.update(repeating: flip, count: total) }
    let stored = range.count / size
    var position = 0
    let isComplete = model.bytes.withUnsafeBytes(in: range) { bytes in
      walk.forEachStored { element in
        guard position < stored else { return false }
        for byte in 0..<size { target[element * size + byte] = bytes[position * size + byte] ^ flip }
        position += 1
        return true
      }
    }
    try node.check(
      isComplete && position == stored, "\"\(value.name)\" stores \(stored) elements, its index speaks of others")
    return memory
  }
}

/// Visits the stored elements of a sparse constant in their order.
struct SparseWalk {
  private let sparsity: Sparsity
  /// For each level of the walk how far its index moves the position in the full layout, in elements.
  private let strides: [Int]
  private let elementCount: Int

  /// Checks that the description covers the shape.
  init(_ sparsity: Sparsity, shape: [Int], _ node: Node) throws(CompilationError) {
    self.sparsity = sparsity
    let levels = sparsity.traversalOrder.count
    try node.check(
      levels == shape.count + sparsity.blockMap.count && sparsity.dimensions.count == levels
        && Set(sparsity.traversalOrder) == Set(0..<levels) && sparsity.blockMap.allSatisfy(shape.indices.contains)
        && Set(sparsity.blockMap).count == sparsity.blockMap.count && shape.allSatisfy { $0 > 0 },
      "its sparse index does not fit the shape \(shape)")
    let full = Rearrangement.strides(of: shape, elementByteCount: 1)
    var blockSizes = [Int](repeating: 1, count: shape.count)
    for (level, dimension) in zip(sparsity.traversalOrder, sparsity.dimensions) where level >= shape.count {
      guard case .dense(let size) = dimension, size > 0, size <= shape[sparsity.blockMap[level - shape.count]] else {
        throw node.mismatch("a block of its sparse index is not dense")
      }
      blockSizes[sparsity.blockMap[level - shape.count]] = size
    }
    for (level, dimension) in zip(sparsity.traversalOrder, sparsity.dimensions) where level < shape.count {
      guard case .dense(let size) = dimension else { continue }
      try node.check(
        (0...shape[level]).contains(size) && size * blockSizes[level] == shape[level],
        "its sparse index does not fit the shape \(shape)")
    }
    strides = sparsity.traversalOrder.map { level in
      level < shape.count ? full[level] * blockSizes[level] : full[sparsity.blockMap[level - shape.count]]
    }
    elementCount = shape.reduce(1, *)
  }

  /// Calls `body` with the position of each stored element; ends early, with false, where it returns false or an
  /// index is wrong.
  func forEachStored(_ body: (Int) -> Bool) -> Bool {
    descend(level: 0, index: 0, position: 0, body)
  }

  private func descend(level: Int, index: Int, position: Int, _ body: (Int) -> Bool) -> Bool {
    guard level < sparsity.dimensions.count else { return position < elementCount && body(position) }
    switch sparsity.dimensions[level] {
    case .dense(let size):
      for step in 0..<size {
        let next = position + step * strides[level]
        guard next < elementCount, descend(level: level + 1, index: index * size + step, position: next, body) else {
          return false
        }
      }
    case .sparse(let segments, let indices):
      guard index + 1 < segments.count, segments[index] >= 0, segments[index] <= segments[index + 1],
        Int(segments[index + 1]) <= indices.count
      else { return false }
      for entry in Int(segments[index])..<Int(segments[index + 1]) {
        guard indices[entry] >= 0 else { return false }
        let (offset, overflow) = Int(indices[entry]).multipliedReportingOverflow(by: strides[level])
        guard !overflow, position + offset < elementCount,
          descend(level: level + 1, index: entry, position: position + offset, body)
        else { return false }
      }
    }
    return true
  }
}
