/// Why a file is no model that can be used: what is wrong, and where.
public enum ModelError: Error, Equatable, Sendable {
  /// The file has no byte.
  case empty
  /// A text that stands for a file in a large-file store lies where the model should be.
  case largeFilePointer
  /// The four bytes at offset 4 are not "TFL3".
  case wrongIdentifier(found: [UInt8])
  /// A few characters of text, fewer than the header of a model has.
  case text([UInt8])
  /// The schema version is not 3.
  case wrongVersion(UInt32)
  /// The file ends before `what` does. `end` is the first byte after it.
  case cutShort(Place, what: String, offset: Int, end: Int, byteCount: Int)
  /// An offset in the file leads outside of it, to no place that a longer file of permitted size could have.
  case offsetOutOfBounds(Place, what: String, offset: Int, byteCount: Int)
  /// An index names no entry of the list that it is for.
  case indexOutOfBounds(Place, what: String, index: Int, count: Int)
  /// Something is larger than `ModelLimits` allows.
  case tooBig(Place, what: String, count: Int, limit: Int)
  /// Something that every model has is not there.
  case missing(Place, what: String)
  /// A type or form that is not supported here.
  case unsupported(Place, what: String)
  /// Shapes, sizes or counts that do not fit together.
  case mismatch(Place, what: String)

  /// The part of the file that an error speaks of.
  public enum Place: Equatable, Sendable, CustomStringConvertible {
    case model
    case operatorCode(Int)
    case buffer(Int)
    case subgraph(Int)
    case tensor(Int, subgraph: Int)
    case `operator`(Int, subgraph: Int)
    case metadata(Int)
    /// The TFLite metadata inside the model.
    case description
    /// The archive behind the model.
    case archive
  }

  /// The stable word for a kind of failure, as results and logs carry it.
  public enum Reason: String, Sendable {
    case notTFLite = "not_tflite"
    case truncated
    case offsetOutOfBounds = "offset_out_of_bounds"
    case unsupportedType = "unsupported_type"
    case shapeMismatch = "shape_mismatch"
    case tooBig = "too_big"
  }

  /// The stable word for this failure.
  public var reason: Reason {
    switch self {
    case .empty, .cutShort: .truncated
    case .largeFilePointer, .wrongIdentifier, .text, .wrongVersion, .missing: .notTFLite
    case .offsetOutOfBounds, .indexOutOfBounds: .offsetOutOfBounds
    case .tooBig: .tooBig
    case .unsupported: .unsupportedType
    case .mismatch: .shapeMismatch
    }
  }
}

extension ModelError: CustomStringConvertible {
  /// One sentence for a person.
  public var description: String {
    switch self {
    case .empty: "The file is empty; a .tflite model was expected."
    case .largeFilePointer:
      "The file is the pointer text of a large-file store (Git LFS), not the model itself: fetch the real file."
    case .wrongIdentifier(let found):
      "The file is not a .tflite model: bytes 4 to 7 are \(Self.printed(found)) where \"TFL3\" was expected."
    case .text(let bytes):
      "The file is not a .tflite model: it is a text of \(bytes.count) bytes."
    case .wrongVersion(let version): "The model has schema version \(version); version 3 was expected."
    case .cutShort(let place, let what, let offset, let end, let count):
      "\(place): \(what) named at byte \(offset) would end at byte \(end), but the file has \(count) bytes:"
        + " it is cut short or damaged."
    case .offsetOutOfBounds(let place, let what, let offset, let count):
      "\(place): \(what) named at byte \(offset) leads outside of the file of \(count) bytes: it is damaged."
    case .indexOutOfBounds(let place, let what, let index, let count):
      "\(place): \(what) \(index) does not exist, the file has \(count) of them."
    case .tooBig(let place, let what, let count, let limit):
      "\(place): \(what) is \(count), more than the limit of \(limit)."
    case .missing(let place, let what): "\(place): \(what) is missing."
    case .unsupported(let place, let what): "\(place): \(what) is not supported."
    case .mismatch(let place, let what): "\(place): \(what)."
    }
  }

  /// The bytes as text in quotes where they are printable, as numbers otherwise.
  private static func printed(_ bytes: [UInt8]) -> String {
    if bytes.allSatisfy({ (0x20..<0x7F).contains($0) }) { return "\"\(String(decoding: bytes, as: UTF8.self))\"" }
    return bytes.map { String($0) }.joined(separator: " ")
  }
}

extension ModelError.Place {
  /// Begins a sentence, for example "Tensor 3" or "Operator 2 of subgraph 1".
  public var description: String {
    switch self {
    case .model: "Model"
    case .operatorCode(let index): "Operator code \(index)"
    case .buffer(let index): "Buffer \(index)"
    case .subgraph(let index): "Subgraph \(index)"
    case .tensor(let index, let subgraph): "Tensor \(index)" + Self.suffix(subgraph)
    case .operator(let index, let subgraph): "Operator \(index)" + Self.suffix(subgraph)
    case .metadata(let index): "Metadata entry \(index)"
    case .description: "TFLite metadata"
    case .archive: "Archive behind the model"
    }
  }

  private static func suffix(_ subgraph: Int) -> String { subgraph == 0 ? "" : " of subgraph \(subgraph)" }
}
