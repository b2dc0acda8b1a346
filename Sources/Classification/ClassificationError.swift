import TFLite

/// Why a model file, with what lies beside it, cannot be used as an image classifier.
public enum ClassificationError: Error, Equatable, Sendable {
  /// A file cannot be read; `detail` is the system's text.
  case unreadable(path: String, detail: String)
  /// A file is larger than its limit, in bytes.
  case fileTooBig(path: String, byteCount: Int, limit: Int)
  /// The model file is damaged or no model.
  case model(ModelError)
  /// The engine cannot run the model. `reason` is its stable word.
  case compilation(reason: String, detail: String)
  /// The sidecar is no valid JSON, or says something that is not known or not in range.
  case sidecar(SidecarError)
  /// Inputs or outputs that are not those of an image classifier.
  case notAClassifier(String)
  /// An input or output of a type that pictures or scores cannot have.
  case unsupportedType(String)
  /// Labels, or what the sidecar says of the input, do not fit the model.
  case labelsMismatch(String)
  /// The model does not compute what its sidecar promises.
  case goldenMismatch(String)

  /// The stable word for this failure, as results and logs carry it.
  public var reason: String {
    switch self {
    case .unreadable: "io"
    case .fileTooBig: "too_big"
    case .model(let error): error.reason.rawValue
    case .compilation(let reason, _): reason
    case .notAClassifier: "shape_mismatch"
    case .unsupportedType: "unsupported_type"
    case .sidecar, .labelsMismatch: "labels_mismatch"
    case .goldenMismatch: "golden_mismatch"
    }
  }
}

extension ClassificationError: CustomStringConvertible {
  /// One sentence for a person.
  public var description: String {
    switch self {
    case .unreadable(let path, let detail): "\(path): cannot be read: \(detail)."
    case .fileTooBig(let path, let count, let limit): "\(path): has \(count) bytes, more than the limit of \(limit)."
    case .model(let error): error.description
    case .sidecar(let error): error.description
    case .compilation(_, let detail): "The model cannot be run: \(detail)."
    case .notAClassifier(let detail), .unsupportedType(let detail), .labelsMismatch(let detail),
      .goldenMismatch(let detail):
      detail
    }
  }
}
