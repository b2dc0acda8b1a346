/// Finds the greatest share of weights, in tenths, that can be zero with a limit still holding, by halves.
public struct SparsitySearch: Sendable {
  /// The most tenths that held.
  private var held = 0
  /// The least tenths that did not.
  private var failed = 10

  /// Begins with knowing nothing.
  public init() {}

  private var middle: Int { (held + failed) / 2 }

  /// The share to try next; nil when there is nothing left to try.
  public var next: Double? { failed - held > 1 ? Double(middle) / 10 : nil }

  /// Notes whether the limit held with `next`.
  public mutating func record(holds: Bool) {
    guard next != nil else { return }
    if holds { held = middle } else { failed = middle }
  }
}
