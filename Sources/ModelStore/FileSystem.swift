import EventLoop
import Glibc

/// The system calls on files that this room makes, each failing with its name and its path.
struct FileSystem: Sendable {
  /// Makes a call fail, or the whole run end there: for tests of what a power cut leaves behind.
  var interrupt: (@Sendable (_ call: String, _ path: String) throws(SystemCallError) -> Void)?

  /// The bytes of a file that is read by its path, one more than the limit at most; nil where there is no such file.
  func read(_ path: String, limit: Int) throws(SystemCallError) -> [UInt8]? {
    let number = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    if number < 0, errno == ENOENT { return nil }
    guard number >= 0 else { throw SystemCallError("open", on: path) }
    let file = Descriptor(owning: number)
    var status = stat()
    guard fstat(number, &status) == 0 else { throw SystemCallError("fstat", on: path) }
    guard status.isRegularFile else { throw SystemCallError("open", on: path, code: EINVAL) }
    return try Self.read(file.rawValue, byteCount: min(Int(status.st_size), limit + 1), path)
  }

  /// So many bytes from the start of a file, or fewer where it ends before. Memory of our own: a mapped file that
  /// its writer cuts short would end this process with SIGBUS.
  static func read(_ descriptor: CInt, byteCount: Int, _ path: String) throws(SystemCallError) -> [UInt8] {
    var failure: CInt = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, filled in
      while filled < byteCount, let start = buffer.baseAddress {
        // Linux reads at most 2,147,479,552 bytes at once, which this loop takes care of, as of short reads.
        let count = retryingOnInterrupt { pread(descriptor, start + filled, byteCount - filled, off_t(filled)) }
        if count < 0 { failure = errno }
        guard count > 0 else { return }
        filled += count
      }
    }
    guard failure == 0 else { throw SystemCallError("read", on: path, code: failure) }
    return bytes
  }

  /// Makes the file hold these bytes, so that after a power cut it holds all of them or what it held before.
  func replace(_ folder: String, _ name: String, with bytes: [UInt8]) throws(SystemCallError) {
    let (path, temporary) = ("\(folder)/\(name)", "\(folder)/\(name).tmp")
    do throws(SystemCallError) {
      try write(bytes, to: temporary)
      try interrupt?("rename", path)
      guard rename(temporary, path) == 0 else { throw SystemCallError("rename", on: path) }
    } catch {
      unlink(temporary)
      throw error
    }
    try synchronize(folder)
  }

  private func write(_ bytes: [UInt8], to path: String) throws(SystemCallError) {
    try interrupt?("open", path)
    let number = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o640)
    guard number >= 0 else { throw SystemCallError("open", on: path) }
    let file = Descriptor(owning: number)
    var written = 0
    while written < bytes.count {
      try interrupt?("write", path)
      let count = bytes.withUnsafeBytes { buffer in
        retryingOnInterrupt {
          Glibc.write(file.rawValue, buffer.baseAddress.map { $0 + written }, buffer.count - written)
        }
      }
      guard count > 0 else { throw SystemCallError("write", on: path, code: count == 0 ? ENOSPC : errno) }
      written += count
    }
    try interrupt?("fsync", path)
    guard fsync(file.rawValue) == 0 else { throw SystemCallError("fsync", on: path) }
  }

  /// Puts the names of a folder on the disk: a rename is lost in a power cut without it.
  private func synchronize(_ folder: String) throws(SystemCallError) {
    try interrupt?("fsync", folder)
    let number = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard number >= 0 else { throw SystemCallError("open", on: folder) }
    let directory = Descriptor(owning: number)
    guard fsync(directory.rawValue) == 0 else { throw SystemCallError("fsync", on: folder) }
  }

  func remove(_ path: String) throws(SystemCallError) {
    try interrupt?("unlink", path)
    guard unlink(path) == 0 || errno == ENOENT else { throw SystemCallError("unlink", on: path) }
  }

  /// Makes a directory and those above it; one that is there is left as it is.
  func makeDirectories(_ path: String) throws(SystemCallError) {
    if mkdir(path, 0o750) == 0 || errno == EEXIST { return }
    guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
      throw SystemCallError("mkdir", on: path)
    }
    try makeDirectories(String(path[..<slash]))
    guard mkdir(path, 0o750) == 0 || errno == EEXIST else { throw SystemCallError("mkdir", on: path) }
  }

  /// The names in a directory, as bytes, each given to `body`.
  static func forEachName(in path: String, _ body: (_ directory: CInt, [UInt8]) -> Void) throws(SystemCallError) {
    guard let stream = opendir(path) else { throw SystemCallError("opendir", on: path) }
    defer { closedir(stream) }
    while let entry = readdir(stream) {
      body(dirfd(stream), withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) })
    }
  }
}

extension stat {
  var isRegularFile: Bool { st_mode & S_IFMT == S_IFREG }

  var stamp: FileStamp {
    FileStamp(
      inode: UInt64(st_ino), byteCount: Int64(st_size), modified: st_mtim.nanoseconds, changed: st_ctim.nanoseconds)
  }
}

extension timespec {
  fileprivate var nanoseconds: Int64 { Int64(tv_sec) &* 1_000_000_000 &+ Int64(tv_nsec) }
}
