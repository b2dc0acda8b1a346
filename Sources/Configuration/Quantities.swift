/// A decimal number: digits, with a sign and a fraction where wanted. No exponent, no "inf", no "nan".
func decimal(_ text: some StringProtocol) -> Double? {
  let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
  let unsigned = text.hasPrefix("-") || text.hasPrefix("+") ? text.dropFirst() : text[...]
  let parts = unsigned.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
  let isDecimal = (1...2).contains(parts.count) && parts.allSatisfy { !$0.isEmpty && $0.allSatisfy(digits.contains) }
  guard isDecimal, text.utf8.count <= 32 else { return nil }
  return Double(text)
}

/// A number as `decimal` reads it: without a fraction where it has none.
func plain(_ value: Double) -> String {
  Int(exactly: value).map { "\($0)" } ?? fraction(value)
}

/// Swift writes numbers below 0.0001 with an exponent, which is not a decimal number here.
private func fraction(_ value: Double) -> String {
  let text = "\(value)"
  guard let mark = text.firstIndex(of: "e"), let exponent = Int(text[text.index(after: mark)...]), exponent < 0
  else { return text }
  let digits = text[..<mark].filter(\.isNumber)
  return (value < 0 ? "-" : "") + "0." + String(repeating: "0", count: -exponent - 1) + digits
}

extension Duration {
  /// Names of units, with their length in microseconds. The longer names come first, as `s` ends `ms` too.
  private static let units: [(name: String, microseconds: Double)] = [
    ("min", 60_000_000), ("ms", 1000), ("us", 1), ("h", 3_600_000_000), ("s", 1_000_000),
  ]

  /// `500ms`, `2s`, `1.5min`; a number without a unit is seconds. Exact to the microsecond; nil above ten years.
  public static func parse(_ text: String) -> Duration? {
    let unit = units.first { text.hasSuffix($0.name) } ?? (name: "", microseconds: 1_000_000)
    let number = text.dropLast(unit.name.count).trimmingSpaces
    guard let value = decimal(number) else { return nil }
    let microseconds = (value * unit.microseconds).rounded()
    guard abs(microseconds) <= 10 * 366 * 24 * 3_600_000_000.0 else { return nil }
    return .microseconds(Int64(microseconds))
  }

  /// As `parse` reads it, with the largest unit that needs no fraction.
  public static func text(_ duration: Duration) -> String {
    let (seconds, attoseconds) = duration.components
    let microseconds = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    if microseconds % 1_000_000 == 0 {
      return seconds != 0 && seconds % 60 == 0 ? "\(seconds / 60)min" : "\(seconds)s"
    }
    return microseconds % 1000 == 0 ? "\(microseconds / 1000)ms" : "\(microseconds)us"
  }
}

/// Numbers of bytes, with binary units.
enum ByteCount {
  private static let units: [(name: String, bytes: Int)] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)]

  /// `65536`, `64KiB`, `512MiB`; nil where it is no whole number or does not fit.
  static func parse(_ text: String) -> Int? {
    let unit = units.first { text.hasSuffix($0.name) } ?? (name: "", bytes: 1)
    guard let count = Int(text.dropLast(unit.name.count).trimmingSpaces), count >= 0 else { return nil }
    let (bytes, overflow) = count.multipliedReportingOverflow(by: unit.bytes)
    return overflow ? nil : bytes
  }

  /// As `parse` reads it, with the largest unit that needs no fraction.
  static func text(_ bytes: Int) -> String {
    let unit = units.last { bytes >= $0.bytes && bytes % $0.bytes == 0 } ?? (name: "", bytes: 1)
    return "\(bytes / unit.bytes)\(unit.name)"
  }
}

extension Substring {
  fileprivate var trimmingSpaces: Substring {
    guard let end = lastIndex(where: { $0 != " " }) else { return "" }
    return self[...end]
  }
}

/// A text as YAML: plain where that is safe, in double quotes with escapes elsewhere.
func yamlText(_ text: String) -> String {
  let isSafe = text.utf8.allSatisfy { byte in
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "_"): true
    case UInt8(ascii: "-"): true
    default: false
    }
  }
  let isWord = text.unicodeScalars.first.map { $0 == "/" || $0.properties.isAlphabetic } ?? false
  if isSafe, isWord, text.lowercased() != "null" { return text }
  let escaped = text.unicodeScalars.map { scalar in
    switch scalar {
    case "\"", "\\": "\\\(scalar)"
    case _ where scalar.properties.generalCategory == .control || scalar.value > 126:
      "\\U" + String(repeating: "0", count: 8 - String(scalar.value, radix: 16).count) + String(scalar.value, radix: 16)
    default: String(scalar)
    }
  }
  return "\"\(escaped.joined())\""
}
