/// What a marker says of a model: which it is, the name it was dropped as, and its generation.
struct CommittedModel: Equatable {
  var identity: Identity
  /// As it is shown.
  var name: String
  var generation: UInt64

  init(identity: Identity, name: String, generation: UInt64) {
    self.identity = identity
    self.name = name
    self.generation = generation
  }

  private static let heading = "maskd model 1"

  /// Lines of text, so that a person can read it too.
  func encoded() -> [UInt8] {
    let lines = [
      Self.heading, "sha256 \(identity.model)", "sidecar \(identity.sidecar ?? "-")", "generation \(generation)",
      "name \(name)", "",
    ]
    return Array(lines.joined(separator: "\n").utf8)
  }

  /// Nil where the bytes are not what `encoded` gives.
  init?(decoding bytes: [UInt8]) {
    guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.count == 6, lines[0] == Self.heading, lines[5].isEmpty,
      let model = Self.value("sha256", lines[1]), Self.isHash(model),
      let sidecar = Self.value("sidecar", lines[2]), sidecar == "-" || Self.isHash(sidecar),
      let generation = Self.value("generation", lines[3]).flatMap({ UInt64($0) }), generation > 0,
      let name = Self.value("name", lines[4])
    else { return nil }
    identity = Identity(model: model, sidecar: sidecar == "-" ? nil : sidecar)
    self.name = name
    self.generation = generation
  }

  private static func value(_ key: String, _ line: Substring) -> String? {
    line.hasPrefix(key + " ") ? String(line.dropFirst(key.count + 1)) : nil
  }

  /// Hashes become file names, so nothing else may pass for one.
  private static func isHash(_ text: String) -> Bool {
    text.utf8.count == 64
      && text.utf8.allSatisfy { byte in
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
      }
  }
}

/// A list of files with what the file system said of them: a line each, the name in hexadecimal.
struct ConsideredFiles {
  var files: [Intake.Name: Fingerprint]

  init(files: [Intake.Name: Fingerprint]) { self.files = files }

  func encoded() -> [UInt8] {
    let lines = files.map { name, fingerprint in
      let numbers = Self.numbers(fingerprint.model) + (fingerprint.sidecar.map(Self.numbers) ?? [])
      return numbers.map(String.init).joined(separator: " ") + " " + Self.hexadecimal(name) + "\n"
    }
    return Array(lines.sorted().joined().utf8)
  }

  /// Nil where the bytes are not what `encoded` gives.
  init?(decoding bytes: [UInt8]) {
    files = [:]
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      let words = line.split(separator: " ")
      let numbers = words.dropLast().compactMap { Int64($0) }
      guard [5, 9].contains(words.count), numbers.count == words.count - 1,
        let name = Self.bytes(words[words.count - 1]),
        let model = Self.stamp(numbers[..<4])
      else { return nil }
      files[name] = Fingerprint(model: model, sidecar: numbers.count == 8 ? Self.stamp(numbers[4...]) : nil)
    }
  }

  private static func numbers(_ stamp: FileStamp) -> [Int64] {
    [Int64(bitPattern: stamp.inode), stamp.byteCount, stamp.modified, stamp.changed]
  }

  private static func stamp(_ numbers: ArraySlice<Int64>) -> FileStamp? {
    let values = Array(numbers)
    guard values.count == 4 else { return nil }
    return FileStamp(
      inode: UInt64(bitPattern: values[0]), byteCount: values[1], modified: values[2], changed: values[3])
  }

  private static func hexadecimal(_ name: [UInt8]) -> String {
    name.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  private static func bytes(_ text: Substring) -> [UInt8]? {
    let digits = Array(text.utf8)
    guard digits.count % 2 == 0, !digits.isEmpty else { return nil }
    let bytes = stride(from: 0, to: digits.count, by: 2).compactMap { position in
      UInt8(String(decoding: digits[position...(position + 1)], as: UTF8.self), radix: 16)
    }
    return bytes.count == digits.count / 2 ? bytes : nil
  }
}
