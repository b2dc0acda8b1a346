import Classification
import Evaluation

extension EvaluatedModels {
  /// One object on one line; shares are 0…1.
  var json: String {
    let comparisons = models.dropFirst().map { model in
      let paired = PairedTest(models[0].evaluation.pictures, model.evaluation.pictures)
      return "{\"first\":\(JSONText.string(models[0].path)),\"second\":\(JSONText.string(model.path)),"
        + "\"only_first_right\":\(paired.onlyFirst),\"only_second_right\":\(paired.onlySecond),"
        + "\"p\":\(JSONText.number(paired.pValue))}"
    }
    return "{\"pictures\":\(JSONText.string(source)),\"models\":[\(models.map(\.json).joined(separator: ","))],"
      + "\"comparisons\":[\(comparisons.joined(separator: ","))]}"
  }
}

extension EvaluatedModel {
  /// One object.
  var json: String {
    let confusion = evaluation.confusion
    let calibration = evaluation.calibration
    let rows = confusion.counts.map { "[\($0.map { "\($0)" }.joined(separator: ","))]" }
    let members = [
      "\"model\":\(JSONText.string(path))", "\"sha256\":\"\(sha256)\"",
      "\"count\":\(confusion.accuracy.total)", "\"unreadable\":\(complaints.count)",
      "\"accuracy\":\(confusion.accuracy.json)",
      "\"balanced_accuracy\":\(JSONText.number(confusion.balancedAccuracy))",
      "\"roc_auc\":\(JSONText.number(evaluation.meanArea))",
      "\"calibration_error\":\(JSONText.number(calibration.error))",
      "\"temperature\":\(JSONText.number(calibration.temperature))",
      "\"calibration_error_after\":\(JSONText.number(calibration.errorAfter))",
      "\"classes\":[\(evaluation.labels.indices.map(classJSON).joined(separator: ","))]",
      "\"confusion\":[\(rows.joined(separator: ","))]",
      "\"thresholds\":[\(evaluation.thresholds.rows.map(rowJSON).joined(separator: ","))]",
      "\"mistakes\":[\(evaluation.mistakes.map(mistakeJSON).joined(separator: ","))]",
      "\"warnings\":[\(warnings.map { JSONText.string($0) }.joined(separator: ","))]",
    ]
    return "{\(members.joined(separator: ","))}"
  }

  private func classJSON(_ index: Int) -> String {
    "{\"label\":\(JSONText.string(evaluation.labels[index])),\"recall\":\(evaluation.confusion.recall(index).json),"
      + "\"precision\":\(evaluation.confusion.precision(index).json),"
      + "\"roc_auc\":\(JSONText.number(evaluation.areas[index]))}"
  }

  private func rowJSON(_ row: ThresholdTable.Row) -> String {
    "{\"threshold\":\(JSONText.number(row.threshold)),\"answered\":\(row.answered.json),\"right\":\(row.right.json)}"
  }

  private func mistakeJSON(_ mistake: JudgedPicture) -> String {
    let scores = zip(evaluation.labels, mistake.scores).map { "\(JSONText.string($0)):\(JSONText.number(Double($1)))" }
    return "{\"file\":\(JSONText.string(mistake.file)),\"label\":\(JSONText.string(evaluation.labels[mistake.truth])),"
      + "\"answer\":\(JSONText.string(evaluation.labels[mistake.answer])),\"scores\":{\(scores.joined(separator: ","))}}"
  }
}

extension Proportion {
  /// One object, with the bounds of the 95 % confidence.
  var json: String {
    "{\"value\":\(JSONText.number(value)),\"count\":\(count),\"of\":\(total),"
      + "\"low\":\(JSONText.number(interval.lowerBound)),\"high\":\(JSONText.number(interval.upperBound))}"
  }
}
