import TFLite

/// Reading what is known at compilation.
extension Compiler {
  /// The elements of a constant operand in the form in which steps read them, or nil where it is computed.
  ///
  /// Refuses a constant whose bytes are fewer than its shape needs, and one of another type.
  func constantElements<Element: BitwiseCopyable>(
    of operand: Operand, as type: Element.Type, _ node: Node
  ) throws(CompilationError) -> [Element]? {
    let value = self[operand]
    guard let constant = value.constant else { return nil }
    try checkConstant(operand, node)
    guard value.byteCount == value.elementCount * MemoryLayout<Element>.stride else {
      throw node.unsupported("the constant \"\(value.name)\" is of \(value.type)")
    }
    return [Element](unsafeUninitializedCapacity: value.elementCount) { buffer, count in
      copy(constant, isTwin: value.isTwin, to: UnsafeMutableRawBufferPointer(buffer))
      count = value.elementCount
    }
  }

  /// The bytes of a constant operand in the form in which steps read them, or nil where it is computed.
  func constantBytes(of operand: Operand, _ node: Node) throws(CompilationError) -> [UInt8]? {
    let value = self[operand]
    guard let constant = value.constant else { return nil }
    try checkConstant(operand, node)
    return [UInt8](unsafeUninitializedCapacity: value.byteCount) { buffer, count in
      copy(constant, isTwin: value.isTwin, to: UnsafeMutableRawBufferPointer(buffer))
      count = value.byteCount
    }
  }

  /// Copies the bytes of a constant in the form in which steps read them.
  private func copy(_ constant: Constant, isTwin: Bool, to target: UnsafeMutableRawBufferPointer) {
    switch constant {
    case .memory(let memory): target.copyBytes(from: UnsafeRawBufferPointer(start: memory.start, count: target.count))
    case .file(let range, _):
      model.bytes.read(at: range.lowerBound, into: UnsafeMutableRawBufferPointer(rebasing: target[..<range.count]))
      if isTwin { for index in target.indices { target[index] ^= 0x80 } }
    case .float16(let range):
      let floats = target.assumingMemoryBound(to: Float.self)
      model.bytes.readFloat16(
        at: range.lowerBound, into: UnsafeMutableBufferPointer(rebasing: floats[..<(range.count / 2)]))
    }
  }

  /// The weights of a layer, to be packed; refuses those that are computed, or of another type.
  func weightSource(
    _ weights: Operand, as type: ElementType, _ node: Node
  ) throws(CompilationError) -> WeightSource {
    let value = self[weights]
    try checkConstant(weights, node)
    try node.checkType(value.type == type, "\"\(value.name)\" is of \(value.type), not of \(type)")
    switch value.constant {
    case .file(let range, _)?:
      return WeightSource(
        place: .file(model.bytes, offset: range.lowerBound, isTwin: value.isTwin), buffer: readBuffer)
    case .float16(let range)?:
      return WeightSource(place: .float16(model.bytes, offset: range.lowerBound), buffer: readBuffer)
    case .memory(let memory)?: return WeightSource(place: .memory(memory), buffer: readBuffer)
    case nil:
      throw node.unsupported("the weights are computed while the model runs; they must be constant here")
    }
  }

  /// int8 weights that are still to be packed; nil where a cache has them packed.
  func weightsToPack(_ weights: Operand, _ node: Node) throws(CompilationError) -> WeightSource? {
    if packed.areFilled, self[weights].constant != nil { return nil }
    return try weightSource(weights, as: .int8, node)
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
    case .file(let range, _)?: return try copied(owner, .file(range, sparsity: nil), byteCount: range.count)
    case .float16(let range)?: return try copied(owner, .float16(range), byteCount: 2 * range.count)
    case nil: return AlignedMemory(byteCount: value.byteCount)
    }
  }

  private mutating func copied(
    _ owner: Operand, _ constant: Constant, byteCount: Int
  ) throws(CompilationError) -> AlignedMemory {
    try countConstant(bytes: byteCount)
    let memory = AlignedMemory(byteCount: byteCount)
    copy(
      constant, isTwin: values[owner.index].isTwin,
      to: UnsafeMutableRawBufferPointer(start: memory.start, count: byteCount))
    values[owner.index].constant = .memory(memory)
    return memory
  }
}
