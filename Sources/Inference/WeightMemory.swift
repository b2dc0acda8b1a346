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
  /// So many bytes of a huge page may remain unused for the time that it saves.
  private static let unusedByteLimit = 256 << 10
  /// MADV_POPULATE_WRITE, which older headers lack.
  private static let populate: Int32 = 23

  private let mapping: UnsafeMutableRawPointer
  private let mappedByteCount: Int
  private var rest: UnsafeMutableRawBufferPointer

  /// Reserves addresses for `byteCount` bytes; they become memory when they are written. `filledByteCount` of them are sure
  /// to be: only there are huge pages asked for. Nil where the system has no addresses left.
  init?(byteCount: Int, filledByteCount: Int) {
    let huge = Self.hugePageByteCount
    mappedByteCount = byteCount + huge
    let mapping = mmap(
      nil, mappedByteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    guard let mapping, mapping != MAP_FAILED else { return nil }
    self.mapping = mapping
    let start = mapping.alignedUp(toMultipleOf: huge)
    rest = UnsafeMutableRawBufferPointer(start: start, count: byteCount)
    let filled = min(byteCount, filledByteCount)
    let inHugePages = (filled + Self.unusedByteLimit) / huge * huge
    if inHugePages > 0 { madvise(start, inHugePages, MADV_HUGEPAGE) }
    // What follows comes in small pages: all at once, which takes less than a fault for each. Linux before 5.14 refuses.
    let page = sysconf(Int32(_SC_PAGESIZE))
    let inPages = max(0, filled - inHugePages) / page * page
    if inPages > 0 { madvise(start + inHugePages, inPages, Self.populate) }
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
