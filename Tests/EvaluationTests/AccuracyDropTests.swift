import Evaluation
import Testing

/// What a smaller model costs.
struct AccuracyDropTests {
  /// Answers to ten pictures of two classes; those in `wrong` are wrong.
  private static func evaluation(wrong: Set<Int>) -> ModelEvaluation {
    ModelEvaluation(
      labels: ["a", "b"],
      pictures: (0..<10).map { index in
        let answer = index % 2 ^ (wrong.contains(index) ? 1 : 0)
        return JudgedPicture(file: "\(index)", truth: index % 2, scores: answer == 0 ? [0.9, 0.1] : [0.1, 0.9])
      })
  }

  @Test func pointsAndChangedLabelsAreCounted() {
    let drop = AccuracyDrop(Self.evaluation(wrong: [0]), Self.evaluation(wrong: [1, 2, 3]))
    #expect(abs(drop.points - 20) < 1e-9)
    #expect(drop.changedCount == 4)
    #expect(drop.paired.onlyFirst == 3 && drop.paired.onlySecond == 1)
  }

  @Test func aLimitThatIsMetExactlyHolds() {
    let drop = AccuracyDrop(Self.evaluation(wrong: []), Self.evaluation(wrong: [1, 2, 3]))
    #expect(drop.isWithin(30) && !drop.isWithin(29.99))
    #expect(AccuracyDrop(Self.evaluation(wrong: [1]), Self.evaluation(wrong: [])).isWithin(0))
  }
}
