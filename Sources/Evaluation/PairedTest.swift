import Glibc

/// Whether two models that judged the same pictures differ by more than chance: McNemar's test in its exact form.
public struct PairedTest: Equatable, Sendable {
  /// Pictures that only the first model gets right.
  public let onlyFirst: Int
  /// Pictures that only the second model gets right.
  public let onlySecond: Int

  /// Compares the answers to the pictures that both judged.
  public init(_ first: [JudgedPicture], _ second: [JudgedPicture]) {
    let isRight = Dictionary(first.map { ($0.file, $0.isRight) }) { one, _ in one }
    let pairs = second.compactMap { picture in isRight[picture.file].map { (first: $0, second: picture.isRight) } }
    onlyFirst = pairs.count { $0.first && !$0.second }
    onlySecond = pairs.count { !$0.first && $0.second }
  }

  /// The chance of a difference at least this large if both were equally good: two-sided, by the binomial distribution
  /// (Q. McNemar, Psychometrika 12, 1947; exact, as few pictures differ).
  public var pValue: Double {
    let (n, least) = (onlyFirst + onlySecond, min(onlyFirst, onlySecond))
    guard n > 0 else { return 1 }
    let logHalf = Double(n) * log(0.5)
    let tail = (0...least).reduce(0.0) { sum, k in
      sum + exp(lgamma(Double(n) + 1) - lgamma(Double(k) + 1) - lgamma(Double(n - k) + 1) + logHalf)
    }
    return min(1, 2 * tail)
  }
}
