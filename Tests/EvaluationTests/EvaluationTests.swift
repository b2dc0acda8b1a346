import Testing

import Evaluation

/// Pictures of two classes by (class, score of class 1).
private func pictures(_ answers: [(Int, Float)]) -> [JudgedPicture] {
  answers.enumerated().map { JudgedPicture(file: "\($0)", truth: $1.0, scores: [1 - $1.1, $1.1]) }
}

@Suite struct ProportionTests {
  // Reference values: statsmodels' proportion_confint(…, method="wilson").
  @Test(arguments: [
    (1229, 1232, 0.99286, 0.99917), (0, 10, 0, 0.27753), (10, 10, 0.72247, 1), (5, 10, 0.23659, 0.76341),
  ])
  func intervalIsWilsons(count: Int, total: Int, low: Double, high: Double) {
    let interval = Proportion(count, of: total).interval
    #expect(abs(interval.lowerBound - low) < 1e-4)
    #expect(abs(interval.upperBound - high) < 1e-4)
  }

  @Test func nothingCountedIsNoNumber() {
    #expect(Proportion(0, of: 0).value.isNaN)
    #expect(Proportion(0, of: 0).interval == 0...1)
  }
}

@Suite struct ConfusionTests {
  private let matrix = ConfusionMatrix(
    labelCount: 2, pictures([(0, 0.1), (0, 0.2), (0, 0.9), (1, 0.8), (1, 0.3), (1, 0.7), (1, 0.6), (1, 0.95)]))

  @Test func rowsAreClassesAndColumnsAnswers() { #expect(matrix.counts == [[2, 1], [1, 4]]) }

  @Test func sharesComeFromRowsAndColumns() {
    #expect(matrix.accuracy == Proportion(6, of: 8))
    #expect(matrix.recall(0) == Proportion(2, of: 3))
    #expect(matrix.precision(0) == Proportion(2, of: 3))
    #expect(matrix.precision(1) == Proportion(4, of: 5))
    #expect(abs(matrix.balancedAccuracy - (2.0 / 3 + 4.0 / 5) / 2) < 1e-12)
  }

  @Test func aClassWithoutPicturesDoesNotLowerTheBalance() {
    let one = ConfusionMatrix(labelCount: 2, pictures([(0, 0.1), (0, 0.8)]))
    #expect(one.balancedAccuracy == 0.5)
  }
}

@Suite struct RankTests {
  @Test func areaCountsPairsAndHalvesTies() {
    // Pairs of (class 1, class 0): 0.8 and 0.4 against 0.4 and 0.1: 3 won, 1 tie.
    #expect(RankQuality.area(label: 1, pictures([(1, 0.8), (1, 0.4), (0, 0.4), (0, 0.1)])) == 3.5 / 4)
  }

  @Test func perfectAndReversedOrders() {
    #expect(RankQuality.area(label: 1, pictures([(1, 0.9), (0, 0.1)])) == 1)
    #expect(RankQuality.area(label: 1, pictures([(1, 0.1), (0, 0.9)])) == 0)
  }

  @Test func oneClassAloneHasNoArea() {
    #expect(RankQuality.area(label: 1, pictures([(1, 0.9), (1, 0.1)])).isNaN)
  }
}

@Suite struct CalibrationTests {
  /// 100 pictures that score 0.8 for class 1, of which that share is class 1.
  private func scoring(rightOf100: Int) -> [JudgedPicture] {
    pictures((0..<100).map { ($0 < rightOf100 ? 1 : 0, 0.8) })
  }

  @Test func scoresThatKeepTheirWordHaveNoError() {
    let calibration = Calibration(scoring(rightOf100: 80))
    #expect(calibration.error < 1e-6)
    #expect(abs(calibration.temperature - 1) < 1e-2)
  }

  @Test func tooSureAModelIsCooledDown() {
    let calibration = Calibration(scoring(rightOf100: 60))
    #expect(abs(calibration.error - 0.2) < 1e-6)
    // 0.8 must become 0.6: log(4) / T = log(1.5).
    #expect(abs(calibration.temperature - 3.4190) < 1e-2)
    #expect(calibration.errorAfter < 1e-3)
  }

  @Test func bandsHoldAllPictures() {
    let calibration = Calibration(pictures([(0, 0.02), (1, 1), (1, 0.55), (0, 0.55)]))
    #expect(calibration.bands.map(\.count) == [2, 2])
    #expect(calibration.bands[0].accuracy == 0.5)
  }
}

@Suite struct ComparisonTests {
  private func rights(_ text: String) -> [JudgedPicture] { pictures(text.map { (1, $0 == "+" ? 0.9 : 0.1) }) }

  // Exact two-sided binomial values, worked out by hand: 2 * (1 + 6) / 2^6 for 1 against 5, and so on.
  @Test(arguments: [
    ("++++++", "-----+", 0.0625), ("+-----", "-+++++", 0.21875), ("++", "++", 1), ("+-", "-+", 1),
  ])
  func pValueIsExact(first: String, second: String, expected: Double) {
    #expect(abs(PairedTest(rights(first), rights(second)).pValue - expected) < 1e-9)
  }

  @Test func thresholdsKeepTheSure() {
    let rows = ThresholdTable(pictures([(1, 0.99), (1, 0.55), (0, 0.65), (0, 0.05)])).rows
    #expect(rows[0].answered == Proportion(4, of: 4))
    #expect(rows[0].right == Proportion(3, of: 4))
    #expect(rows[2].threshold == 0.7)
    #expect(rows[2].answered == Proportion(2, of: 4))
    #expect(rows[2].right == Proportion(2, of: 2))
  }
}

@Suite struct SuspicionTests {
  private func found(_ answers: [(Int, Float)]) -> [Suspicion] { Suspicion.found(labelCount: 2, pictures(answers)) }

  @Test func oneAnswerForAllIsSuspicious() {
    let half = (0..<20).map { ($0 % 2, Float(0.6 + 0.01 * Double($0))) }
    #expect(found(half) == [.oneAnswer(label: 1, share: 1)])
  }

  @Test func exchangedLabelsAreWorseThanChance() {
    let reversed = (0..<20).map { ($0 % 2, Float($0 % 2 == 0 ? 0.9 : 0.1)) }
    #expect(found(reversed) == [.worseThanChance(accuracy: 0)])
  }

  @Test func constantScoresAreSaid() {
    #expect(found((0..<20).map { ($0 % 2, 0.7) }).contains(.constantScores))
  }

  @Test func goodResultsAndFewPicturesAreNot() {
    #expect(found((0..<20).map { ($0 % 2, Float($0 % 2) * 0.8 + 0.1) }).isEmpty)
    #expect(found((0..<4).map { ($0 % 2, 0.7) }).isEmpty)
    // One class only, all recognized: nothing to say.
    #expect(found((0..<20).map { (1, Float(0.8 + 0.005 * Double($0))) }).isEmpty)
  }
}
