/// What a model said of a picture whose class is known.
public struct JudgedPicture: Equatable, Sendable {
  /// The picture's file.
  public let file: String
  /// The index of its class among the labels.
  public let truth: Int
  /// One score for each label, 0…1.
  public let scores: [Float]

  /// Scores must have an element for every label, `truth` among them.
  public init(file: String, truth: Int, scores: [Float]) {
    precondition(scores.indices.contains(truth), "the class of a picture is one of the labels")
    self.file = file
    self.truth = truth
    self.scores = scores
  }

  /// The label with the highest score; the first of several.
  public var answer: Int { scores.indices.reduce(0) { scores[$1] > scores[$0] ? $1 : $0 } }

  /// The highest score.
  public var confidence: Double { Double(scores[answer]) }

  /// Whether the answer is the picture's class.
  public var isRight: Bool { answer == truth }
}
