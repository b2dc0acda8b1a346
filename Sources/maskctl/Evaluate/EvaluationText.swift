import Classification
import Evaluation

extension EvaluatedModels {
  /// Everything for people: one model in full, or several side by side and then each in full.
  var text: String {
    let each = models.map(\.text).joined(separator: "\n")
    return models.count == 1 ? each : comparison + "\n" + each
  }

  private var comparison: String {
    var table = TextTable([
      ("MODEL", .left), ("ACCURACY", .right), ("95 % BETWEEN", .left), ("BALANCED", .right), ("ROC AUC", .right),
      ("ONLY FIRST RIGHT", .right), ("ONLY THIS RIGHT", .right), ("P (MCNEMAR)", .right),
    ])
    for (index, model) in models.enumerated() {
      let evaluation = model.evaluation
      let accuracy = evaluation.confusion.accuracy
      let paired = index == 0 ? nil : PairedTest(models[0].evaluation.pictures, evaluation.pictures)
      table.add([
        model.path, percent(accuracy.value), bounds(accuracy), percent(evaluation.confusion.balancedAccuracy),
        Decimal.text(evaluation.meanArea, digits: 5), paired.map { "\($0.onlyFirst)" } ?? "",
        paired.map { "\($0.onlySecond)" } ?? "", paired.map { chance($0.pValue) } ?? "",
      ])
    }
    return table.text
  }
}

/// A probability by four digits, however small it is.
func chance(_ value: Double) -> String { value < 0.0001 ? "< 0.0001" : Decimal.text(value, digits: 4) }

/// The bounds of a share.
func bounds(_ share: Proportion) -> String {
  let interval = share.interval
  return "\(Decimal.text(interval.lowerBound * 100, digits: 2)) … \(Decimal.text(interval.upperBound * 100, digits: 2))"
}

extension EvaluatedModel {
  /// Mistakes beyond this many are only counted.
  static let shownMistakes = 50

  /// Everything for people.
  var text: String {
    let confusion = evaluation.confusion
    func line(_ name: String, _ value: String) -> String {
      name + String(repeating: " ", count: max(1, 13 - name.count)) + value + "\n"
    }
    var text = line("model", path)
    text += line("input", inputText)
    text += line("pictures", "\(confusion.accuracy.total)")
    text += line(
      "accuracy",
      "\(percent(confusion.accuracy.value)), between \(bounds(confusion.accuracy)) with 95 % confidence: "
        + "\(confusion.accuracy.count) right")
    text += line("balanced", percent(confusion.balancedAccuracy))
    text += line("ROC AUC", Decimal.text(evaluation.meanArea, digits: 5))
    text += line("calibration", calibrationText)
    return text + "\n" + classTable + "\n" + confusionTable + "\n" + thresholdTable + mistakeTable
  }

  /// What the model is given.
  var inputText: String {
    return
      "\(contract.width)x\(contract.height) \(contract.channelOrder.rawValue), fit \(contract.fit.rawValue), filter "
      + "\(contract.filter.rawValue), (value - \(list(contract.mapping.mean))) / "
      + "\(list(contract.mapping.standardDeviation))" + (isRangeAssumed ? ", assumed" : "")
  }

  private func list(_ values: [Double]) -> String { values.map { JSONText.number($0) }.joined(separator: ",") }

  /// The error, and what a temperature would make of it.
  var calibrationText: String {
    let calibration = evaluation.calibration
    let verdict =
      calibration.temperature > 1.1
      ? "too sure" : calibration.temperature < 0.9 ? "too cautious" : "about right"
    return "error \(percent(calibration.error)); scores are \(verdict): temperature "
      + "\(Decimal.text(calibration.temperature, digits: 2)) leaves \(percent(calibration.errorAfter))"
  }

  private var classTable: String {
    var table = TextTable([
      ("CLASS", .left), ("PICTURES", .right), ("RECALL", .right), ("95 % BETWEEN", .left), ("PRECISION", .right),
      ("ROC AUC", .right),
    ])
    for (index, label) in evaluation.labels.enumerated() {
      let recall = evaluation.confusion.recall(index)
      table.add([
        label, "\(recall.total)", percent(recall.value), recall.total > 0 ? bounds(recall) : "",
        percent(evaluation.confusion.precision(index).value), Decimal.text(evaluation.areas[index], digits: 5),
      ])
    }
    return table.text
  }

  private var confusionTable: String {
    guard evaluation.labels.count <= 12 else { return "" }
    var table = TextTable([("IS \\ CALLED", .left)] + evaluation.labels.map { ($0, .right) })
    for (index, label) in evaluation.labels.enumerated() {
      table.add([label] + evaluation.confusion.counts[index].map { "\($0)" })
    }
    return table.text
  }

  private var thresholdTable: String {
    var table = TextTable([
      ("SCORE AT LEAST", .right), ("ANSWERED", .right), ("RIGHT OF THEM", .right), ("WRONG", .right),
    ])
    for row in evaluation.thresholds.rows {
      table.add([
        twoDigits(row.threshold), percent(row.answered.value), percent(row.right.value),
        "\(row.right.total - row.right.count)",
      ])
    }
    return table.text
  }

  private var mistakeTable: String {
    let mistakes = evaluation.mistakes
    guard !mistakes.isEmpty else { return "" }
    var table = TextTable([("MISTAKE", .left), ("IS", .left), ("CALLED", .left), ("SCORE", .right)])
    for mistake in mistakes.prefix(Self.shownMistakes) {
      table.add([
        mistake.file, evaluation.labels[mistake.truth], evaluation.labels[mistake.answer],
        twoDigits(mistake.confidence),
      ])
    }
    let rest = mistakes.count - Self.shownMistakes
    return "\n" + table.text + (rest > 0 ? "and \(rest) more; --json has them all\n" : "")
  }
}
