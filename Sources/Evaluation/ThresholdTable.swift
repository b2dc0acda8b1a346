/// What becomes of answers when only those count whose score reaches a threshold, as the daemon's `enter` asks for.
public struct ThresholdTable: Equatable, Sendable {
  /// One threshold.
  public struct Row: Equatable, Sendable {
    /// The least score that counts.
    public let threshold: Double
    /// Pictures that get an answer; the others are `indeterminate`.
    public let answered: Proportion
    /// Right ones among those.
    public let right: Proportion
  }

  /// Thresholds of the table.
  public static let thresholds = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.97, 0.99]

  /// A row for each threshold, the lowest first.
  public let rows: [Row]

  /// Counts.
  public init(_ pictures: [JudgedPicture]) {
    rows = Self.thresholds.map { threshold in
      let answered = pictures.filter { $0.confidence >= threshold }
      return Row(
        threshold: threshold, answered: Proportion(answered.count, of: pictures.count),
        right: Proportion(answered.count { $0.isRight }, of: answered.count))
    }
  }
}
