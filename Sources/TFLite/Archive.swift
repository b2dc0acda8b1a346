/// The zip archive that may lie behind a model, with the files that its metadata names.
///
/// Source: PKWARE's APPNOTE.TXT, sections 4.3.7, 4.3.12 and 4.3.16. Members are read where they are stored; compressed
/// or encrypted ones are refused.
public struct Archive {
  private let bytes: [UInt8]
  /// Where the first entry of the directory stands.
  private let directory: Int
  private let entryCount: Int
  /// Where the record stands that ends the archive.
  private let end: Int
  /// Where the archive's own offsets count from: the start of the file, or of the archive within it.
  private let base: Int

  /// Finds the archive at the end of a file.
  public init(behind bytes: [UInt8]) throws(ModelError) {
    self.bytes = bytes
    guard let end = Self.endRecord(bytes) else { throw .missing(.archive, what: "The archive itself") }
    self.end = end
    let record = Reader(bytes: bytes, at: end)
    entryCount = Int(try record.number(10, UInt16.self))
    let size = Int(try record.number(12, UInt32.self))
    let offset = Int(try record.number(16, UInt32.self))
    guard entryCount <= ModelLimits.archiveMembers else {
      throw .tooBig(
        .archive, what: "the number of members", count: entryCount, limit: ModelLimits.archiveMembers)
    }
    directory = end - size
    base = directory - offset
    guard directory >= 0, base >= 0 else {
      throw .offsetOutOfBounds(.archive, what: "the directory", offset: end, byteCount: bytes.count)
    }
  }

  /// The bytes of a stored member, which has at most `byteCountMax` of them.
  public func member(
    _ name: String, byteCountMax: Int = ModelLimits.archiveMemberByteCount
  ) throws(ModelError) -> [UInt8] {
    var position = directory
    for _ in 0..<entryCount {
      let entry = Reader(bytes: bytes, at: position)
      guard try entry.number(0, UInt32.self) == 0x0201_4B50 else {
        throw .mismatch(.archive, what: "No directory entry stands at byte \(position)")
      }
      let nameCount = Int(try entry.number(28, UInt16.self))
      let skipped = Int(try entry.number(30, UInt16.self)) + Int(try entry.number(32, UInt16.self))
      if try entry.bytes(46, count: nameCount).elementsEqual(name.utf8) {
        return try content(of: entry, name, byteCountMax)
      }
      position += 46 + nameCount + skipped
    }
    throw .missing(.archive, what: "The file \"\(name)\"")
  }

  /// The archive alone, for a file in which it begins at byte `start`.
  func moved(to start: Int) throws(ModelError) -> [UInt8] {
    var offsets: [(field: Int, value: Int)] = []
    var first = directory
    var position = directory
    for _ in 0..<entryCount {
      let entry = Reader(bytes: bytes, at: position)
      let header = base + Int(try entry.number(42, UInt32.self))
      guard try Reader(bytes: bytes, at: header).number(0, UInt32.self) == 0x0403_4B50 else {
        throw .mismatch(.archive, what: "A file's header is not where its directory says")
      }
      offsets.append((position + 42, header))
      first = min(first, header)
      position += 46
      for length in [28, 30, 32] { position += Int(try entry.number(length, UInt16.self)) }
    }
    offsets.append((end + 16, directory))
    var moved = Array(bytes[first...])
    for (field, value) in offsets {
      withUnsafeBytes(of: UInt32(truncatingIfNeeded: start + value - first).littleEndian) {
        for (index, byte) in $0.enumerated() { moved[field - first + index] = byte }
      }
    }
    return moved
  }

  private func content(of entry: Reader, _ name: String, _ byteCountMax: Int) throws(ModelError) -> [UInt8] {
    let isEncrypted = try entry.number(8, UInt16.self) & 1 != 0
    guard try entry.number(10, UInt16.self) == 0, !isEncrypted else {
      throw .unsupported(.archive, what: "The file \"\(name)\" is compressed or encrypted, which")
    }
    let count = Int(try entry.number(24, UInt32.self))
    guard count <= byteCountMax else {
      throw .tooBig(.archive, what: "the size of \"\(name)\" in bytes", count: count, limit: byteCountMax)
    }
    let header = Reader(bytes: bytes, at: base + Int(try entry.number(42, UInt32.self)))
    guard try header.number(0, UInt32.self) == 0x0403_4B50 else {
      throw .mismatch(.archive, what: "The header of \"\(name)\" is not where its directory says")
    }
    let start = 30 + Int(try header.number(26, UInt16.self)) + Int(try header.number(28, UInt16.self))
    let content = try header.bytes(start, count: count)
    guard Self.checksum(content) == (try entry.number(16, UInt32.self)) else {
      throw .mismatch(.archive, what: "The file \"\(name)\" does not have the checksum of its directory")
    }
    return Array(content)
  }

  /// Where the end record stands: 22 bytes and a comment of at most 65,535 before the end of the file.
  private static func endRecord(_ bytes: [UInt8]) -> Int? {
    guard bytes.count >= 22 else { return nil }
    let last = bytes.count - 22
    for position in stride(from: last, through: max(0, last - 65_535), by: -1)
    where bytes[position] == 0x50 && bytes[position + 1] == 0x4B && bytes[position + 2] == 5
      && bytes[position + 3] == 6
    {
      return position
    }
    return nil
  }

  /// CRC-32 with the reversed polynomial 0xEDB88320.
  private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    var sum = UInt32.max
    for byte in bytes {
      sum ^= UInt32(byte)
      for _ in 0..<8 { sum = sum & 1 == 0 ? sum >> 1 : sum >> 1 ^ 0xEDB8_8320 }
    }
    return ~sum
  }
}

/// Checked reads relative to a place in the archive.
private struct Reader {
  let bytes: [UInt8]
  let at: Int

  init(bytes: [UInt8], at position: Int) {
    self.bytes = bytes
    at = position
  }

  func number<Value: FixedWidthInteger>(_ offset: Int, _ type: Value.Type) throws(ModelError) -> Value {
    try bytes(offset, count: MemoryLayout<Value>.size).reversed().reduce(0) { $0 << 8 | Value($1) }
  }

  func bytes(_ offset: Int, count: Int) throws(ModelError) -> ArraySlice<UInt8> {
    let start = at + offset
    guard start >= 0, start + count <= bytes.count else {
      throw .cutShort(.archive, what: "an entry", offset: at, end: start + count, byteCount: bytes.count)
    }
    return bytes[start..<start + count]
  }
}
