#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Bytes that begin at a multiple of `Arena.alignment` and live as long as this object.
///
/// Written by its maker only, before it is shared; hence safe to share.
final class AlignedMemory: @unchecked Sendable {
  let start: UnsafeMutableRawPointer
  let byteCount: Int
  private let end: End

  /// What becomes of the bytes when nobody uses them any more.
  private enum End {
    case deallocate
    case unmap
    /// They lie in other memory, which lasts as long as this.
    case release(AnyObject)
  }

  /// From this size on memory comes from the system and goes back to it at once: on a heap, weights and the copies that
  /// they are packed from would leave holes between them that nobody can use.
  private static let mappedByteCountMin = 64 << 10

  /// What is allocated: the bytes, and the arena's slack behind them.
  private var allocatedByteCount: Int { byteCount + Arena.slack }

  /// Allocates zeroed memory, at least one byte.
  init(byteCount: Int) {
    self.byteCount = max(1, byteCount)
    let allocated = self.byteCount + Arena.slack
    if allocated >= Self.mappedByteCountMin,
      let memory = mmap(nil, allocated, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      memory != MAP_FAILED
    {
      start = memory
      end = .unmap
    } else {
      start = .allocate(byteCount: allocated, alignment: Arena.alignment)
      start.initializeMemory(as: UInt8.self, repeating: 0, count: allocated)
      end = .deallocate
    }
  }

  /// Stands for a part of other memory, that begins at a multiple of `Arena.alignment`, has the arena's slack behind it
  /// and is never written.
  init(lying start: UnsafeMutableRawPointer, byteCount: Int, in owner: AnyObject) {
    self.start = start
    self.byteCount = byteCount
    end = .release(owner)
  }

  /// Allocates and copies elements.
  convenience init<Element: BitwiseCopyable>(copying elements: [Element]) {
    self.init(byteCount: elements.count * MemoryLayout<Element>.stride)
    elements.withUnsafeBytes { if let source = $0.baseAddress { start.copyMemory(from: source, byteCount: $0.count) } }
  }

  deinit {
    switch end {
    case .deallocate: start.deallocate()
    case .unmap: munmap(start, allocatedByteCount)
    case .release: break
    }
  }

  /// The bytes as elements of one type.
  func elements<Element: BitwiseCopyable>(as type: Element.Type) -> UnsafeMutablePointer<Element> {
    start.assumingMemoryBound(to: type)
  }
}
