#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Memory in which packed weights lie one behind the other: none has the rest of a page to itself, and the system can give
/// it in huge pages, which takes a tenth of the time, and makes reading them easier for the processor.
///
/// What is taken is written by who takes it, before it is shared; hence safe to share.
final class WeightMemory: @unchecked Sendable {
  /// Of x86-64, and of ARM64 with pages of 4 KiB. Where they have another size, nothing comes of asking for them.
  private static let hugePageByteCount = 2 << 20

  private let mapping: UnsafeMutableRawPointer
  private let mappedByteCount: Int
  private var rest: UnsafeMutableRawBufferPointer

  /// Reserves addresses for `byteCount` bytes; they become memory when they are written. `filledByteCount` of them are sure
  /// to be: only there are huge pages asked for, for of one that is begun all is in use. Nil where the system has no
  /// addresses left.
  init?(byteCount: Int, filledByteCount: Int) {
    let huge = Self.hugePageByteCount
    mappedByteCount = byteCount + huge
    let mapping = mmap(
      nil, mappedByteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    guard let mapping, mapping != MAP_FAILED else { return nil }
    self.mapping = mapping
    let start = mapping.alignedUp(toMultipleOf: huge)
    rest = UnsafeMutableRawBufferPointer(start: start, count: byteCount)
    let filled = min(byteCount, filledByteCount) / huge * huge
    if filled > 0 { madvise(start, filled, MADV_HUGEPAGE) }
  }

  deinit { munmap(mapping, mappedByteCount) }

  /// Bytes from the beginning of what holds `byteCount` bytes to that of the next.
  static func taken(by byteCount: Int) -> Int { Arena.aligned(max(1, byteCount) + Arena.slack) }

  /// The next bytes, all zero; nil where there are not so many left.
  func take(byteCount: Int) -> AlignedMemory? {
    let taken = Self.taken(by: byteCount)
    guard let start = rest.baseAddress, taken <= rest.count else { return nil }
    rest = UnsafeMutableRawBufferPointer(rebasing: rest[taken...])
    return AlignedMemory(lying: start, byteCount: max(1, byteCount), in: self)
  }
}
