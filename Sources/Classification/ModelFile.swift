import Crypto
import Glibc
import TFLite

/// A model file and its sidecar, read into memory of our own: whoever writes to the files changes nothing here.
public struct ModelFile: Sendable {
  /// The bytes of NAME.tflite.
  public let model: [UInt8]
  /// The bytes of NAME.json beside it; nil where there is none.
  public let sidecar: [UInt8]?

  /// Reads a model and, where there is one, its sidecar.
  /// - Parameters:
  ///   - path: the model, usually NAME.tflite; NAME.json beside it is the sidecar.
  ///   - byteCountMax: a larger model file is refused.
  public init(path: String, byteCountMax: Int = ModelLimits.byteCount) throws(ClassificationError) {
    model = try Self.readExisting(path, limit: byteCountMax)
    sidecar = try Self.read(Self.sidecarPath(of: path), limit: ModelLimits.sidecarByteCount)
  }

  /// The bytes of a sidecar that is not beside its model.
  public static func sidecar(at path: String) throws(ClassificationError) -> [UInt8] {
    try readExisting(path, limit: ModelLimits.sidecarByteCount)
  }

  /// Where the sidecar of a model lies: the same name, ending in ".json".
  public static func sidecarPath(of path: String) -> String {
    let stem = path.hasSuffix(".tflite") ? String(path.dropLast(7)) : path
    return stem + ".json"
  }

  /// SHA-256 in lower-case hexadecimal.
  public static func sha256(of bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    let text = SHA256.hash(data: bytes).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    return String(decoding: text, as: UTF8.self)
  }

  /// SHA-256 of a model that is read piece by piece.
  public static func sha256(of bytes: ModelBytes) -> [UInt8] {
    var hash = SHA256()
    withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 16) { buffer in
      for start in stride(from: 0, to: bytes.count, by: buffer.count) {
        let piece = UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(bytes.count - start))
        bytes.read(at: start, into: piece)
        hash.update(bufferPointer: UnsafeRawBufferPointer(piece))
      }
    }
    return Array(hash.finalize())
  }

  private static func readExisting(_ path: String, limit: Int) throws(ClassificationError) -> [UInt8] {
    guard let bytes = try read(path, limit: limit) else { throw .unreadable(path: path, detail: text(of: ENOENT)) }
    return bytes
  }

  /// The bytes of a regular file; nil where there is no such file.
  private static func read(_ path: String, limit: Int) throws(ClassificationError) -> [UInt8]? {
    // Without O_NONBLOCK a pipe of this name would keep us waiting for its writer.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      if errno == ENOENT { return nil }
      throw .unreadable(path: path, detail: text(of: errno))
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .unreadable(path: path, detail: text(of: errno)) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .unreadable(path: path, detail: "it is no regular file") }
    guard status.st_size <= limit else {
      throw .fileTooBig(path: path, byteCount: Int(status.st_size), limit: limit)
    }
    return try read(descriptor, count: Int(status.st_size), path)
  }

  private static func read(_ descriptor: Int32, count: Int, _ path: String) throws(ClassificationError) -> [UInt8] {
    var failure: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count, let start = buffer.baseAddress {
        let result = Glibc.read(descriptor, start + filled, count - filled)
        if result > 0 {
          filled += result
        } else if result == 0 || errno != EINTR {
          failure = result == 0 ? 0 : errno
          break
        }
      }
    }
    guard failure == 0 else { throw .unreadable(path: path, detail: text(of: failure)) }
    return bytes
  }

  private static func text(of code: Int32) -> String { String(cString: strerror(code)) }
}
