/// Bytes that begin at a multiple of `Arena.alignment` and live as long as this object.
///
/// Written by its maker only, before it is shared; hence safe to share.
final class AlignedMemory: @unchecked Sendable {
  let start: UnsafeMutableRawPointer
  let byteCount: Int

  /// Allocates zeroed memory, at least one byte.
  init(byteCount: Int) {
    self.byteCount = max(1, byteCount)
    start = .allocate(byteCount: self.byteCount, alignment: Arena.alignment)
    start.initializeMemory(as: UInt8.self, repeating: 0, count: self.byteCount)
  }

  /// Allocates and copies elements.
  convenience init<Element: BitwiseCopyable>(copying elements: [Element]) {
    self.init(byteCount: elements.count * MemoryLayout<Element>.stride)
    elements.withUnsafeBytes { if let source = $0.baseAddress { start.copyMemory(from: source, byteCount: $0.count) } }
  }

  deinit { start.deallocate() }

  /// The bytes as elements of one type.
  func elements<Element: BitwiseCopyable>(as type: Element.Type) -> UnsafeMutablePointer<Element> {
    start.assumingMemoryBound(to: type)
  }
}
