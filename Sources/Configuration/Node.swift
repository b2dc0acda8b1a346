/// A value of a YAML file, and where it stands.
struct Node {
  /// The line from 1.
  let line: Int
  let content: Content

  enum Content {
    /// `isPlain`: without quotes.
    case scalar(String, isPlain: Bool)
    case sequence([Node])
    case mapping([Entry])
  }

  /// A key of a mapping with its value.
  struct Entry {
    let key: String
    let line: Int
    let value: Node
  }

  /// A key without a value, as it is left when all below it is commented out: as if the key were not there.
  var isNull: Bool {
    guard case .scalar(let text, isPlain: true) = content else { return false }
    return ["", "~", "null", "Null", "NULL"].contains(text)
  }

  /// What stands there, for the sentence of an error.
  var found: String {
    switch content {
    case .scalar(let text, _): quoted(text)
    case .sequence: "a list"
    case .mapping: "a group of keys"
    }
  }
}

/// The start of a text from outside, fit to be shown on one line.
func quoted(_ text: String) -> String {
  let printable = text.unicodeScalars.prefix(60).map { scalar in
    scalar.properties.generalCategory == .control ? "?" : String(scalar)
  }
  return "\"\(printable.joined())\(text.unicodeScalars.count > 60 ? "…" : "")\""
}
