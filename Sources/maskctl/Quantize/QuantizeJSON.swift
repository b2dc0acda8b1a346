import Configuration
import Evaluation
import Quantization

extension QuantizeReport {
  /// One object on one line; shares are 0…1.
  var json: String {
    var members = [
      "\"output\":\(JSONText.string(output))", "\"mode\":\"\(mode.rawValue)\"", "\"bytes_before\":\(byteCountBefore)",
      "\"bytes_after\":\(byteCountAfter)", "\"ratio\":\(JSONText.number(ratio))",
      "\"seconds\":\(JSONText.number(seconds))",
    ]
    members += compression.members
    if let measured { members += accuracyMembers(measured) }
    if case .unmeasured = accuracy { members.append("\"accuracy\":null") }
    if mode == .int8 || mode == .dynamic { members.append("\"kept_float\":\(JSONText.list(keptFloat.map(layerJSON)))") }
    if let duration = limit.duration {
      members.append(
        "\"time_limit\":\(JSONText.string(Duration.text(duration))),"
          + "\"no_time_for\":\(JSONText.list(leftOut.map(JSONText.string)))")
    }
    if let integers { members += integerMembers(integers) }
    if !form.layers.isEmpty || mode == .int8 {
      members.append("\"layers\":\(JSONText.list(form.layers.map(errorJSON)))")
    }
    return "{\(members.joined(separator: ","))}"
  }

  private func accuracyMembers(_ result: AccuracyGate.Result) -> [String] {
    let drop = result.best.drop
    let attempts = result.attempts.map { attempt in
      """
      {"kept_float":\(attempt.keptCount),"bytes":\(attempt.byteCount),"accuracy":\(attempt.drop.after.json),\
      "drop_points":\(JSONText.number(attempt.drop.points))}
      """
    }
    return [
      """
      "accuracy":{"before":\(drop.before.json),"after":\(drop.after.json),\
      "drop_points":\(JSONText.number(drop.points)),"max_drop_points":\(JSONText.number(maxDrop)),\
      "holds":\(result.best.holds),"changed_labels":\(drop.changedCount),\
      "only_before_right":\(drop.paired.onlyFirst),"only_after_right":\(drop.paired.onlySecond),\
      "p":\(JSONText.number(drop.paired.pValue)),"unreadable":\(result.before.complaints.count)}
      """, "\"attempts\":\(JSONText.list(attempts))",
    ]
  }

  private func integerMembers(_ model: IntegerModel) -> [String] {
    let candidates = model.candidates.map { way in
      """
      {"ranges":"\(way.ranges.rawValue)","equalised":\(way.isEqualized),"bias_corrected":\(way.isBiasCorrected),\
      "output_sqnr_db":\(JSONText.number(way.signalToNoise))}
      """
    }
    let float = model.floatOperators.sorted { $0.key < $1.key }.map { "\(JSONText.string($0.key)):\($0.value)" }
    return [
      "\"pictures\":\(model.sampleCount)", "\"pictures_found\":\(calibration?.foundCount ?? model.sampleCount)",
      "\"equalised_pairs\":\(model.equalizedPairCount)", "\"bounded_pairs\":\(model.boundedPairCount)",
      "\"float_operators\":{\(float.joined(separator: ","))}", "\"candidates\":\(JSONText.list(candidates))",
    ]
  }

  private func layerJSON(_ layer: FloatLayer) -> String {
    """
    {"layer":\(layer.index),"operator":\(JSONText.string(layer.operatorName)),\
    "result":\(JSONText.string(layer.tensorName)),"bytes":\(layer.byteCount)}
    """
  }

  private func errorJSON(_ layer: LayerError) -> String {
    """
    {"layer":\(layer.index),"operator":\(JSONText.string(layer.operatorName)),\
    "result":\(JSONText.string(layer.tensorName)),"sqnr_db":\(JSONText.number(layer.signalToNoise)),\
    "error_in_steps":\(layer.errorInSteps.map(JSONText.number) ?? "null"),\
    "clipped_share":\(layer.clippedShare.map(JSONText.number) ?? "null")}
    """
  }
}
