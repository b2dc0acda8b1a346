/// A key that a group of keys may hold: how it is read from a file, and how it is written.
struct Field<Owner> {
  let key: String
  /// Changes the owner, or notes what is wrong.
  let read: (Node, _ key: String, inout Owner, inout Reading) -> Void
  /// The lines of the key with its value; empty where it has none.
  let render: (Owner) -> [String]
  /// The keys below this one as `key.inner` and `key[].inner`, with what they take.
  let outline: [(key: String, expectation: String)]
}

/// What is known while files are read.
struct Reading {
  /// Where a key was last set.
  struct Place {
    let file: String
    let line: Int
  }

  var file: String
  private(set) var errors: [ConfigurationError] = []
  private(set) var places: [String: Place] = [:]

  init(file: String) { self.file = file }

  mutating func refuse(_ node: Node, _ key: String, _ problem: String) {
    refuse(line: node.line, key, problem)
  }

  mutating func refuse(line: Int?, _ key: String, _ problem: String) {
    errors.append(ConfigurationError(file: file, line: line, key: key, problem: problem))
  }

  mutating func refuse(_ error: ConfigurationError) { errors.append(error) }

  /// Remembers where a key is set; a list is set as a whole, with all that an earlier file had below it.
  mutating func note(_ key: String, line: Int, replacesAllBelow: Bool = false) {
    if replacesAllBelow { places = places.filter { !$0.key.hasPrefix(key + "[") } }
    places[key] = Place(file: file, line: line)
  }
}

extension Field {
  /// A key with one value.
  static func one<Value>(_ key: String, _ path: WritableKeyPath<Owner, Value>, _ kind: Kind<Value>) -> Field {
    Field(key: key) { node, key, owner, reading in
      guard let value = value(of: node, key, kind, &reading) else { return }
      owner[keyPath: path] = value
    } render: { owner in
      ["\(key): \(kind.render(owner[keyPath: path]))"]
    } outline: {
      [(key, kind.expectation)]
    }
  }

  /// A key with a list of 1 to `most` different values.
  static func several<Value: Equatable>(
    _ key: String, _ path: WritableKeyPath<Owner, [Value]>, _ kind: Kind<Value>, most: Int
  ) -> Field {
    Field(key: key) { node, key, owner, reading in
      guard let nodes = elements(node, key, most: most, &reading) else { return }
      var values: [Value] = []
      for (index, node) in nodes.enumerated() {
        guard let value = value(of: node, "\(key)[\(index)]", kind, &reading) else { continue }
        if values.contains(value) { reading.refuse(node, key, "\(node.found) is named twice; name it once") }
        values.append(value)
      }
      owner[keyPath: path] = values
    } render: { owner in
      ["\(key): [\(owner[keyPath: path].map(kind.render).joined(separator: ", "))]"]
    } outline: {
      [(key, "a list of \(kind.expectation)")]
    }
  }

  /// A key with a group of keys.
  static func group<Inner>(_ key: String, _ path: WritableKeyPath<Owner, Inner>, _ fields: [Field<Inner>]) -> Field {
    Field(key: key) { node, key, owner, reading in
      readGroup(node, key, fields, into: &owner[keyPath: path], &reading)
    } render: { owner in
      ["\(key):"] + fields.flatMap { $0.render(owner[keyPath: path]) }.map { "  " + $0 }
    } outline: {
      fields.flatMap(\.outline).map { ("\(key).\($0.key)", $0.expectation) }
    }
  }

  /// A group of keys that may be missing as a whole.
  static func group<Inner>(
    _ key: String, _ path: WritableKeyPath<Owner, Inner?>, new: Inner, _ fields: [Field<Inner>]
  ) -> Field {
    Field(key: key) { node, key, owner, reading in
      var inner = new
      readGroup(node, key, fields, into: &inner, &reading)
      owner[keyPath: path] = inner
    } render: { owner in
      owner[keyPath: path].map { inner in
        ["\(key):"] + fields.flatMap { $0.render(inner) }.map { "  " + $0 }
      } ?? []
    } outline: {
      fields.flatMap(\.outline).map { ("\(key).\($0.key)", $0.expectation) }
    }
  }

