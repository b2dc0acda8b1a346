/// Writes JSON into a buffer that is used again: no allocation once the buffer has grown to the longest line.
///
/// A `String` holds valid Unicode always (bytes that were not UTF-8 became U+FFFD when it was made), so what is written
/// is valid UTF-8.
struct LineWriter {
  /// What was written since `reset`.
  private(set) var bytes: [UInt8] = []

  init() { bytes.reserveCapacity(4096) }

  /// Starts anew and keeps the memory.
  mutating func reset() { bytes.removeAll(keepingCapacity: true) }

  mutating func beginObject() { open(UInt8(ascii: "{")) }
  mutating func endObject() { bytes.append(UInt8(ascii: "}")) }
  mutating func beginArray() { open(UInt8(ascii: "[")) }
  mutating func endArray() { bytes.append(UInt8(ascii: "]")) }
  /// Ends the line.
  mutating func endLine() { bytes.append(UInt8(ascii: "\n")) }

  /// Writes a member's name; its value comes next.
  mutating func key(_ name: String) {
    value(name)
    bytes.append(UInt8(ascii: ":"))
  }

  mutating func value(_ text: String) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
        escape(byte)
      } else {
        bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  mutating func value(_ number: UInt64) {
    separate()
    digits(number, atLeast: 1)
  }

  mutating func value(_ flag: Bool) {
    separate()
    literal(flag ? "true" : "false")
  }

  mutating func null() {
    separate()
    literal("null")
  }

  /// Writes at most six decimals; `null` for what is not finite, as JSON has no word for it.
  mutating func value(_ number: Double) {
    guard number.isFinite else { return null() }
    separate()
    let magnitude = number.magnitude
    guard magnitude < 1e12 else { return bytes.append(contentsOf: number.description.utf8) }
    let millionths = UInt64((magnitude * 1_000_000).rounded())
    if number < 0, millionths > 0 { bytes.append(UInt8(ascii: "-")) }
    digits(millionths / 1_000_000, atLeast: 1)
    var fraction = millionths % 1_000_000
    guard fraction > 0 else { return }
    var places = 6
    while fraction % 10 == 0 { (fraction, places) = (fraction / 10, places - 1) }
    bytes.append(UInt8(ascii: "."))
    digits(fraction, atLeast: places)
  }

  /// Writes µs since 1970 as RFC 3339 in UTC, to the millisecond.
  mutating func value(timestamp microseconds: UInt64) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    Timestamp(microseconds).write(into: &self)
    bytes.append(UInt8(ascii: "\""))
  }

  /// Writes a number with leading zeros. From the first digit on: to turn around a part of an array copies it.
  mutating func digits(_ number: UInt64, atLeast count: Int) {
    var places = 1
    var divisor: UInt64 = 1
    while places < count || number / divisor >= 10 {
      places += 1
      divisor *= 10
    }
    while divisor > 0 {
      bytes.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
      divisor /= 10
    }
  }

  /// Writes ASCII as it is.
  mutating func literal(_ text: StaticString) {
    text.withUTF8Buffer { bytes.append(contentsOf: $0) }
  }

  private mutating func open(_ bracket: UInt8) {
    separate()
    bytes.append(bracket)
  }

  /// A string always ends with a quotation mark, so the last byte tells whether a comma is due.
  private mutating func separate() {
    switch bytes.last {
    case nil, UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: ":"), UInt8(ascii: "\n"): break
    default: bytes.append(UInt8(ascii: ","))
    }
  }

  private mutating func escape(_ byte: UInt8) {
    bytes.append(UInt8(ascii: "\\"))
    switch byte {
    case UInt8(ascii: "\n"): bytes.append(UInt8(ascii: "n"))
    case UInt8(ascii: "\r"): bytes.append(UInt8(ascii: "r"))
    case UInt8(ascii: "\t"): bytes.append(UInt8(ascii: "t"))
    case 0..<0x20:
      literal("u00")
      bytes.append(byte < 0x10 ? UInt8(ascii: "0") : UInt8(ascii: "1"))
      let low = byte & 0xF
      bytes.append(low < 10 ? UInt8(ascii: "0") + low : UInt8(ascii: "a") + low - 10)
    default: bytes.append(byte)
    }
  }
}

// MARK: - Members in one call

extension LineWriter {
  mutating func member(_ name: String, _ text: String) {
    key(name)
    value(text)
  }

  mutating func member(_ name: String, _ number: UInt64) {
    key(name)
    value(number)
  }

  mutating func member(_ name: String, _ number: Double) {
    key(name)
    value(number)
  }

  mutating func member(_ name: String, _ flag: Bool) {
    key(name)
    value(flag)
  }

  /// Writes nothing for nil.
  mutating func optional(_ name: String, _ text: String?) {
    if let text { member(name, text) }
  }

  /// Writes nothing for nil.
  mutating func optional(_ name: String, _ number: UInt64?) {
    if let number { member(name, number) }
  }
}
