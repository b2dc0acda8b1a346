import TFLite

/// Reading what is known at compilation.
extension Compiler {
  /// The elements of a constant operand in the form in which steps read them, or nil where it is computed.
  ///
  /// Refuses a constant whose bytes are fewer than its shape needs, and one of another type.
  func constantElements<Element: BitwiseCopyable>(
    of operand: Operand, as type: Element.Type, _ node: Node
  ) throws(CompilationError) -> [Element]? {
    guard let bytes = try constantBytes(of: operand, node) else { return nil }
    let value = self[operand]
    guard bytes.count == value.elementCount * MemoryLayout<Element>.stride else {
      throw node.unsupported("the constant \"\(value.name)\" is of \(value.type)")
    }
    return [Element](unsafeUninitializedCapacity: value.elementCount) { buffer, count in
      UnsafeMutableRawBufferPointer(buffer).copyBytes(from: bytes)
      count = value.elementCount
    }
  }

  /// The bytes of a constant operand in the form in which steps read them, or nil where it is computed.
  func constantBytes(of operand: Operand, _ node: Node) throws(CompilationError) -> [UInt8]? {
    let value = self[operand]
    guard let constant = value.constant else { return nil }
    switch constant {
    case .memory(let memory):
      return [UInt8](UnsafeRawBufferPointer(start: memory.start, count: value.byteCount))
    case .file(let range, _):
      try checkConstant(operand, node)
      return value.isTwin ? model.bytes[range].map { $0 ^ 0x80 } : [UInt8](model.bytes[range])
    }
  }

  /// Refuses a constant that does not have the bytes of its shape.
  func checkConstant(_ operand: Operand, _ node: Node) throws(CompilationError) {
    let value = self[operand]
    guard case .file(let range, let sparsity)? = value.constant else { return }
    try node.checkType(sparsity == nil, "the constant \"\(value.name)\" is sparse, which DENSIFY alone reads")
    guard let size = value.type.byteCount else {
      throw node.unsupported("the constant \"\(value.name)\" is of \(value.type)")
    }
    var total = size
    for dimension in value.shape {
      let (product, overflow) = total.multipliedReportingOverflow(by: dimension)
      guard dimension >= 0, !overflow else {
        throw node.mismatch("the shape \(value.shape) of \"\(value.name)\" is absurd")
      }
      total = product
    }
    try node.check(
      total == range.count,
      "the constant \"\(value.name)\" has \(range.count) bytes, but its shape \(value.shape) takes \(total)")
  }

  /// The numbers of a constant operand of int32 or int64: shapes, axes, paddings. There may be none: the shape of a
  /// scalar.
  ///
  /// More than `limit` are refused; without it, more than two for each dimension that a tensor may have.
  func integers(
    of position: Int, _ node: Node, limit: Int = 2 * dimensionLimit
  ) throws(CompilationError) -> [Int] {
    guard let operand = try storedOptionalInput(position, of: node) else {
      throw node.mismatch("operand \(position) is missing")
    }
    let count = self[operand].elementCount
    try node.check(count <= limit, "operand \(position) has \(count) numbers where \(limit) at most make sense")
    switch self[operand].type {
    case .int32:
      if let elements = try constantElements(of: operand, as: Int32.self, node) { return elements.map { Int($0) } }
    case .int64:
      if let elements = try constantElements(of: operand, as: Int64.self, node) { return elements.map { Int($0) } }
    default:
      throw node.unsupported("operand \(position) is of \(self[operand].type) where int32 or int64 is wanted")
    }
    throw node.mismatch("operand \(position) is computed while the model runs; it must be constant here")
  }

  /// The bytes of a constant at a fixed address in the steps' form, made once. Its size has been checked.
  mutating func materialize(_ operand: Operand) throws(CompilationError) -> AlignedMemory {
    let owner = root(of: operand)
    let value = self[owner]
    switch value.constant {
    case .memory(let memory)?: return memory
    case .file(let range, _)?:
      try countConstant(bytes: range.count)
      let memory = AlignedMemory(byteCount: range.count)
      let flip: UInt8 = value.isTwin ? 0x80 : 0
      model.bytes.withUnsafeBytes { bytes in
        let target = memory.elements(as: UInt8.self)
        for index in 0..<range.count { target[index] = bytes[range.lowerBound + index] ^ flip }
      }
      values[owner.index].constant = .memory(memory)
      return memory
    case nil: return AlignedMemory(byteCount: value.byteCount)
    }
  }
}