  /// A key with a list of 1 to `most` groups of keys. `new` gets the position in the list.
  static func groups<Inner>(
    _ key: String, _ path: WritableKeyPath<Owner, [Inner]>, most: Int, new: @escaping (Int) -> Inner,
    _ fields: [Field<Inner>]
  ) -> Field {
    Field(key: key) { node, key, owner, reading in
      guard let nodes = elements(node, key, most: most, &reading) else { return }
      owner[keyPath: path] = nodes.enumerated().map { index, node in
        var inner = new(index)
        readGroup(node, "\(key)[\(index)]", fields, into: &inner, &reading)
        return inner
      }
    } render: { owner in
      ["\(key):"]
        + owner[keyPath: path].flatMap { inner in
          fields.flatMap { $0.render(inner) }.enumerated().map { ($0 == 0 ? "  - " : "    ") + $1 }
        }
    } outline: {
      fields.flatMap(\.outline).map { ("\(key)[].\($0.key)", $0.expectation) }
    }
  }

  /// The same key, written only where the condition holds.
  func written(when condition: @escaping (Owner) -> Bool) -> Field {
    Field(key: key, read: read) { owner in
      condition(owner) ? render(owner) : []
    } outline: {
      outline
    }
  }

  private init(
    key: String, read: @escaping (Node, String, inout Owner, inout Reading) -> Void,
    render: @escaping (Owner) -> [String], outline: () -> [(key: String, expectation: String)]
  ) {
    self.init(key: key, read: read, render: render, outline: outline())
  }
}

/// Reads a group of keys into its owner. A key without a value leaves the owner as it is.
func readGroup<Owner>(
  _ node: Node, _ key: String, _ fields: [Field<Owner>], into owner: inout Owner, _ reading: inout Reading
) {
  guard case .mapping(let entries) = node.content else {
    if !node.isNull { reading.refuse(node, key, "\(node.found) is no group of keys (\(names(of: fields)))") }
    return
  }
  if !key.isEmpty { reading.note(key, line: node.line) }
  var lines: [String: Int] = [:]
  for entry in entries {
    let full = key.isEmpty ? entry.key : "\(key).\(entry.key)"
    if let first = lines.updateValue(entry.line, forKey: entry.key) {
      reading.refuse(line: entry.line, full, "the key stands in line \(first) already; keep one of them")
    } else if let field = fields.first(where: { $0.key == entry.key }) {
      guard !entry.value.isNull else { continue }
      field.read(entry.value, full, &owner, &reading)
    } else {
      reading.refuse(line: entry.line, full, unknownKey(entry.key, among: fields.map(\.key)))
    }
  }
}

/// The value of a key that takes one, noting where it stands.
private func value<Value>(of node: Node, _ key: String, _ kind: Kind<Value>, _ reading: inout Reading) -> Value? {
  guard case .scalar(let text, let isPlain) = node.content, let value = kind.parse(text, isPlain) else {
    reading.refuse(node, key, "\(node.found) is not \(kind.expectation)")
    return nil
  }
  reading.note(key, line: node.line)
  return value
}

private func elements(_ node: Node, _ key: String, most: Int, _ reading: inout Reading) -> [Node]? {
  guard case .sequence(let nodes) = node.content else {
    reading.refuse(node, key, "\(node.found) is no list; begin each element with \"- \"")
    return nil
  }
  guard (1...most).contains(nodes.count) else {
    reading.refuse(node, key, "the list has \(nodes.count) elements; 1 to \(most) are taken")
    return nil
  }
  reading.note(key, line: node.line, replacesAllBelow: true)
  return nodes
}

private func names<Owner>(of fields: [Field<Owner>]) -> String {
  fields.map(\.key).joined(separator: ", ")
}
