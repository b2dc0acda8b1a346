import Quantization

/// A model in int8 and the pictures that it was calibrated with.
struct CalibratedResult {
  let model: IntegerModel
  let pictureCount: Int
  let foundCount: Int
}

/// What became of a model, for people and for programs.
struct QuantizeReport {
  /// Layers that are named to people.
  private static let shownLayers = 5
  /// What rounding alone gives: the root of 1/12.
  private static let idealError = 0.289

  let output: String
  let mode: Quantize.Mode
  let byteCountBefore: Int
  let byteCountAfter: Int
  let seconds: Double
  let calibrated: CalibratedResult?

  private var ratio: Double { Double(byteCountBefore) / Double(byteCountAfter) }

  // MARK: Text

  var text: String {
    let size = """
      \(output): \(mode.rawValue), \(Self.megabytes(byteCountBefore)) MB -> \(Self.megabytes(byteCountAfter)) MB \
      (1 : \(Decimal.text(ratio, digits: 2))), in \(Decimal.text(seconds, digits: 1)) s

      """
    return size + (calibrated.map(details) ?? "")
  }

  private func details(_ result: CalibratedResult) -> String {
    let model = result.model
    var lines = ["calibrated with \(result.pictureCount) of \(result.foundCount) pictures"]
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
    return lines.joined(separator: "\n") + "\n" + layerTable(model.layers)
  }

  private func layerTable(_ layers: [LayerError]) -> String {
    guard !layers.isEmpty else { return "" }
    var table = TextTable([
      ("layer", .right), ("operator", .left), ("SQNR dB", .right), ("error/step", .right), ("", .left),
      ("result", .left),
    ])
    for layer in layers.prefix(Self.shownLayers) {
      table.add([
        "\(layer.index)", layer.operatorName, Decimal.text(layer.signalToNoise, digits: 1),
        Decimal.text(layer.errorInSteps, digits: 3), Self.verdict(layer), String(layer.tensorName.prefix(60)),
      ])
    }
    return "\nThe worst of \(layers.count) layers, each by itself (error/step: \(Self.idealError) is rounding alone):\n"
      + table.text
  }

  /// What a person can make of a layer's figures.
  private static func verdict(_ layer: LayerError) -> String {
    if layer.signalToNoise >= 30 { return "good" }
    if layer.errorInSteps <= 0.5 {
      return layer.signalToNoise >= 20
        ? "fair: rounding alone, most values are small for their range"
        : "poor: a few large values make the range wide, most values are within few steps of it"
    }
    if layer.shareAtEnds > 0.001 { return "clipped: calibrate with pictures that reach further" }
    return "weights too coarse: some are far larger than the rest of their channel"
  }

  private static func name(_ way: IntegerModel.Candidate) -> String {
    var name = way.ranges.rawValue
    if way.isEqualized { name += ", equalised weights" }
    if way.isBiasCorrected { name += ", corrected biases" }
    return name + ", \(Decimal.text(way.signalToNoise, digits: 1)) dB"
  }

  private static func megabytes(_ byteCount: Int) -> String { Decimal.text(Double(byteCount) / 1e6, digits: 2) }

  // MARK: JSON

  var json: String {
    var text = """
      {"output":\(JSONText.string(output)),"mode":"\(mode.rawValue)","bytes_before":\(byteCountBefore),\
      "bytes_after":\(byteCountAfter),"ratio":\(JSONText.number(ratio)),"seconds":\(JSONText.number(seconds))
      """
    if let calibrated { text += "," + json(calibrated) }
    return text + "}"
  }

  private func json(_ result: CalibratedResult) -> String {
    let candidates = result.model.candidates.map { way in
      """
      {"ranges":"\(way.ranges.rawValue)","equalised":\(way.isEqualized),"bias_corrected":\(way.isBiasCorrected),\
      "output_sqnr_db":\(JSONText.number(way.signalToNoise))}
      """
    }
    let layers = result.model.layers.map { layer in
      """
      {"layer":\(layer.index),"operator":\(JSONText.string(layer.operatorName)),\
      "result":\(JSONText.string(layer.tensorName)),"sqnr_db":\(JSONText.number(layer.signalToNoise)),\
      "error_in_steps":\(JSONText.number(layer.errorInSteps)),"share_at_ends":\(JSONText.number(layer.shareAtEnds))}
      """
    }
    let kept = result.model.floatOperators.sorted { $0.key < $1.key }.map { "\(JSONText.string($0.key)):\($0.value)" }
    return """
      "pictures":\(result.pictureCount),"pictures_found":\(result.foundCount),\
      "equalised_pairs":\(result.model.equalizedPairCount),"bounded_pairs":\(result.model.boundedPairCount),\
      "float_operators":{\(kept.joined(separator: ","))},"candidates":\(JSONText.list(candidates)),\
      "layers":\(JSONText.list(layers))
      """
  }
}
