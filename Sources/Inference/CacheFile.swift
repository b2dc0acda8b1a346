#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The form of a cache of packed weights: the constants from the file's beginning on, each at a multiple of 64 bytes and with
/// slack behind it; then, at the file's end, what tells of them, in 64-bit numbers that are little-endian:
///
///     for each constant its offset in the file, its size and its checksum
///     number of constants, name of the family (2, zeros behind it), SHA-256 of the model (4)
///     identity of the program's file (7), of the model's file (7)
///     checksum of all numbers before it, magic
///
/// Every number is compared with the file before it is used. The constants come first and are written in large pieces: the
/// system can then keep and map the file in huge pages, which makes a mapping of it cost next to nothing.
struct CacheFile {
  let model: FileIdentity
  let engine: FileIdentity
  let hash: [UInt8]
  let family: String

  private let ranges: [Range<Int>]
  private let checksums: [UInt64]
  private let byteCount: Int

  /// "maskdpw2"
  private static let magic: UInt64 = 0x3277_7064_6B73_616D
  static let hashByteCount = 32
  private static let familyByteCount = 16
  private static let fixedWordCount = 1 + 2 + 4 + 2 * FileIdentity.wordCount + 2
  /// More than any program has, and few enough to read at once.
  private static let constantCountMax = 65_536
  /// Bytes that are written at once, at multiples of as many: a huge page.
  private static let pieceByteCount = 2 << 20

  // MARK: Reading

  /// Reads and checks what the end of a file of `byteCount` bytes tells.
  init?(reading descriptor: Int32, byteCount: Int) {
    self.byteCount = byteCount
    guard let fixed = Self.words(from: descriptor, endingAt: byteCount, count: Self.fixedWordCount),
      fixed[Self.fixedWordCount - 1] == Self.magic, let count = Int(exactly: fixed[0]), count <= Self.constantCountMax,
      let words = Self.words(from: descriptor, endingAt: byteCount, count: 3 * count + Self.fixedWordCount),
      words[words.count - 2] == Self.checksum(words.dropLast(2))
    else { return nil }
    let end = byteCount - words.count * 8
    var ranges: [Range<Int>] = []
    ranges.reserveCapacity(count)
    for entry in stride(from: 0, to: 3 * count, by: 3) {
      guard let offset = Int(exactly: words[entry]), let size = Int(exactly: words[entry + 1]), size > 0,
        offset % Arena.alignment == 0, offset <= end, size <= end - offset - Arena.slack
      else { return nil }
      ranges.append(offset..<offset + size)
    }
    self.ranges = ranges
    checksums = ranges.indices.map { words[3 * $0 + 2] }
    var rest = words[(3 * count + 1)...]
    let name = Self.bytes(of: Self.take(Self.familyByteCount / 8, from: &rest))
    family = String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
    hash = Self.bytes(of: Self.take(Self.hashByteCount / 8, from: &rest))
    engine = FileIdentity(words: Self.take(FileIdentity.wordCount, from: &rest))
    model = FileIdentity(words: Self.take(FileIdentity.wordCount, from: &rest))
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
    var words: [UInt64] = []
    var end = 0
    for constant in constants {
      let bytes = UnsafeRawBufferPointer(start: constant.start, count: constant.byteCount)
      words += [UInt64(end), UInt64(bytes.count), Checksum.of(bytes)]
      end += WeightMemory.taken(by: bytes.count)
    }
    words.append(UInt64(constants.count))
    words += Self.words(of: Array(family.utf8), byteCount: familyByteCount) + Self.words(of: hash)
    words += engine.words + model.words
    words += [checksum(words[...]), magic]
    return write(runs(of: constants), to: descriptor)
      && words.map(\.littleEndian).withUnsafeBytes { write(descriptor, $0, at: end) }
  }

  /// The constants in their order, those that lie side by side in memory as one: they lie so in the file as well.
  private static func runs(of constants: [AlignedMemory]) -> [(offset: Int, bytes: UnsafeRawBufferPointer)] {
    var runs: [(offset: Int, bytes: UnsafeRawBufferPointer)] = []
    var offset = 0
    for constant in constants {
      let start = UnsafeRawPointer(constant.start)
      if let last = runs.last, let first = last.bytes.baseAddress, first + (offset - last.offset) == start {
        let count = offset - last.offset + constant.byteCount
        runs[runs.count - 1].bytes = UnsafeRawBufferPointer(start: first, count: count)
      } else {
        runs.append((offset, UnsafeRawBufferPointer(start: start, count: constant.byteCount)))
      }
      offset += WeightMemory.taken(by: constant.byteCount)
    }
    return runs
  }

  private static func write(_ runs: [(offset: Int, bytes: UnsafeRawBufferPointer)], to descriptor: Int32) -> Bool {
    runs.allSatisfy { offset, bytes in
      var position = 0
      while position < bytes.count {
        let end = min(bytes.count, (offset + position) / pieceByteCount * pieceByteCount + pieceByteCount - offset)
        let piece = UnsafeRawBufferPointer(rebasing: bytes[position..<end])
        guard write(descriptor, piece, at: offset + position) else { return false }
        position = end
      }
      return true
    }
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

  /// The words before a place in a file; nil where there are fewer.
  private static func words(from descriptor: Int32, endingAt end: Int, count: Int) -> [UInt64]? {
    let start = end - count * 8
    guard start >= 0 else { return nil }
    var words = [UInt64](repeating: 0, count: count)
    let isRead = words.withUnsafeMutableBytes { buffer in
      buffer.baseAddress.map { read(descriptor, $0, start..<end) } ?? false
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
