/// How much worse a model is than another on the same pictures.
public struct AccuracyDrop: Equatable, Sendable {
  /// Right answers before and after.
  public let before, after: Proportion
  /// Pictures that get another answer.
  public let changedCount: Int
  /// Pictures that only one of the two gets right.
  public let paired: PairedTest

  /// Compares two models that judged the same pictures.
  public init(_ before: ModelEvaluation, _ after: ModelEvaluation) {
    self.before = before.confusion.accuracy
    self.after = after.confusion.accuracy
    let answers = Dictionary(before.pictures.map { ($0.file, $0.answer) }) { one, _ in one }
    changedCount = after.pictures.count { picture in answers[picture.file].map { $0 != picture.answer } ?? false }
    paired = PairedTest(before.pictures, after.pictures)
  }

  /// Percentage points of accuracy that are lost; below 0 where some are won.
  public var points: Double { (before.value - after.value) * 100 }

  /// Whether no more points are lost than that.
  public func isWithin(_ limit: Double) -> Bool {
    // A limit that is met exactly is met, whatever the last bit of a quotient.
    points <= limit + 1e-9
  }
}
