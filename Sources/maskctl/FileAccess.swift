import EventLoop
import Glibc
import TFLite

/// Whole files in and out.
enum FileAccess {
  /// The most bytes that a file given on the command line may have.
  static let byteLimit = 2 << 30

  /// A file to read, and its size when it was opened.
  private struct OpenFile: ~Copyable {
    let descriptor: Descriptor
    let byteCount: Int
  }

  /// Opens a regular file that is not too big.
  private static func openFile(_ path: String) throws(Failure) -> OpenFile {
    // Without O_NONBLOCK a pipe of this name would keep us waiting for its writer.
    let number = retryingOnInterrupt { open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
    guard number >= 0 else { throw failure("open", path, .noInput) }
    let descriptor = Descriptor(owning: number)
    var status = stat()
    guard fstat(descriptor.rawValue, &status) == 0 else { throw failure("fstat", path, .inputOutput) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw Failure(.noInput, "\(path) is not a regular file")
    }
    guard status.st_size <= byteLimit else {
      throw Failure(.noInput, "\(path) has \(status.st_size) bytes; the limit is \(byteLimit)")
    }
    return OpenFile(descriptor: descriptor, byteCount: Int(status.st_size))
  }

  /// The bytes of a model, read as they are asked for: its weights need not be held beside their packed form.
  static func modelBytes(_ path: String) throws(Failure) -> ModelBytes {
    let file = try openFile(path)
    guard let bytes = ModelBytes(readingFrom: file.descriptor.rawValue, count: file.byteCount) else {
      throw failure("map", path, .inputOutput)
    }
    return bytes
  }

  /// Reads a whole file.
  static func read(_ path: String) throws(Failure) -> [UInt8] {
    let file = try openFile(path)
    var bytes = [UInt8](repeating: 0, count: file.byteCount)
    var position = 0
    while position < bytes.count {
      let count = bytes.withUnsafeMutableBytes { buffer in
        retryingOnInterrupt {
          Glibc.read(file.descriptor.rawValue, buffer.baseAddress.map { $0 + position }, buffer.count - position)
        }
      }
      guard count >= 0 else { throw failure("read", path, .inputOutput) }
      if count == 0 { break }
      position += count
    }
    // The file became shorter while it was read.
    bytes.removeLast(bytes.count - position)
    return bytes
  }

  /// Writes a whole file, see below.
  static func write(_ bytes: [UInt8], to path: String) throws(Failure) {
    let span = bytes.span
    try span.withUnsafeBytes { (buffer: UnsafeRawBufferPointer) throws(Failure) in try write(buffer, to: path) }
  }

  /// Writes a whole file under a temporary name and renames it, so that nobody sees half of it.
  static func write(_ bytes: UnsafeRawBufferPointer, to path: String) throws(Failure) {
    let temporary = "\(path).\(getpid()).tmp"
    let number = retryingOnInterrupt { open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644) }
    guard number >= 0 else { throw failure("create", temporary, .cannotCreate) }
    do throws(Failure) {
      try fill(Descriptor(owning: number), bytes, path: temporary)
      guard rename(temporary, path) == 0 else { throw failure("rename", temporary, .cannotCreate) }
    } catch {
      unlink(temporary)
      throw error
    }
  }

  private static func fill(
    _ descriptor: consuming Descriptor, _ bytes: UnsafeRawBufferPointer, path: String
  ) throws(Failure) {
    var position = 0
    while position < bytes.count {
      let count = retryingOnInterrupt {
        Glibc.write(descriptor.rawValue, bytes.baseAddress.map { $0 + position }, bytes.count - position)
      }
      guard count >= 0 else { throw failure("write", path, .inputOutput) }
      position += count
    }
  }

  private static func failure(_ call: String, _ path: String, _ kind: Failure.Kind) -> Failure {
    Failure(kind, SystemCallError(call, on: path).description)
  }
}
