import Evaluation
import ReportPage

/// What the smaller model says of pictures whose classes are known, beside what the float model says.
extension QuantizeReport {
  func addAccuracy(_ result: AccuracyGate.Result, to page: inout ReportPage) {
    page.addHeading("Accuracy")
    for line in accuracyLines(result) { page.addParagraph(Self.sentence(line)) }
    let (before, after) = (result.before.evaluation, result.best.after.evaluation)
    page.addPlots([
      MatrixPlot(title: "Class (rows) and answer before", labels: before.labels, counts: before.confusion.counts),
      MatrixPlot(title: "Class (rows) and answer after", labels: after.labels, counts: after.confusion.counts),
    ])
    if result.attempts.count > 1 {
      page.addParagraph("Tried with more and fewer layers in float:")
      page.addTable(
        [("Layers in float", true), ("Bytes", true), ("Accuracy", true), ("Points lost", true)],
        result.attempts.map {
          ["\($0.keptCount)", "\($0.byteCount)", percent($0.drop.after.value), points($0.drop.points)]
        })
    }
    addChanged(before, after, to: &page)
  }

  /// Pictures with another answer than before; those that were right come first, then the surest.
  private func addChanged(_ before: ModelEvaluation, _ after: ModelEvaluation, to page: inout ReportPage) {
    let former = Dictionary(before.pictures.map { ($0.file, $0) }) { first, _ in first }
    let changed = after.pictures.compactMap { picture in
      former[picture.file].flatMap { $0.answer == picture.answer ? nil : (before: $0, after: picture) }
    }.sorted {
      ($0.before.isRight ? 0 : 1, -$0.after.confidence) < ($1.before.isRight ? 0 : 1, -$1.after.confidence)
    }
    guard !changed.isEmpty else { return }
    page.addHeading("Pictures that changed their label")
    if changed.count > EmbeddedPictures.countMax {
      page.addParagraph("\(EmbeddedPictures.countMax) of \(changed.count), those that were right before first.")
    }
    var pictures = EmbeddedPictures()
    page.addPictures(
      changed.prefix(EmbeddedPictures.countMax).map { change in
        func said(_ picture: JudgedPicture) -> String {
          "\(after.labels[picture.answer]) \(twoDigits(picture.confidence))"
        }
        return pictures.figure(
          change.after.file,
          caption: "\(EmbeddedPictures.name(change.after.file)): is \(after.labels[change.after.truth]), was called "
            + "\(said(change.before)), now \(said(change.after))")
      })
  }
}
