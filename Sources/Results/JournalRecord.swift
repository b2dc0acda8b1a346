import Logging

/// A log line with its fields, as the journal takes them.
struct JournalRecord: Sendable {
  /// The metadata that becomes MESSAGE_ID.
  static let messageIDKey = "message_id"

  let level: Logger.Level
  private(set) var message: String
  private(set) var fields: [(name: String, value: String)]
  /// Records with the same key are limited together.
  let limitKey: String

  init(_ event: LogEvent, metadata: Logger.Metadata) {
    level = event.level
    message = event.message.description
    var fields = [
      ("CODE_FILE", event.file), ("CODE_LINE", "\(event.line)"), ("CODE_FUNC", event.function),
    ]
    var id: String?
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
      if key == Self.messageIDKey {
        id = value.description
        fields.append(("MESSAGE_ID", value.description))
      } else {
        fields.append((Self.fieldName(key), value.description))
      }
    }
    if let error = event.error { fields.append(("MASKD_ERROR", "\(error)")) }
    self.fields = fields
    limitKey = id ?? "\(event.file):\(event.line)"
  }

  /// Says how many records like this one were not written.
  mutating func note(heldBack: Int) {
    message += " (\(heldBack) more like this were held back)"
    fields.append(("MASKD_HELD_BACK", "\(heldBack)"))
  }

  /// The levels of syslog.
  var priority: Int {
    switch level {
    case .trace, .debug: 7
    case .info: 6
    case .notice: 5
    case .warning: 4
    case .error: 3
    case .critical: 2
    }
  }

  /// The journal drops a field without a word whose name has other characters, or more than 64.
  static func fieldName(_ key: String) -> String {
    let name = key.utf8.map { byte -> UInt8 in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - 0x20
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): byte
      default: UInt8(ascii: "_")
      }
    }
    return "MASKD_" + String(decoding: name.prefix(58), as: UTF8.self)
  }
}
