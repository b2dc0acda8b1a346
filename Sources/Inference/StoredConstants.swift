#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The constants of one cache file, checked, in memory that lasts as long as one of them is in use.
final class StoredConstants: @unchecked Sendable {
  private let start: UnsafeMutableRawPointer
  private let byteCount: Int
  /// Where each lies in the file.
  let ranges: [Range<Int>]

  /// `ranges` lie within the mapping, and begin at multiples of `Arena.alignment`.
  init(mapping start: UnsafeMutableRawPointer, byteCount: Int, ranges: [Range<Int>]) {
    self.start = start
    self.byteCount = byteCount
    self.ranges = ranges
  }

  deinit { munmap(start, byteCount) }

  var count: Int { ranges.count }

  /// A constant where it lies; nil where there is none of that size.
  func constant(_ index: Int, byteCount: Int) -> AlignedMemory? {
    guard index < ranges.count, ranges[index].count == byteCount else { return nil }
    return AlignedMemory(lying: start + ranges[index].lowerBound, byteCount: byteCount, in: self)
  }
}
