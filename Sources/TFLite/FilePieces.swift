import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A file read piece by piece into anonymous memory that has its size and costs nothing until it is used.
///
/// What changes is touched under the lock only; hence safe to share.
final class FilePieces: @unchecked Sendable {
  /// Bytes of a piece: a page, the least that can be given back.
  private static let pieceByteCount = max(4096, sysconf(Int32(_SC_PAGESIZE)))

  let descriptor: Int32
  private let memory: UnsafeMutableRawPointer
  private let count: Int
  /// Held while bytes are lent: another thread must not let them go meanwhile.
  private let lock = Mutex(())
  private var isRead: [Bool]
  private var hasAll = true

  init?(descriptor: Int32, count: Int) {
    let own = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    guard own >= 0 else { return nil }
    // Only pages that are touched become memory; without MAP_NORESERVE the system might want room for all of them.
    let memory = mmap(
      nil, max(1, count), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    guard let memory, memory != MAP_FAILED else {
      close(own)
      return nil
    }
    self.descriptor = own
    self.memory = memory
    self.count = count
    isRead = [Bool](repeating: false, count: (count + Self.pieceByteCount - 1) / Self.pieceByteCount)
  }

  deinit {
    munmap(memory, max(1, count))
    close(descriptor)
  }

  /// Whether everything that was asked for could be read.
  var isWhole: Bool { lock.withLock { _ in hasAll } }

  func withUnsafeBytes<Result>(in range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    guard !range.isEmpty else { return body(UnsafeRawBufferPointer(start: nil, count: 0)) }
    return lock.withLock { _ in
      read(range)
      return body(UnsafeRawBufferPointer(start: memory + range.lowerBound, count: range.count))
    }
  }

  func release(_ range: Range<Int>) {
    // Whole pieces only: what lies beside the range may be needed yet.
    let first = (range.lowerBound + Self.pieceByteCount - 1) / Self.pieceByteCount
    let end = range.upperBound == count ? isRead.count : range.upperBound / Self.pieceByteCount
    guard first < end else { return }
    let start = first * Self.pieceByteCount
    lock.withLock { _ in
      madvise(memory + start, min(count, end * Self.pieceByteCount) - start, MADV_DONTNEED)
      for piece in first..<end { isRead[piece] = false }
    }
  }

  private func read(_ range: Range<Int>) {
    let last = (range.upperBound - 1) / Self.pieceByteCount
    var piece = range.lowerBound / Self.pieceByteCount
    while piece <= last {
      guard !isRead[piece] else {
        piece += 1
        continue
      }
      // Neighbours that are missing as well come with the same call.
      var end = piece
      while end <= last, !isRead[end] {
        isRead[end] = true
        end += 1
      }
      if !fill(piece * Self.pieceByteCount..<min(count, end * Self.pieceByteCount)) { hasAll = false }
      piece = end
    }
  }

  /// Returns false where the file has fewer bytes by now, or cannot be read.
  private func fill(_ range: Range<Int>) -> Bool {
    var position = range.lowerBound
    while position < range.upperBound {
      let result = pread(descriptor, memory + position, range.upperBound - position, off_t(position))
      if result > 0 {
        position += result
      } else if result == 0 || errno != EINTR {
        return false
      }
    }
    return true
  }
}
