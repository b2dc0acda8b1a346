import EventLoop
import Glibc
import Testing

/// Checks values against `docs/protocol.schema.json`: the words of JSON Schema that the file uses, and no others (a
/// word that is not known here is an error, so that no rule is passed over in silence).
struct ProtocolSchema {
  static let shared = try? ProtocolSchema(path: repository("docs/protocol.schema.json"))

  private let root: JSONValue
  private let patterns: Patterns

  init(path: String) throws { try self.init(JSONValue(parsing: try contents(of: path))) }

  init(_ root: JSONValue) throws {
    self.root = root
    patterns = try Patterns(root)
  }

  /// What is wrong with a line, each with its place. Members that the schema does not name are reported as well: a
  /// client must accept them, but this version must not send any.
  func problems(of value: JSONValue) throws -> [String] {
    var problems: [String] = []
    try check(value, root, at: "$", &problems)
    return problems
  }

  private func check(_ value: JSONValue, _ schema: JSONValue, at place: String, _ problems: inout [String]) throws {
    guard case .object(let rules) = schema else { throw SchemaError.notASchema(place) }
    for (word, rule) in rules {
      switch word {
      case "$schema", "$id", "$defs", "title", "description", "required", "properties", "additionalProperties": break
      case "$ref": try check(value, try definition(rule), at: place, &problems)
      case "oneOf": try checkOneOf(value, rule, at: place, &problems)
      case "items":
        for (index, item) in (value.array ?? []).enumerated() {
          try check(item, rule, at: "\(place)[\(index)]", &problems)
        }
      default: try checkScalar(value, word, rule, at: place, &problems)
      }
    }
    if case .object(let members) = value { try checkMembers(members, rules, at: place, &problems) }
  }

  private func checkScalar(
    _ value: JSONValue, _ word: String, _ rule: JSONValue, at place: String, _ problems: inout [String]
  ) throws {
    let holds: Bool
    switch word {
    case "const": holds = value == rule
    case "enum": holds = rule.array?.contains(value) == true
    case "type":
      holds = (rule.array ?? [rule]).contains { Self.isOf(type: $0.text, value) }
    case "pattern":
      let pattern = patterns.expressions[rule.text ?? ""]
      holds = try value.text.map { try pattern?.firstMatch(in: $0) != nil } ?? true
    case "minLength": holds = value.text.map { $0.count >= rule.integer ?? 0 } ?? true
    case "minimum": holds = value.double.map { $0 >= rule.double ?? 0 } ?? true
    case "maximum": holds = value.double.map { $0 <= rule.double ?? 0 } ?? true
    default: throw SchemaError.unknownWord(word)
    }
    if !holds { problems.append("\(place): \(value) breaks \(word) \(rule)") }
  }

  private func checkMembers(
    _ members: [String: JSONValue], _ rules: [String: JSONValue], at place: String, _ problems: inout [String]
  ) throws {
    for name in rules["required"]?.array ?? [] where members[name.text ?? ""] == nil {
      problems.append("\(place): \(name.text ?? "") is missing")
    }
    guard rules["properties"] != nil || rules["additionalProperties"] != nil else { return }
    for (name, member) in members {
      if let rule = rules["properties"]?[name] {
        try check(member, rule, at: "\(place).\(name)", &problems)
      } else if case .object? = rules["additionalProperties"], let rule = rules["additionalProperties"] {
        try check(member, rule, at: "\(place).\(name)", &problems)
      } else {
        problems.append("\(place): \(name) is not described")
      }
    }
  }

  private func checkOneOf(
    _ value: JSONValue, _ rule: JSONValue, at place: String, _ problems: inout [String]
  ) throws {
    var ofEach: [[String]] = []
    for alternative in rule.array ?? [] {
      var found: [String] = []
      try check(value, alternative, at: place, &found)
      ofEach.append(found)
    }
    let matching = ofEach.filter { $0.isEmpty }.count
    guard matching != 1 else { return }
    // The nearest alternative tells best what is wrong.
    let nearest = ofEach.min { $0.count < $1.count } ?? []
    problems.append(contentsOf: matching == 0 ? nearest : ["\(place): \(matching) alternatives match"])
  }

  private func definition(_ reference: JSONValue) throws -> JSONValue {
    guard let text = reference.text, text.hasPrefix("#/$defs/"),
      let definition = root["$defs"]?[String(text.dropFirst("#/$defs/".count))]
    else { throw SchemaError.badReference("\(reference)") }
    return definition
  }

  private static func isOf(type: String?, _ value: JSONValue) -> Bool {
    switch (type, value) {
    case ("null", .null), ("boolean", .bool), ("integer", .integer), ("number", .integer), ("number", .number),
      ("string", .string), ("array", .array), ("object", .object):
      true
    default: false
    }
  }
}

/// The regular expressions of a schema, made once. Only read after that, and matching changes nothing in them.
private final class Patterns: @unchecked Sendable {
  private(set) var expressions: [String: Regex<AnyRegexOutput>] = [:]

  init(_ schema: JSONValue) throws { try collect(schema) }

  private func collect(_ value: JSONValue) throws {
    guard case .object(let members) = value else { return }
    if let pattern = members["pattern"]?.text { expressions[pattern] = try Regex(pattern) }
    for member in members.values { try collect(member) }
  }
}

enum SchemaError: Error {
  case notASchema(String), unknownWord(String), badReference(String)
}

extension ProtocolSchema? {
  /// Fails the test where the schema could not be read.
  func problems(of value: JSONValue) throws -> [String] { try #require(self).problems(of: value) }
}

/// A file of the repository.
func repository(_ path: String) -> String {
  // Tests/ResultsTests/ProtocolSchema.swift
  let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
  return parts.joined(separator: "/") + "/" + path
}

func contents(of path: String) throws -> [UInt8] {
  let number = open(path, O_RDONLY | O_CLOEXEC)
  guard number >= 0 else { throw SystemCallError("open", on: path) }
  let file = Descriptor(owning: number)
  var all: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 65_536)
  while true {
    let count = read(file.rawValue, &chunk, chunk.count)
    guard count > 0 else { return all }
    all.append(contentsOf: chunk[..<count])
  }
}
