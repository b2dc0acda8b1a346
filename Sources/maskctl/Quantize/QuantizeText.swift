import Configuration
import Evaluation
import Quantization

extension QuantizeReport {
  /// Layers that are named to people.
  static let shownLayers = 5
  /// What rounding alone gives: the root of 1/12.
  static let idealError = 0.289

  /// Everything for people.
  var text: String {
    var lines = [
      "\(output): \(mode.rawValue), \(Self.megabytes(byteCountBefore)) MB -> \(Self.megabytes(byteCountAfter)) MB "
        + "(1 : \(Decimal.text(ratio, digits: 2))), in \(Decimal.text(seconds, digits: 1)) s"
    ]
    lines += compression.lines
    if let measured { lines += accuracyLines(measured) }
    lines += keptLines
    if !leftOut.isEmpty, let duration = limit.duration {
      let leftOut = leftOut.joined(separator: ", ")
      lines.append("the time (\(Duration.text(duration))) was over: there was none for \(leftOut)")
    }
    if let integers { lines += integerLines(integers) }
    return lines.joined(separator: "\n") + "\n" + layerTable(form.layers)
  }

  // MARK: Accuracy

  /// What became of the accuracy, in two sentences.
  func accuracyLines(_ result: AccuracyGate.Result) -> [String] {
    let drop = result.best.drop
    let change =
      drop.points > 0
      ? "\(points(drop.points)) points less" : drop.points < 0 ? "\(points(-drop.points)) points more" : "the same"
    let allowed = JSONText.number(maxDrop)
    let verdict = result.best.holds ? "; \(allowed) may be lost" : ", more than the \(allowed) that may be lost"
    let paired = drop.paired
    let labels =
      drop.changedCount == 0
      ? "no picture changed its label"
      : "\(drop.changedCount) of the pictures changed their label: \(paired.onlyFirst) from right to wrong, "
        + "\(paired.onlySecond) from wrong to right, p (McNemar) \(chance(paired.pValue))"
    return [
      "accuracy \(percent(drop.before.value)) -> \(percent(drop.after.value)) on \(drop.after.total) pictures: "
        + change + verdict, labels,
    ]
  }

  private var keptLines: [String] {
    guard !keptFloat.isEmpty else { return [] }
    let total = keptFloat.map(\.byteCount).reduce(0, +)
    let attempts = measured.map { $0.attempts.count > 1 ? ", found in \($0.attempts.count) attempts" : "" } ?? ""
    var lines = ["\(keptFloat.count) layers stay float, with \(Self.megabytes(total)) MB of weights\(attempts):"]
    for layer in keptFloat.prefix(Self.shownLayers) {
      lines.append(
        "  \(layer.index) \(layer.operatorName) \(ResultName.short(layer.tensorName)), \(Self.megabytes(layer.byteCount)) MB"
      )
    }
    if keptFloat.count > Self.shownLayers {
      lines.append("  and \(keptFloat.count - Self.shownLayers) more; --json has them all")
    }
    return lines
  }

  // MARK: int8

  private func integerLines(_ model: IntegerModel) -> [String] {
    var lines: [String] = []
    if let calibration {
      lines.append("calibrated with \(model.sampleCount) of \(calibration.foundCount) pictures")
    }
    if let best = model.candidates.first {
      lines.append("best of \(model.candidates.count) ways by the error of the output: \(Self.name(best))")
      if let last = model.candidates.last, model.candidates.count > 1 {
        lines.append("  (the worst: \(Self.name(last)))")
      }
    }
    if model.equalizedPairCount > 0 {
      lines.append("the channels of \(model.equalizedPairCount) pairs of layers were equalised")
    }
    if model.boundedPairCount > 0 {
      lines.append("RELU6 keeps \(model.boundedPairCount) pairs of layers from being equalised")
    }
    for (name, count) in model.floatOperators.sorted(by: { $0.key < $1.key }) {
      lines.append("\(count) \(name) stay float: there is no int8 form of them here")
    }
    return lines
  }

  private static func name(_ way: IntegerModel.Candidate) -> String {
    var name = way.ranges.rawValue
    if way.isEqualized { name += ", equalised weights" }
    if way.isBiasCorrected { name += ", corrected biases" }
    return name + ", \(Decimal.text(way.signalToNoise, digits: 1)) dB"
  }

  // MARK: Layers

  private func layerTable(_ layers: [LayerError]) -> String {
    guard !layers.isEmpty else { return "" }
    let hasSteps = layers.contains { $0.errorInSteps != nil }
    var table = TextTable(
      [("layer", .right), ("operator", .left), ("SQNR dB", .right)]
        + (hasSteps ? [("error/step", .right)] : []) + [("", .left), ("result", .left)])
    for layer in layers.prefix(Self.shownLayers) {
      table.add(
        ["\(layer.index)", layer.operatorName, Decimal.text(layer.signalToNoise, digits: 1)]
          + (hasSteps ? [layer.errorInSteps.map { Decimal.text($0, digits: 3) } ?? ""] : [])
          + [Self.verdict(layer), ResultName.short(layer.tensorName)])
    }
    let hint = hasSteps ? " (error/step: \(Self.idealError) is rounding alone)" : ""
    return "\nThe worst of \(layers.count) layers, each by itself\(hint):\n" + table.text
  }

  /// What a person can make of a layer's figures.
  static func verdict(_ layer: LayerError) -> String {
    if layer.signalToNoise >= 30 { return "good" }
    let isFair = layer.signalToNoise >= 20
    guard let error = layer.errorInSteps, let clippedShare = layer.clippedShare else {
      return isFair ? "fair" : "poor: a few weights, or values that it reads, are far larger than the rest"
    }
    if error <= 0.5 {
      return isFair
        ? "fair: rounding alone, most values are small for their range"
        : "poor: a few large values make the range wide, most values are within few steps of it"
    }
    if clippedShare > 0.001 { return "clipped: calibrate with pictures that reach further" }
    return "\(isFair ? "fair" : "poor"): some weights, or channels that it reads, are far larger than the rest"
  }

  private static func megabytes(_ byteCount: Int) -> String { Decimal.text(Double(byteCount) / 1e6, digits: 2) }
}
