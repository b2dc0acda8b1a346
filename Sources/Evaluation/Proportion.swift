/// A share of a whole that was counted, and how far it can be trusted.
public struct Proportion: Equatable, Sendable {
  /// How many of `total` there were.
  public let count: Int
  /// How many there could have been.
  public let total: Int

  /// `0 <= count <= total`.
  public init(_ count: Int, of total: Int) {
    precondition(count >= 0 && count <= total, "a share is not larger than the whole")
    self.count = count
    self.total = total
  }

  /// 0…1; no number where nothing was counted.
  public var value: Double { total > 0 ? Double(count) / Double(total) : .nan }

  /// The bounds between which the true share lies with 95 % confidence, by Wilson's score interval, which holds near 0
  /// and 1 and for few pictures as well (E. B. Wilson, J. Am. Stat. Assoc. 22, 1927). 0…1 where nothing was counted.
  public var interval: ClosedRange<Double> {
    guard total > 0 else { return 0...1 }
    let deviations = 1.959963984540054
    let (share, n, square) = (value, Double(total), deviations * deviations)
    let middle = (share + square / (2 * n)) / (1 + square / n)
    let half = deviations / (1 + square / n) * (share * (1 - share) / n + square / (4 * n * n)).squareRoot()
    return max(0, middle - half)...min(1, middle + half)
  }
}
