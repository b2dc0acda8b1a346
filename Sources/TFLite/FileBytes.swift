import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The bytes of an open file, read where they are asked for.
final class FileBytes: Sendable {
  let descriptor: Int32
  private let hasAll = Atomic(true)

  init?(duplicating descriptor: Int32) {
    let own = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    guard own >= 0 else { return nil }
    self.descriptor = own
  }

  deinit { close(descriptor) }

  /// Whether everything that was asked for could be read.
  var isWhole: Bool { hasAll.load(ordering: .acquiring) }

  /// Fills `target`. What cannot be read, because the file has fewer bytes by now or for another reason, is zero.
  func read(at offset: Int, into target: UnsafeMutableRawBufferPointer) {
    var rest = target[...]
    while !rest.isEmpty {
      let part = UnsafeMutableRawBufferPointer(rebasing: rest)
      let count = pread(descriptor, part.baseAddress, part.count, off_t(offset + rest.startIndex))
      if count > 0 {
        rest = rest.dropFirst(count)
      } else if count == 0 || errno != EINTR {
        hasAll.store(false, ordering: .releasing)
        part.initializeMemory(as: UInt8.self, repeating: 0)
        return
      }
    }
  }
}
