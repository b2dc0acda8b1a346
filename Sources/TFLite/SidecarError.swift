/// What is wrong with a sidecar file.
public enum SidecarError: Error, Equatable, Sendable {
  /// Larger than `ModelLimits.sidecarByteCount`.
  case tooBig(byteCount: Int)
  /// Not UTF-8, not JSON, or nested too deeply; `detail` says where.
  case notJSON(detail: String)
  /// A key that means nothing here. `path` is where it stands, for example "input".
  case unknownKey(String, path: String, known: [String])
  /// A value of the wrong type or out of its range; `expected` says what would be right.
  case badValue(key: String, expected: String)
}

extension SidecarError: CustomStringConvertible {
  /// One sentence for a person.
  public var description: String {
    switch self {
    case .tooBig(let count):
      "The sidecar has \(count) bytes, more than the limit of \(ModelLimits.sidecarByteCount)."
    case .notJSON(let detail): "The sidecar is not valid JSON: \(detail)."
    case .unknownKey(let key, let path, let known):
      "The sidecar has the unknown key \"\(key)\"\(path.isEmpty ? "" : " in \"\(path)\""); known here are "
        + known.joined(separator: ", ") + "."
    case .badValue(let key, let expected): "The sidecar's \"\(key)\" must be \(expected)."
    }
  }
}
