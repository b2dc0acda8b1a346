#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The form of a cache of packed weights. Numbers are 64-bit and little-endian:
///
///     magic, checksum of all words behind it in the header, bytes of the header
///     identity of the model's file (7), of the program's file (7)
///     SHA-256 of the model (4), name of the family (2, zeros behind it)
///     number of constants, and for each its offset in the file, its size and its checksum
///     zeros up to a page, where the body begins: the constants, each at a multiple of 64 bytes and with slack behind it
///
/// Every number is compared with the file before it is used.
struct CacheFile {
  let model: FileIdentity
  let engine: FileIdentity
  let hash: [UInt8]
  let family: String

  private let ranges: [Range<Int>]
  private let checksums: [UInt64]
  private let byteCount: Int

  /// "maskdpw1"
  private static let magic: UInt64 = 0x3177_7064_6B73_616D
  static let hashByteCount = 32
  private static let familyByteCount = 16
  private static let fixedWordCount = 3 + 2 * FileIdentity.wordCount + 4 + 2 + 1
  /// More than any program has, and few enough to read at once.
  private static let constantCountMax = 65_536
  /// The body begins at a multiple of every page size in use, so that it can be mapped.
  private static let pageByteCount = 64 << 10

  // MARK: Reading

  /// Reads and checks the header of a file of `byteCount` bytes.
  init?(reading descriptor: Int32, byteCount: Int) {
    self.byteCount = byteCount
    guard let start = Self.words(from: descriptor, count: Self.fixedWordCount), start[0] == Self.magic,
      let count = Int(exactly: start[Self.fixedWordCount - 1]), count <= Self.constantCountMax,
      let words = Self.words(from: descriptor, count: Self.fixedWordCount + 3 * count),
      words[1] == Self.checksum(words[2...]), let header = Int(exactly: words[2]),
      header % Self.pageByteCount == 0, header >= words.count * 8, header <= byteCount
    else { return nil }
    var rest = words[3...]
    model = FileIdentity(words: Self.take(FileIdentity.wordCount, from: &rest))
    engine = FileIdentity(words: Self.take(FileIdentity.wordCount, from: &rest))
    hash = Self.bytes(of: Self.take(Self.hashByteCount / 8, from: &rest))
    let name = Self.bytes(of: Self.take(Self.familyByteCount / 8, from: &rest))
    family = String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
    rest = rest.dropFirst()
    var ranges: [Range<Int>] = []
    var checksums: [UInt64] = []
    for _ in 0..<count {
      let entry = Self.take(3, from: &rest)
      guard let offset = Int(exactly: entry[0]), let size = Int(exactly: entry[1]), offset >= header, size > 0,
        offset % Arena.alignment == 0, offset <= byteCount, size <= byteCount - offset - Arena.slack
      else { return nil }
      ranges.append(offset..<offset + size)
      checksums.append(entry[2])
    }
    self.ranges = ranges
    self.checksums = checksums
  }

  /// The constants in memory; nil where one is not what was written.
  func constants(from descriptor: Int32, _ access: PackedWeightsCache.Access) -> StoredConstants? {
    let start: UnsafeMutableRawPointer?
    switch access {
    case .mapped: start = mmap(nil, byteCount, PROT_READ, MAP_PRIVATE | MAP_POPULATE, descriptor, 0)
    case .copied: start = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    }
    guard let start, start != MAP_FAILED else { return nil }
    // Unmaps on every way out.
    let constants = StoredConstants(mapping: start, byteCount: byteCount, ranges: ranges)
    for (range, checksum) in zip(ranges, checksums) {
      // Summed while what was read is still in the processor's caches.
      if access == .copied, !Self.read(descriptor, start + range.lowerBound, range) { return nil }
      let bytes = UnsafeRawBufferPointer(start: start + range.lowerBound, count: range.count)
      guard Checksum.of(bytes) == checksum else { return nil }
    }
    return constants
  }

  // MARK: Writing

  /// Writes a whole file; false where that fails.
  static func write(
    _ constants: [AlignedMemory], to descriptor: Int32, model: FileIdentity, hash: [UInt8], engine: FileIdentity,
    family: String
  ) -> Bool {
    guard constants.count <= constantCountMax, family.utf8.count < familyByteCount, hash.count == hashByteCount else {
      return false
    }
    let wordCount = fixedWordCount + 3 * constants.count
    let header = (wordCount * 8 + pageByteCount - 1) / pageByteCount * pageByteCount
    var words = [UInt64(header)] + model.words + engine.words
    words += Self.words(of: hash) + Self.words(of: Array(family.utf8), byteCount: familyByteCount)
    words.append(UInt64(constants.count))
    var offset = header
    for constant in constants {
      let bytes = UnsafeRawBufferPointer(start: constant.start, count: constant.byteCount)
      guard write(descriptor, bytes, at: offset) else { return false }
      words += [UInt64(offset), UInt64(bytes.count), Checksum.of(bytes)]
      offset += ArenaPlan.aligned(bytes.count + Arena.slack)
    }
    // The header last, and the end of the last constant's padding with it.
    words = ([magic, checksum(words[...])] + words).map(\.littleEndian)
    return words.withUnsafeBytes { write(descriptor, $0, at: 0) } && ftruncate(descriptor, off_t(offset)) == 0
  }

  private static func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, at offset: Int) -> Bool {
    var position = 0
    while position < bytes.count, let start = bytes.baseAddress {
      let result = pwrite(descriptor, start + position, bytes.count - position, off_t(offset + position))
      if result > 0 {
        position += result
      } else if result == 0 || errno != EINTR {
        return false
      }
    }
    return true
  }

  // MARK: Words

  private static func checksum(_ words: ArraySlice<UInt64>) -> UInt64 {
    Array(words).map(\.littleEndian).withUnsafeBytes { Checksum.of($0) }
  }

  private static func take(_ count: Int, from words: inout ArraySlice<UInt64>) -> [UInt64] {
    defer { words = words.dropFirst(count) }
    return Array(words.prefix(count))
  }

  private static func bytes(of words: [UInt64]) -> [UInt8] {
    words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
  }

  private static func words(of bytes: [UInt8], byteCount: Int? = nil) -> [UInt64] {
    (0..<(byteCount ?? bytes.count) / 8).map { word in
      (0..<8).reduce(UInt64(0)) { sum, byte in
        let position = word * 8 + byte
        return position < bytes.count ? sum | UInt64(bytes[position]) << (8 * UInt64(byte)) : sum
      }
    }
  }

  /// The first words of a file; nil where it has fewer.
  private static func words(from descriptor: Int32, count: Int) -> [UInt64]? {
    var words = [UInt64](repeating: 0, count: count)
    let isRead = words.withUnsafeMutableBytes { buffer in
      buffer.baseAddress.map { read(descriptor, $0, 0..<buffer.count) } ?? false
    }
    return isRead ? words.map { UInt64(littleEndian: $0) } : nil
  }

  private static func read(_ descriptor: Int32, _ target: UnsafeMutableRawPointer, _ range: Range<Int>) -> Bool {
    var position = range.lowerBound
    while position < range.upperBound {
      let result = pread(
        descriptor, target + (position - range.lowerBound), range.upperBound - position, off_t(position))
      if result > 0 {
        position += result
      } else if result == 0 || errno != EINTR {
        return false
      }
    }
    return true
  }
}
