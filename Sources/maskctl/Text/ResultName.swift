/// The names that converters give to results.
enum ResultName {
  private static let lengthMax = 50

  /// The first of those that a converter joined, and of a long one its end, which tells layers apart.
  static func short(_ name: String) -> String {
    let first = name.split(separator: ";").first.map(String.init) ?? name
    return first.count > lengthMax ? "…" + first.suffix(lengthMax - 1) : first
  }
}
