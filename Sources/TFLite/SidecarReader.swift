import FoundationEssentials

extension Sidecar {
  /// Reads a sidecar; a key that is not known is an error.
  public init(parsing bytes: [UInt8]) throws(SidecarError) {
    guard bytes.count <= ModelLimits.sidecarByteCount else { throw .tooBig(byteCount: bytes.count) }
    // The decoder recurses into what is nested; a sidecar needs four levels.
    guard Self.depth(of: bytes) <= 8 else { throw .notJSON(detail: "it is nested more than 8 levels deep") }
    do {
      self = try JSONDecoder().decode(SidecarFile.self, from: Data(bytes)).sidecar
    } catch let error as SidecarError {
      throw error
    } catch DecodingError.typeMismatch {
      throw .notJSON(detail: "an object { … } was expected")
    } catch {
      throw .notJSON(detail: Self.detail(of: error))
    }
  }

  private static func detail(of error: any Error) -> String {
    guard case DecodingError.dataCorrupted(let context) = error else { return "it cannot be decoded" }
    let detail = context.underlyingError.map { String(describing: $0) } ?? context.debugDescription
    return String(detail.prefix(200))
  }

  /// The deepest nesting of brackets outside of strings.
  private static func depth(of bytes: [UInt8]) -> Int {
    var depth = 0
    var deepest = 0
    var isInString = false
    var isEscaped = false
    for byte in bytes {
      if isInString {
        isInString = isEscaped || byte != UInt8(ascii: "\"")
        isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): isInString = true
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        deepest = max(deepest, depth)
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      default: break
      }
    }
    return deepest
  }
}

/// The file's top level.
private struct SidecarFile: Decodable {
  let sidecar: Sidecar

  init(from decoder: any Decoder) throws {
    let object = try StrictObject(
      decoder, "", keys: ["labels", "input", "scores", "thresholds", "golden", "author", "description", "license"])
    sidecar = Sidecar(
      labels: try object.value("labels", [String].self, "a list of texts").map(Self.checkedLabels),
      input: try object.value("input", InputFile.self, "an object")?.input,
      scores: try object.choice("scores"),
      thresholds: try object.value("thresholds", ThresholdsFile.self, "an object")?.thresholds,
      goldens: try Self.goldens(object),
      author: try object.value("author", String.self, "a text"),
      description: try object.value("description", String.self, "a text"),
      license: try object.value("license", String.self, "a text"))
  }

  private static func goldens(_ object: StrictObject) throws -> [Sidecar.Golden] {
    let goldens = try object.value("golden", [GoldenFile].self, "a list of objects") ?? []
    guard goldens.count <= Sidecar.goldensMax else {
      throw SidecarError.badValue(key: "golden", expected: "a list of at most \(Sidecar.goldensMax) entries")
    }
    return goldens.map(\.golden)
  }

  private static func checkedLabels(_ labels: [String]) throws -> [String] {
    let expected =
      "a list of 1 to \(ModelLimits.labels) different texts, each of 1 to \(ModelLimits.labelByteCount)"
      + " bytes, without control characters, and none of them \"indeterminate\""
    let areGood = labels.allSatisfy { label in
      (1...ModelLimits.labelByteCount).contains(label.utf8.count) && label != "indeterminate"
        && label.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    }
    guard areGood, (1...ModelLimits.labels).contains(labels.count), Set(labels).count == labels.count else {
      throw SidecarError.badValue(key: "labels", expected: expected)
    }
    return labels
  }
}

private struct InputFile: Decodable {
  let input: Sidecar.Input

  init(from decoder: any Decoder) throws {
    let object = try StrictObject(
      decoder, "input", keys: ["range", "mean", "standard_deviation", "channel_order", "filter", "fit"])
    input = Sidecar.Input(
      normalization: try Self.normalization(object), channelOrder: try object.choice("channel_order"),
      filter: try object.choice("filter"), fit: try object.choice("fit"))
  }

