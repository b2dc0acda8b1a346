import TFLite

/// Reading what is known at compilation.
extension Compiler {
  /// The elements of a constant operand in the form in which steps read them, or nil where it is computed.
  ///
  /// Refuses a constant whose bytes are fewer than its shape needs, and one of another type.
  func constantElements<Element: BitwiseCopyable>(
    of operand: Operand, as type: Element.Type, _ node: Node
  ) throws(CompilationError) -> [Element]? {
    guard let constant = self[operand].constant else { return nil }
    try checkConstant(operand, node)
    let value = self[operand]
    guard value.byteCount == value.elementCount * MemoryLayout<Element>.stride else {
      throw node.unsupported("the constant \"\(value.name)\" is of \(value.type)")
    }
    switch constant {
    case .memory(let memory):
      return [Element](UnsafeBufferPointer(start: memory.elements(as: type), count: value.elementCount))
    case .file(let range, _):
      return model.bytes.withUnsafeBytes { bytes in
        let flip: UInt8 = value.isTwin ? 0x80 : 0
        return [Element](unsafeUninitializedCapacity: value.elementCount) { buffer, count in
          let target = UnsafeMutableRawBufferPointer(buffer)
          for index in 0..<value.byteCount { target[index] = bytes[range.lowerBound + index] ^ flip }
          count = value.elementCount
        }
      }
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
      guard dimension >= 0, !overflow else { throw node.mismatch("the shape \(value.shape) of \"\(value.name)\" is absurd") }
      total = product
    }
    try node.check(
      total == range.count,
      "the constant \"\(value.name)\" has \(range.count) bytes, but its shape \(value.shape) takes \(total)")
  }

  /// The numbers of a constant operand of int32 or int64: shapes, axes, paddings.
  func integers(of position: Int, _ node: Node) throws(CompilationError) -> [Int] {
    let operand = try input(position, of: node)
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

  /// The bytes of a constant at a fixed address in the steps' form. Its size has been checked.
  func materialize(_ operand: Operand) -> AlignedMemory {
    let value = self[root(of: operand)]
    switch value.constant {
    case .memory(let memory)?: return memory
    case .file(let range, _)?:
      let memory = AlignedMemory(byteCount: range.count)
      let flip: UInt8 = value.isTwin ? 0x80 : 0
      model.bytes.withUnsafeBytes { bytes in
        let target = memory.elements(as: UInt8.self)
        for index in 0..<range.count { target[index] = bytes[range.lowerBound + index] ^ flip }
      }
      return memory
    case nil: return AlignedMemory(byteCount: value.byteCount)
    }
  }
}
