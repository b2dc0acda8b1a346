/// Everything that can be said of one model's answers to pictures whose classes are known.
public struct ModelEvaluation: Equatable, Sendable {
  /// The model's labels.
  public let labels: [String]
  /// The answers, in the order in which the pictures were given.
  public let pictures: [JudgedPicture]
  /// How often each class got each answer.
  public let confusion: ConfusionMatrix
  /// The area under the ROC curve for each label against all others; no number for a label without pictures.
  public let areas: [Double]
  /// Whether scores can be read as probabilities.
  public let calibration: Calibration
  /// What a threshold would keep.
  public let thresholds: ThresholdTable
  /// What makes the result doubtful.
  public let suspicions: [Suspicion]

  /// Works all of it out; there must be a picture at least, and a score of every label in each.
  public init(labels: [String], pictures: [JudgedPicture]) {
    precondition(!pictures.isEmpty && pictures.allSatisfy { $0.scores.count == labels.count })
    self.labels = labels
    self.pictures = pictures
    confusion = ConfusionMatrix(labelCount: labels.count, pictures)
    areas = labels.indices.map { RankQuality.area(label: $0, pictures) }
    calibration = Calibration(pictures)
    thresholds = ThresholdTable(pictures)
    suspicions = Suspicion.found(labelCount: labels.count, pictures)
  }

  /// The mean of the areas that are numbers.
  public var meanArea: Double {
    let known = areas.filter(\.isFinite)
    return known.reduce(0, +) / Double(known.count)
  }

  /// Wrong answers, the surest first.
  public var mistakes: [JudgedPicture] {
    pictures.filter { !$0.isRight }.sorted { ($1.confidence, $0.file) < ($0.confidence, $1.file) }
  }
}
