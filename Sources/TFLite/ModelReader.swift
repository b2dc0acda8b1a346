extension Model {
  /// Reads a .tflite file of schema version 3.
  ///
  /// Every offset, length and index in the file is checked before it is used; any bytes at all give a model or an
  /// error. What is read of operators and tensors beyond that is what TensorFlow Lite itself accepts, and whether an
  /// operator can be run is not judged here.
  public init(parsing bytes: [UInt8]) throws(ModelError) { try self.init(parsing: ModelBytes(bytes)) }

  /// Reads a .tflite file of schema version 3, and of its constants nothing yet.
  public init(parsing bytes: ModelBytes) throws(ModelError) {
    try Self.checkHeader(bytes)
    let root = try FlatBuffer(bytes, in: 0..<bytes.count).root(.model)
    let version = try root.scalar(0, "the schema version", default: UInt32(0))
    guard version == 3 else { throw .wrongVersion(version) }

    let buffers = try Self.buffers(of: root)
    let codes = try Self.operatorCodes(of: root)
    let tables = try root.tables(2, "subgraphs", limit: ModelLimits.subgraphs) { .subgraph($0) }
    var main: Subgraph?
    for (index, table) in tables.enumerated() {
      let subgraph = try SubgraphReader(table: table, index: index, buffers: buffers, codes: codes).read()
      main = main ?? subgraph
    }
    guard let main else { throw .missing(.model, what: "A subgraph, the network itself,") }
    self.init(
      bytes: bytes, description: try root.string(3, "the description") ?? "", main: main,
      subgraphCount: tables.count, metadata: try Self.metadata(of: root, buffers: buffers))
  }

  private static func checkHeader(_ bytes: ModelBytes) throws(ModelError) {
    guard bytes.count > 0 else { throw .empty }
    guard bytes.count <= ModelLimits.byteCount else {
      throw .tooBig(.model, what: "the file's size in bytes", count: bytes.count, limit: ModelLimits.byteCount)
    }
    let start = bytes[0..<min(bytes.count, 32)]
    if start.starts(with: Array("version https://git-lfs".utf8)) { throw .largeFilePointer }
    guard start.count >= 8 else {
      // The offset that a model begins with has bytes that no text has.
      if start.allSatisfy({ (0x20..<0x7F).contains($0) || (0x09...0x0D).contains($0) }) { throw .text(start) }
      throw .cutShort(.model, what: "the file identifier", offset: 4, end: 8, byteCount: bytes.count)
    }
    guard start[4..<8].elementsEqual("TFL3".utf8) else { throw .wrongIdentifier(found: Array(start[4..<8])) }
  }

  /// The bytes of each buffer; nil where a buffer has none.
  static func buffers(of root: FlatBufferTable) throws(ModelError) -> [Range<Int>?] {
    try root.tables(4, "buffers", limit: ModelLimits.buffers, place: { .buffer($0) }, read: bytes(ofBuffer:))
  }

  /// Constants lie in the FlatBuffer itself, or, in files that may grow past 2 GiB, behind it by offset and size.
  private static func bytes(ofBuffer table: FlatBufferTable) throws(ModelError) -> Range<Int>? {
    if let data = try table.vector(0, "the data", width: 1) { return data.start..<data.start + data.count }
    let offset = try table.scalar(1, "the offset", default: UInt64(0))
    let size = try table.scalar(2, "the size", default: UInt64(0))
    // The schema: only values above 1 are valid, 0 and 1 mean that there is nothing outside.
    guard offset > 1, size > 1 else { return nil }
    guard let start = Int(exactly: offset), let count = Int(exactly: size) else {
      throw .offsetOutOfBounds(
        table.place, what: "data behind the tables", offset: table.position, byteCount: table.buffer.range.upperBound)
    }
    try table.buffer.check(start, byteCount: count, named: table.position, "data behind the tables", table.place)
    return start..<start + count
  }

  static func operatorCodes(
    of root: FlatBufferTable
  ) throws(ModelError) -> [(code: OperatorCode, version: Int)] {
    var codes: [(code: OperatorCode, version: Int)] = []
    for table in try root.tables(1, "operator codes", limit: ModelLimits.operatorCodes, place: { .operatorCode($0) }) {
      // Old files have only the first field, whose 8 bits ended at 127; the larger of the two is the operator.
      let old = Int(try table.scalar(0, "the operator's old number", default: Int8(0)))
      let number = max(old, try table.int(3, "the operator's number"))
      let custom = try table.string(1, "the operator's name", limit: ModelLimits.operatorNameByteCount)
      let version = try table.int(2, "the operator's version", default: 1)
      let code: OperatorCode =
        switch BuiltinOperator(rawValue: number) {
        case .custom: .custom(custom ?? "")
        case .some(let builtin): .builtin(builtin)
        case nil: .unnamed(number)
        }
      codes.append((code, version))
    }
    return codes
  }

  private static func metadata(
    of root: FlatBufferTable, buffers: [Range<Int>?]
  ) throws(ModelError) -> [String: Range<Int>] {
    var metadata: [String: Range<Int>] = [:]
    for table in try root.tables(6, "metadata entries", limit: ModelLimits.metadata, place: { .metadata($0) }) {
      let index = Int(try table.scalar(1, "the buffer", default: UInt32(0)))
      guard index < buffers.count else {
        throw .indexOutOfBounds(table.place, what: "buffer", index: index, count: buffers.count)
      }
      guard let name = try table.string(0, "the name"), let range = buffers[index] else { continue }
      if metadata[name] == nil { metadata[name] = range }
    }
    return metadata
  }
}
