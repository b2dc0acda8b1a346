import Crypto
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
    model = try Self.read(path, limit: byteCountMax)
    sidecar = nil
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

  private static func read(_ path: String, limit: Int) throws(ClassificationError) -> [UInt8] {
    throw .unreadable(path: path, detail: "not yet")
  }
}
