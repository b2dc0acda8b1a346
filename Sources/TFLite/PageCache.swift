/// A few pages of the model's bytes in memory: tables are made of small numbers, and each would be a call of the system.
///
/// The page that came first goes first: tables that are read one after the other lie together.
final class PageCache {
  private static let pageByteCount = 4096
  private static let pageCount = 32

  private let bytes: ModelBytes
  private let memory = UnsafeMutableRawPointer.allocate(byteCount: pageByteCount * pageCount, alignment: 16)
  /// The number of the page that lies at each place; -1 where none does.
  private var pages = [Int](repeating: -1, count: pageCount)
  /// The place that was asked for last, and the one that is filled next.
  private var recent = 0
  private var next = 0

  init(_ bytes: ModelBytes) { self.bytes = bytes }

  deinit { memory.deallocate() }

  /// Reads a little-endian number at any alignment; its bytes must lie within the file.
  func load<Value: FixedWidthInteger & BitwiseCopyable>(_ type: Value.Type, at position: Int) -> Value {
    let offset = position % Self.pageByteCount
    if offset + MemoryLayout<Value>.size <= Self.pageByteCount {
      let page = page(position / Self.pageByteCount)
      return Value(littleEndian: page.loadUnaligned(fromByteOffset: offset, as: Value.self))
    }
    var value = Value.zero
    withUnsafeMutableBytes(of: &value) { copy(from: position, to: $0) }
    return Value(littleEndian: value)
  }

  /// Copies bytes, which must lie within the file.
  func copy(from position: Int, to target: UnsafeMutableRawBufferPointer) {
    var copied = 0
    while copied < target.count {
      let (number, offset) = (position + copied).quotientAndRemainder(dividingBy: Self.pageByteCount)
      let count = min(target.count - copied, Self.pageByteCount - offset)
      let part = UnsafeMutableRawBufferPointer(rebasing: target[copied..<copied + count])
      part.copyMemory(from: UnsafeRawBufferPointer(start: page(number) + offset, count: count))
      copied += count
    }
  }

  /// Where a page lies, until the next one is asked for.
  private func page(_ number: Int) -> UnsafeMutableRawPointer {
    if pages[recent] != number { recent = pages.firstIndex(of: number) ?? fill(number) }
    return memory + recent * Self.pageByteCount
  }

  private func fill(_ number: Int) -> Int {
    let place = next
    next = (next + 1) % Self.pageCount
    let start = number * Self.pageByteCount
    bytes.read(
      at: start,
      into: UnsafeMutableRawBufferPointer(
        start: memory + place * Self.pageByteCount, count: min(Self.pageByteCount, bytes.count - start)))
    pages[place] = number
    return place
  }
}
