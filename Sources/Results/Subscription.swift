import FoundationEssentials

/// What a client wants to hear. Without a request: everything.
struct Subscription {
  /// Bytes of a client's line, its end included.
  static let maximumLineByteCount = 4096
  /// Patterns in `regions`.
  static let maximumPatterns = 64

  private var kinds: Set<LineKind>?
  private var patterns: [GlobPattern]?
  /// Whether each region of the table matches; regions that came later are matched when they are met.
  private var matches: [Bool] = []

  /// Everything.
  init() {}

  /// Reads a client's line (without its end).
  init(line: ArraySlice<UInt8>) throws(SubscriptionError) {
    let request: Request
    do {
      request = try JSONDecoder().decode(Request.self, from: Data(line))
    } catch let error as SubscriptionError {
      throw error
    } catch {
      throw .notARequest
    }
    if let names = request.subscribe { kinds = try Self.kinds(names) }
    if let regions = request.regions {
      guard regions.count <= Self.maximumPatterns else { throw .tooManyPatterns(regions.count) }
      patterns = regions.map(GlobPattern.init)
    }
  }

  private static func kinds(_ names: [String]) throws(SubscriptionError) -> Set<LineKind> {
    var kinds: Set<LineKind> = []
    for name in names {
      guard let kind = LineKind.allCases.first(where: { $0.name == name && $0 != .bye }) else {
        throw .unknownType(name)
      }
      kinds.insert(kind)
    }
    return kinds
  }

  /// Whether a line is wanted. `bye` always is; patterns concern lines that have a region.
  mutating func wants(_ label: LineLabel, regions: RegionTable) -> Bool {
    if let kinds, label.kind != .bye, !kinds.contains(label.kind) { return false }
    guard let patterns, let region = label.region else { return true }
    while matches.count <= Int(region) {
      let name = regions.names[matches.count]
      matches.append(patterns.contains { $0.matches("\(name.camera)/\(name.region)") })
    }
    return matches[Int(region)]
  }
}

extension Subscription {
  private struct Request: Decodable {
    let subscribe: [String]?
    let regions: [String]?

    private struct Key: CodingKey {
      let stringValue: String
      var intValue: Int? { nil }
      init(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
      let members = try decoder.container(keyedBy: Key.self)
      if let key = members.allKeys.map(\.stringValue).sorted().first(where: { $0 != "subscribe" && $0 != "regions" }) {
        throw SubscriptionError.unknownMember(key)
      }
      subscribe = try members.decodeIfPresent([String].self, forKey: Key(stringValue: "subscribe"))
      regions = try members.decodeIfPresent([String].self, forKey: Key(stringValue: "regions"))
    }
  }
}

/// Why a client's line is refused.
enum SubscriptionError: Error, Equatable {
  case notARequest
  case unknownMember(String)
  case unknownType(String)
  case tooManyPatterns(Int)
  case tooLong
  case secondLine
  case unfinished
}

extension SubscriptionError: CustomStringConvertible {
  var description: String {
    switch self {
    case .notARequest:
      #"the line is not a request like {"subscribe":["state","model"],"regions":["door/*"]}"#
    case .unknownMember(let name):
      #"unknown member "\#(name.prefix(80))": a request has "subscribe" and "regions""#
    case .unknownType(let name):
      #"unknown type "\#(name.prefix(80))" in "subscribe": use state, result, camera, model, overload"#
    case .tooManyPatterns(let count):
      #""regions" has \#(count) patterns: use at most \#(Subscription.maximumPatterns)"#
    case .tooLong:
      "the line is longer than \(Subscription.maximumLineByteCount) bytes: use fewer patterns"
    case .secondLine:
      "something came after the request: send one line at most, connect again for another"
    case .unfinished:
      "the request did not end with a line feed"
    }
  }

  /// The stable word of the `error` line.
  var reason: String {
    switch self {
    case .tooLong: "too_long"
    case .secondLine: "second_line"
    case .notARequest, .unknownMember, .unknownType, .tooManyPatterns, .unfinished: "bad_request"
    }
  }
}

/// A pattern in which `*` stands for any run of characters, none and `/` included.
struct GlobPattern {
  private let pattern: [UInt8]

  init(_ text: String) { pattern = Array(text.utf8) }

  /// Takes time in proportion to both lengths at worst: only the last `*` is ever tried again.
  func matches(_ text: String) -> Bool {
    let name = Array(text.utf8)
    var (inName, inPattern) = (0, 0)
    var retry: (name: Int, pattern: Int)?
    while inName < name.count {
      if inPattern < pattern.count, pattern[inPattern] == UInt8(ascii: "*") {
        retry = (inName, inPattern)
        inPattern += 1
      } else if inPattern < pattern.count, pattern[inPattern] == name[inName] {
        (inName, inPattern) = (inName + 1, inPattern + 1)
      } else if let last = retry {
        retry = (last.name + 1, last.pattern)
        (inName, inPattern) = (last.name + 1, last.pattern + 1)
      } else {
        return false
      }
    }
    return pattern[inPattern...].allSatisfy { $0 == UInt8(ascii: "*") }
  }
}