  private static func normalization(_ object: StrictObject) throws -> Sidecar.Normalization? {
    let numbers = "a list of 1 or 3 numbers"
    let mean = try object.value("mean", [Double].self, numbers)
    let deviation = try object.value("standard_deviation", [Double].self, numbers)
    if let range = try object.value("range", [Double].self, "two numbers, low and high") {
      guard range.count == 2, range[0] < range[1], mean == nil, deviation == nil else {
        throw object.bad(
          "range", "two numbers, the lower first, and stands without \"mean\" and \"standard_deviation\"")
      }
      return .range(low: range[0], high: range[1])
    }
    guard mean != nil || deviation != nil else { return nil }
    guard let mean, [1, 3].contains(mean.count) else { throw object.bad("mean", numbers) }
    guard let deviation, deviation.count == mean.count, deviation.allSatisfy({ $0 > 0 }) else {
      throw object.bad("standard_deviation", "as many numbers as \"mean\" has, all above 0")
    }
    return .standardized(mean: mean, standardDeviation: deviation)
  }
}

private struct ThresholdsFile: Decodable {
  let thresholds: Sidecar.Thresholds

  init(from decoder: any Decoder) throws {
    let object = try StrictObject(decoder, "thresholds", keys: ["enter", "leave"])
    guard let enter = try object.value("enter", Double.self, "a number"), (0.5...1).contains(enter) else {
      throw object.bad("enter", "a number from 0.5 to 1")
    }
    guard let leave = try object.value("leave", Double.self, "a number"), (0...enter).contains(leave) else {
      throw object.bad("leave", "a number from 0 to \"enter\"")
    }
    thresholds = Sidecar.Thresholds(enter: enter, leave: leave)
  }
}

private struct GoldenFile: Decodable {
  let golden: Sidecar.Golden

  private struct Rule: Decodable {
    let seed: UInt64

    init(from decoder: any Decoder) throws {
      let object = try StrictObject(decoder, "golden.input", keys: ["splitmix64"])
      let expected = "a whole number from 0 to 2^64 - 1"
      guard let seed = try object.value("splitmix64", UInt64.self, expected) else {
        throw object.bad("splitmix64", expected)
      }
      self.seed = seed
    }
  }

  init(from decoder: any Decoder) throws {
    let object = try StrictObject(decoder, "golden", keys: ["input", "output", "tolerance"])
    guard let rule = try object.value("input", Rule.self, "an object") else {
      throw object.bad("input", "an object such as {\"splitmix64\": 7}")
    }
    guard let output = try object.value("output", [Double].self, "a list of numbers"), !output.isEmpty else {
      throw object.bad("output", "a list of numbers, the raw values of the output")
    }
    let tolerance = try object.value("tolerance", Double.self, "a number") ?? 0
    guard tolerance >= 0 else { throw object.bad("tolerance", "a number that is not negative") }
    golden = Sidecar.Golden(seed: rule.seed, output: output, tolerance: tolerance)
  }
}

/// An object of which every key is known.
private struct StrictObject {
  private let container: KeyedDecodingContainer<Key>
  private let path: String

  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  init(_ decoder: any Decoder, _ path: String, keys: [String]) throws {
    container = try decoder.container(keyedBy: Key.self)
    self.path = path
    if let unknown = container.allKeys.map(\.stringValue).sorted().first(where: { !keys.contains($0) }) {
      throw SidecarError.unknownKey(String(unknown.prefix(64)), path: path, known: keys)
    }
  }

  /// The value of a key; nil where it is absent or null.
  func value<Value: Decodable>(_ key: String, _ type: Value.Type, _ expected: String) throws -> Value? {
    do {
      return try container.decodeIfPresent(type, forKey: Key(stringValue: key))
    } catch let error as SidecarError {
      throw error
    } catch {
      throw bad(key, expected)
    }
  }

  /// One of the words of an enumeration.
  func choice<Choice: RawRepresentable<String> & CaseIterable>(_ key: String) throws -> Choice? {
    let expected = "one of " + Choice.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
    guard let word = try value(key, String.self, expected) else { return nil }
    guard let choice = Choice(rawValue: word) else { throw bad(key, expected) }
    return choice
  }

  func bad(_ key: String, _ expected: String) -> SidecarError {
    .badValue(key: path.isEmpty ? key : "\(path).\(key)", expected: expected)
  }
}
