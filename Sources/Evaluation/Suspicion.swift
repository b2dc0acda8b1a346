/// Signs that a result tells of pictures prepared wrongly, or of exchanged labels, rather than of the model.
public enum Suspicion: Equatable, Sendable {
  /// Nearly every picture gets the same answer, though other classes have their share.
  case oneAnswer(label: Int, share: Double)
  /// Answers are worse than guessing.
  case worseThanChance(accuracy: Double)
  /// All scores are nearly the same for all pictures.
  case constantScores

  /// Fewer pictures say nothing.
  private static let fewest = 10
  private static let nearlyAll = 0.95

  /// What is suspicious; empty for results that look like those of a model.
  public static func found(labelCount: Int, _ pictures: [JudgedPicture]) -> [Suspicion] {
    guard pictures.count >= fewest, labelCount > 1 else { return [] }
    var found: [Suspicion] = []
    let scores = pictures.map { Double($0.scores[0]) }
    if let low = scores.min(), let high = scores.max(), high - low < 0.01 { found.append(.constantScores) }
    let matrix = ConfusionMatrix(labelCount: labelCount, pictures)
    let count = Double(pictures.count)
    for label in 0..<labelCount {
      let answers = Double(matrix.counts.reduce(0) { $0 + $1[label] }) / count
      let truths = Double(matrix.recall(label).total) / count
      if answers >= nearlyAll, truths < 0.9 { found.append(.oneAnswer(label: label, share: answers)) }
    }
    let classes = (0..<labelCount).count { matrix.recall($0).total > 0 }
    if classes > 1, matrix.balancedAccuracy < 0.8 / Double(classes) {
      found.append(.worseThanChance(accuracy: matrix.balancedAccuracy))
    }
    return found
  }
}
