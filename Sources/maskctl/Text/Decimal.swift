/// Numbers with a fixed count of decimals.
enum Decimal {
  /// A number below 10^12 in size, rounded to `digits` decimals, for example "12.340"; "-" for what is no such number.
  static func text(_ value: Double, digits: Int) -> String {
    guard value.isFinite, abs(value) < 1e12 else { return "-" }
    var unit = 1
    for _ in 0..<digits { unit *= 10 }
    let scaled = Int((abs(value) * Double(unit)).rounded())
    let sign = value < 0 && scaled > 0 ? "-" : ""
    guard digits > 0 else { return "\(sign)\(scaled)" }
    let rest = String(scaled % unit)
    return "\(sign)\(scaled / unit).\(String(repeating: "0", count: digits - rest.count))\(rest)"
  }
}
