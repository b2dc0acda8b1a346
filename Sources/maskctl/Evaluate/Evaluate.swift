import ArgumentParser
import Classification
import Evaluation
import Imaging

/// `maskctl evaluate`: how good models are on pictures whose classes are known.
struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures how good models are on pictures whose classes are known.",
    discussion: """
      The pictures lie in a folder with a folder for each label of the model, or are named in a table (a text file with \
      the columns file and label; files are relative to the table). Several models judge the same pictures and are \
      compared with the first. A picture that cannot be read is told on standard error and left out; the exit status \
      is then 66.

      Example: maskctl evaluate models/mask_mobilenetv2_int8.tflite pictures/test
      Example: maskctl evaluate float.tflite int8.tflite pictures/test --report comparison.html
      """)

  @Argument(
    help: ArgumentHelp("One model or more, then the folder or table of pictures.", valueName: "model ... pictures"))
  var paths: [String]

  @Option(
    help: ArgumentHelp(
      "A sidecar with labels and input range for models that have none beside them.", valueName: "file.json"))
  var sidecar: String?

  @Option(help: ArgumentHelp("Also write a web page with plots and the mistaken pictures.", valueName: "file.html"))
  var report: String?

  @Flag(help: "Print a JSON object.")
  var json = false

  func validate() throws {
    guard paths.count >= 2 else { throw ValidationError("a model and a folder or table of pictures are needed") }
  }

  func run() throws {
    try Failure.exiting { () throws(Failure) in
      let pictures = try LabelledPictures(paths[paths.count - 1])
      var models: [EvaluatedModel] = []
      for path in paths.dropLast() {
        let classifier = try Classifier.load(path, orSidecar: sidecar)
        if let model = try EvaluatedModel(path, classifier, on: pictures) { models.append(model) }
      }
      let evaluations = EvaluatedModels(models: models, source: paths[paths.count - 1])
      try Terminal.write(json ? evaluations.json + "\n" : evaluations.text)
      for model in models { for warning in model.warnings { Terminal.complain("maskctl: \(model.path): \(warning)") } }
      for complaint in models[0].complaints { Terminal.complain("maskctl: \(complaint)") }
      if let report { try evaluations.page.write(to: report) }
      if !models[0].complaints.isEmpty {
        throw Failure(
          .noInput, "\(models[0].complaints.count) of \(pictures.pictures.count) pictures could not be judged")
      }
    }
  }
}

/// A model with its answers. The model itself is not kept: there may be several large ones.
struct EvaluatedModel {
  let path: String
  let sha256: String
  let contract: InputContract
  /// Whether nobody says what range of values the model was trained on.
  let isRangeAssumed: Bool
  let evaluation: ModelEvaluation
  /// A sentence for each picture that could not be read.
  let complaints: [String]

  /// Lets a model judge the pictures; nil where that was stopped. `path` is what people know the model by, `progress` the
  /// name of the work where that says more.
  init?(
    _ path: String, _ classifier: Classifier, on pictures: LabelledPictures, progress: String? = nil,
    stoppedBy isStopped: () -> Bool = { false }
  ) throws(Failure) {
    self.path = path
    sha256 = classifier.sha256
    contract = classifier.contract
    isRangeAssumed = classifier.isRangeAssumed
    let labels = classifier.labels
    var places: [String: Int] = [:]
    for (index, label) in labels.enumerated() { places[label] = index }
    for label in pictures.labels where places[label] == nil {
      throw Failure(
        .noInput,
        "there are pictures of the class \"\(label)\", which is none of the labels of \(path): "
          + labels.prefix(20).joined(separator: ", ") + (labels.count > 20 ? " …" : "")
          + "; a sidecar beside the model, or --sidecar, names them")
    }
    let truths = pictures.pictures.map { places[$0.label] ?? 0 }
    let outcome = try ParallelJudge.judge(
      pictures.pictures.map(\.path), truths: truths, with: classifier, progress: progress ?? path, stoppedBy: isStopped)
    guard let outcome else { return nil }
    complaints = outcome.complaints
    guard !outcome.judged.isEmpty else {
      throw Failure(.noInput, "none of the pictures could be judged; the first: \(outcome.complaints.first ?? "")")
    }
    evaluation = ModelEvaluation(labels: labels, pictures: outcome.judged)
  }

  /// What a person should know before believing the figures.
  var warnings: [String] {
    var warnings: [String] = []
    if isRangeAssumed {
      warnings.append(
        "neither a sidecar nor metadata says what range of values the model was trained on; -1…1 is assumed. If that is "
          + "wrong so are all figures: put \"input\" into a sidecar beside the model")
    }
    let missing = evaluation.labels.indices.filter { evaluation.confusion.recall($0).total == 0 }
    if !missing.isEmpty {
      warnings.append(
        "there are no pictures of \(missing.prefix(10).map { "\"\(evaluation.labels[$0])\"" }.joined(separator: ", "))")
    }
    return warnings + evaluation.suspicions.map(sentence)
  }

  private func sentence(_ suspicion: Suspicion) -> String {
    let labels = evaluation.labels
    let causes =
      "the usual causes are a wrong range of input values, red and blue exchanged, or another resize: compare "
      + "`maskctl inspect` with how the model was trained"
    switch suspicion {
    case .oneAnswer(let label, let share):
      return
        "\(percent(share)) of the answers are \"\(labels[label])\", which looks like a mistake in preparing pictures; \(causes)"
    case .worseThanChance(let accuracy):
      return "a balanced accuracy of \(percent(accuracy)) is worse than guessing: are the labels in the model's order?"
    case .constantScores:
      return
        "the scores are nearly the same for all pictures, which looks like a mistake in preparing pictures; \(causes)"
    }
  }
}

/// All models, on the same pictures.
struct EvaluatedModels {
  let models: [EvaluatedModel]
  /// The folder or table of pictures.
  let source: String
}

/// A share as people read it; "-" for what is no number.
func percent(_ share: Double) -> String { share.isFinite ? Decimal.text(share * 100, digits: 2) + " %" : "-" }
