import Classification
import Evaluation
import ReportPage

extension ReportPage {
  /// Writes the page under a temporary name and renames it.
  func write(to path: String) throws(Failure) {
    let bytes = Array(html.utf8)
    try bytes.span.withUnsafeBytes { (bytes: UnsafeRawBufferPointer) throws(Failure) in
      try FileAccess.write(bytes, to: path)
    }
  }
}

extension EvaluatedModels {
  /// Curves of more models than this are not told apart.
  private static let curveCount = 3

  /// The accuracy of fewer pictures than this is chance.
  private static let fewInBand = 10

  /// The same as a web page, with plots.
  var page: ReportPage {
    var page = ReportPage(
      title: models.count == 1 ? "How good \(models[0].name) is" : "\(models.count) models side by side",
      subtitle: "\(models[0].evaluation.pictures.count) pictures of \(source)")
    for model in models { for warning in model.warnings { page.addWarning("\(model.name): \(warning)") } }
    addSummary(to: &page)
    page.addPlots(plotsOfAll)
    for model in models { model.add(to: &page) }
    return page
  }

  private func addSummary(to page: inout ReportPage) {
    let columns: [(title: String, isFigure: Bool)] = [
      ("Model", false), ("Accuracy", true), ("95 % between", true), ("Balanced", true), ("ROC AUC", true),
      ("Calibration error", true), ("Only the first right", true), ("Only this right", true), ("p (McNemar)", true),
    ]
    page.addTable(
      columns,
      models.enumerated().map { index, model in
        let evaluation = model.evaluation
        let accuracy = evaluation.confusion.accuracy
        let paired = index == 0 ? nil : PairedTest(models[0].evaluation.pictures, evaluation.pictures)
        return [
          model.path, percent(accuracy.value), bounds(accuracy), percent(evaluation.confusion.balancedAccuracy),
          Decimal.text(evaluation.meanArea, digits: 5), percent(evaluation.calibration.error),
          paired.map { "\($0.onlyFirst)" } ?? "", paired.map { "\($0.onlySecond)" } ?? "",
          paired.map { chance($0.pValue) } ?? "",
        ]
      })
  }

  private var plotsOfAll: [any Plot] {
    let first = models.prefix(Self.curveCount)
    // The curve of the first label: with two labels the other is its mirror.
    let label = models[0].evaluation.labels[0]
    return [
      LinePlot(
        title: "Found against false alarms: \(label)", xName: "false alarms", yName: "found",
        series: first.map { model in
          .init(
            models.count > 1 ? model.name : "",
            RankQuality.curve(label: 0, model.evaluation.pictures).map { ($0.falseAlarms, $0.found) })
        }, hasDiagonal: true),
      LinePlot(
        title: "Score against accuracy", xName: "highest score (bands of ten pictures or more)", yName: "right",
        series: first.map { model in
          .init(
            models.count > 1 ? model.name : "",
            model.evaluation.calibration.bands.filter { $0.count >= Self.fewInBand }
              .map { ($0.confidence, $0.accuracy) })
        }, hasDiagonal: true),
    ]
  }
}

extension EvaluatedModel {
  /// The file's name without its folders.
  var name: String { path.split(separator: "/").last.map(String.init) ?? path }

  fileprivate func add(to page: inout ReportPage) {
    let labels = evaluation.labels
    page.addHeading(name)
    page.addParagraph("Input: \(inputText). Calibration: \(calibrationText).")
    page.addPlots([
      MatrixPlot(title: "Class (rows) and answer", labels: labels, counts: evaluation.confusion.counts),
      Histogram(
        title: "Highest scores", xName: "score", range: 0...1,
        sets: [
          ("right", evaluation.pictures.filter(\.isRight).map(\.confidence)),
          ("wrong", evaluation.mistakes.map(\.confidence)),
        ]),
    ])
    page.addTable(
      [("Class", false), ("Pictures", true), ("Recall", true), ("95 % between", true), ("Precision", true)],
      labels.enumerated().map { index, label in
        let recall = evaluation.confusion.recall(index)
        return [
          label, "\(recall.total)", percent(recall.value), recall.total > 0 ? bounds(recall) : "",
          percent(evaluation.confusion.precision(index).value),
        ]
      })
    page.addTable(
      [("Score at least", true), ("Answered", true), ("Right of them", true), ("Wrong", true)],
      evaluation.thresholds.rows.map {
        [
          twoDigits($0.threshold), percent($0.answered.value), percent($0.right.value),
          "\($0.right.total - $0.right.count)",
        ]
      })
    let mistakes = evaluation.mistakes
    page.addParagraph(
      mistakes.isEmpty ? "No mistakes." : "\(mistakes.count) mistakes, the surest first:")
    var pictures = EmbeddedPictures()
    page.addPictures(
      mistakes.prefix(EmbeddedPictures.countMax).map { mistake in
        pictures.figure(
          mistake.file,
          caption: "\(EmbeddedPictures.name(mistake.file)): called \(labels[mistake.answer]), "
            + twoDigits(mistake.confidence))
      })
  }
}
