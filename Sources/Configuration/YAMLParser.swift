import CYAML

/// Reads one YAML document into nodes (libyaml).
///
/// Anchors, aliases, tags and a second document are refused: nothing here needs them, and an alias is how a small file
/// becomes a big one. `deepest` keeps the recursion short.
struct YAMLParser: ~Copyable {
  /// Larger files are refused, in bytes.
  static let largestFile = 256 * 1024
  /// Levels of lists and groups of keys.
  static let deepest = 16

  private let file: String
  private let bytes: [UInt8]
  private let parser: UnsafeMutablePointer<yaml_parser_t>

  /// The value of a whole file; nil where it holds none.
  static func parse(_ bytes: [UInt8], file: String) throws(ConfigurationError) -> Node? {
    try requireText(bytes, file: file)
    let parser = YAMLParser(bytes, file: file)
    return try parser.document()
  }

  private init(_ bytes: [UInt8], file: String) {
    self.file = file
    self.bytes = bytes
    parser = .allocate(capacity: 1)
    parser.initialize(to: yaml_parser_t())
    // It fails where memory is at its end, which Swift's own allocations do not survive either.
    precondition(yaml_parser_initialize(parser) == 1)
  }

  deinit {
    yaml_parser_delete(parser)
    parser.deinitialize(count: 1)
    parser.deallocate()
  }

  private static func requireText(_ bytes: [UInt8], file: String) throws(ConfigurationError) {
    guard bytes.count <= largestFile else {
      throw ConfigurationError(
        file: file, line: nil, key: "", problem: "the file is larger than \(largestFile) bytes, the limit")
    }
    guard String(validating: bytes, as: UTF8.self) == nil else { return }
    let line = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .firstIndex { String(validating: $0, as: UTF8.self) == nil }
    throw ConfigurationError(
      file: file, line: line.map { $0 + 1 }, key: "", problem: "the line is no valid UTF-8; save the file as UTF-8")
  }

  private func document() throws(ConfigurationError) -> Node? {
    let result: Result<Node?, ConfigurationError> = bytes.withUnsafeBufferPointer { input in
      yaml_parser_set_input_string(parser, input.baseAddress, input.count)
      do throws(ConfigurationError) { return .success(try wholeStream()) } catch { return .failure(error) }
    }
    return try result.get()
  }

  private func wholeStream() throws(ConfigurationError) -> Node? {
    var event = try next()  // the start of the stream
    event = try next()
    guard event.kind == YAML_DOCUMENT_START_EVENT else { return nil }
    let node = try self.node(try next(), depth: 0)
    _ = try next()  // the end of the document
    event = try next()
    guard event.kind == YAML_STREAM_END_EVENT else {
      throw error(line: event.line, "a second document begins here; a configuration file has one")
    }
    return node
  }

  private func node(_ event: Event, depth: Int) throws(ConfigurationError) -> Node {
    guard depth < Self.deepest else { throw error(line: event.line, "nested deeper than \(Self.deepest) levels") }
    if event.isAnchoredOrTagged || event.kind == YAML_ALIAS_EVENT {
      throw error(
        line: event.line,
        "anchors (&), aliases (*) and tags (!) are not taken here; write the value out, in quotes "
          + "where it begins with one of these signs")
    }
    switch event.kind {
    case YAML_SEQUENCE_START_EVENT: return try sequence(from: event.line, depth: depth)
    case YAML_MAPPING_START_EVENT: return try mapping(from: event.line, depth: depth)
    default: return Node(line: event.line, content: .scalar(event.text, isPlain: event.isPlain))
    }
  }

  private func sequence(from line: Int, depth: Int) throws(ConfigurationError) -> Node {
    var elements: [Node] = []
    while true {
      let event = try next()
      if event.kind == YAML_SEQUENCE_END_EVENT { return Node(line: line, content: .sequence(elements)) }
      elements.append(try node(event, depth: depth + 1))
    }
  }

  private func mapping(from line: Int, depth: Int) throws(ConfigurationError) -> Node {
    var entries: [Node.Entry] = []
    while true {
      let event = try next()
      if event.kind == YAML_MAPPING_END_EVENT { return Node(line: line, content: .mapping(entries)) }
      guard case .scalar(let key, _) = try node(event, depth: depth + 1).content else {
        throw error(line: event.line, "a key is a word, not a list or a group of keys")
      }
      entries.append(Node.Entry(key: key, line: event.line, value: try node(try next(), depth: depth + 1)))
    }
  }

  private func error(line: Int?, _ problem: String) -> ConfigurationError {
    ConfigurationError(file: file, line: line, key: "", problem: problem)
  }
}

extension YAMLParser {
  /// What libyaml tells of one step, copied out of its memory.
  private struct Event {
    let kind: yaml_event_type_t
    let line: Int
    var text = ""
    var isPlain = false
    var isAnchoredOrTagged = false
  }

  private func next() throws(ConfigurationError) -> Event {
    var raw = yaml_event_t()
    guard yaml_parser_parse(parser, &raw) == 1 else { throw syntaxError() }
    defer { yaml_event_delete(&raw) }
    var event = Event(kind: raw.type, line: raw.start_mark.line + 1)
    switch raw.type {
    case YAML_SCALAR_EVENT:
      let scalar = raw.data.scalar
      event.text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
      event.isPlain = scalar.style == YAML_PLAIN_SCALAR_STYLE
      event.isAnchoredOrTagged = scalar.anchor != nil || scalar.tag != nil
    case YAML_SEQUENCE_START_EVENT:
      event.isAnchoredOrTagged = raw.data.sequence_start.anchor != nil || raw.data.sequence_start.tag != nil
    case YAML_MAPPING_START_EVENT:
      event.isAnchoredOrTagged = raw.data.mapping_start.anchor != nil || raw.data.mapping_start.tag != nil
    default: break
    }
    return event
  }

  private func syntaxError() -> ConfigurationError {
    let problem = parser.pointee.problem.map { String(cString: $0) } ?? "it cannot be read"
    if parser.pointee.error == YAML_READER_ERROR {
      let line = bytes.prefix(parser.pointee.problem_offset).count { $0 == UInt8(ascii: "\n") } + 1
      return error(line: line, "no valid YAML: \(problem)")
    }
    let line = parser.pointee.problem_mark.line + 1
    if indentsWithTab(line: line) {
      return error(line: line, "a tab stands in the indentation; YAML takes spaces alone")
    }
    return error(
      line: line, "no valid YAML: \(problem); look at the indentation, quotes and colons here and just above")
  }

  private func indentsWithTab(line: Int) -> Bool {
    let lines = bytes.split(separator: UInt8(ascii: "\n"), maxSplits: line, omittingEmptySubsequences: false)
    guard line <= lines.count else { return false }
    return lines[line - 1].prefix { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }.contains(UInt8(ascii: "\t"))
  }
}
