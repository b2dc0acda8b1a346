import Inference
import Quantization
import TFLite

/// How the layers of two versions of a model differ on pictures.
struct LayerReport {
  /// What the other is measured against: the one that computes more in float, or else the first that was named.
  let reference: String
  let other: String
  let pictureCount: Int
  let layers: [LayerDifference]
  /// Results of the reference that have no counterpart.
  let unpairedCount: Int

  init(_ path: String, _ otherPath: String, picturesIn folder: String, countMax: Int) throws(Failure) {
    Interruption.watch()
    let named = try ComparedModel.pair(path, otherPath)
    let (first, second) =
      named.1.floatShare > named.0.floatShare ? (named.1, named.0) : (named.0, named.1)
    for model in [first, second] where model.isRangeAssumed {
      Terminal.complain(
        "maskctl: \(model.path): neither a sidecar nor metadata says what range of values the model was trained on; -1…1 "
          + "is assumed")
    }
    let correspondence = LayerCorrespondence(first.model, second.model)
    guard !correspondence.pairs.isEmpty else {
      throw Failure(
        .badModel,
        "no result of \(path) corresponds to one of \(otherPath), by name or by the order of operators of the same kind "
          + "and shape: give two versions of one model")
    }
    let pictures = try CalibrationPictures(folder, contract: first.contract, countMax: countMax)
    reference = first.path
    other = second.path
    pictureCount = pictures.count
    unpairedCount = correspondence.unpairedCount
    layers = try Self.compare(correspondence, first, second, pictures)
  }

  private static func compare(
    _ correspondence: LayerCorrespondence, _ first: ComparedModel, _ second: ComparedModel,
    _ pictures: CalibrationPictures
  ) throws(Failure) -> [LayerDifference] {
    var progress: Progress?
    defer { progress?.finish() }
    do throws(QuantizationError) {
      let comparison = try LayerComparison(
        correspondence, of: (first.model, pictures),
        with: (second.model, CalibrationPictures(paths: pictures.paths, contract: second.contract))
      ) { (stage, done, total) throws(QuantizationError) in
        if Interruption.isRequested { throw .cancelled }
        if progress == nil { progress = Progress(stage.rawValue, total: total) }
        progress?.show(done)
      }
      return comparison.layers
    } catch {
      switch error {
      case .cancelled: Interruption.end()
      case .sample: throw Failure(.noInput, error.description)
      default:
        // Which of the two it is shows in running each as it is.
        for model in [first, second] {
          if let obstacle = Program.obstacles(in: model.model).first {
            throw Failure(.badModel, "\(model.path): \(obstacle)")
          }
        }
        throw Failure(.badModel, error.description)
      }
    }
  }

  /// The layer that lies farthest from the reference.
  private var worst: LayerDifference? { layers.min { $0.signalToNoise < $1.signalToNoise } }

  /// What stands for no error at all.
  private static let noErrorSQNR = 200.0
  /// A fall of less, in dB, is not worth a word.
  private static let leastFall = 1.0

  /// The layer that loses most against its operands.
  private var deepestFall: LayerDifference? {
    layers.filter { $0.fall ?? 0 >= Self.leastFall }.max { $0.fall ?? 0 < $1.fall ?? 0 }
  }

  // MARK: Text

  var text: String {
    var lines = ["\(other) against \(reference), on \(pictureCount) pictures"]
    let byOrder = layers.filter { !$0.pair.isByName }.count
    var found = "\(layers.count) results of layers are compared"
    if byOrder > 0 { found += ", \(byOrder) of them paired by their order because names differ" }
    if unpairedCount > 0 { found += "; \(unpairedCount) of \(reference) have no counterpart" }
    lines.append(found + ".")
    lines.append(
      "Errors add up from layer to layer: each figure holds those of all layers before it "
        + "(`maskctl quantize` tells each by itself).")
    if layers.contains(where: \.hasScaledChannels) {
      lines.append(
        "Scaled channels are what equalised weights leave between two layers, and no error: SQNR is told without them.")
    }
    return lines.joined(separator: "\n") + "\n\n" + table + "\n" + verdict
  }

  private var table: String {
    var table = TextTable([
      ("INDEX", .right), ("OPERATOR", .left), ("SQNR dB", .right), ("MEAN ERROR", .right), ("MAX ERROR", .right),
      ("COSINE", .right), ("", .left), ("RESULT", .left),
    ])
    let deepest = deepestFall?.pair.first.tensor
    for layer in layers {
      table.add([
        "\(layer.pair.first.index)", layer.pair.first.operatorName, Decimal.text(layer.signalToNoise, digits: 1),
        Decimal.text(layer.meanError, digits: 5), Decimal.text(layer.largestError, digits: 5),
        Decimal.text(layer.cosine, digits: 5),
        mark(layer, isDeepest: layer.pair.first.tensor == deepest),
        ResultName.short(layer.pair.first.name),
      ])
    }
    return table.text
  }

  private func mark(_ layer: LayerDifference, isDeepest: Bool) -> String {
    var marks: [String] = []
    if isDeepest { marks.append("falls by \(Decimal.text(layer.fall ?? 0, digits: 1)) dB") }
    if layer.hasScaledChannels { marks.append("scaled channels") }
    return marks.joined(separator: ", ")
  }

  private var verdict: String {
    guard let worst else { return "" }
    if worst.largestError == 0 { return "All results are the same.\n" }
    var text =
      "Worst: layer \(worst.pair.first.index) (\(worst.pair.first.operatorName) \(ResultName.short(worst.pair.first.name))) with "
      + "\(Decimal.text(worst.signalToNoise, digits: 1)) dB, cosine \(Decimal.text(worst.cosine, digits: 5)).\n"
    if let deepest = deepestFall, let fall = deepest.fall {
      let own = deepest.signalToNoise
      text +=
        "It falls most at layer \(deepest.pair.first.index) (\(deepest.pair.first.operatorName) "
        + "\(ResultName.short(deepest.pair.first.name))): "
        + (own + fall >= Self.noErrorSQNR
          ? "its operands are the same, it has "
          : "from \(Decimal.text(own + fall, digits: 1)) dB, that of its worst operand, to ")
        + "\(Decimal.text(own, digits: 1)) dB.\n"
    } else {
      text += "No layer falls by \(Decimal.text(Self.leastFall, digits: 0)) dB or more below its operands.\n"
    }
    return text
  }

  // MARK: JSON

  var json: String {
    let layers = layers.map { layer in
      """
      {"index":\(layer.pair.first.index),"operator":\(JSONText.string(layer.pair.first.operatorName)),\
      "result":\(JSONText.string(layer.pair.first.name)),"other_index":\(layer.pair.other.index),\
      "other_result":\(JSONText.string(layer.pair.other.name)),"paired_by":"\(layer.pair.isByName ? "name" : "order")",\
      "sqnr_db":\(JSONText.number(layer.signalToNoise)),"mean_error":\(JSONText.number(layer.meanError)),\
      "max_error":\(JSONText.number(layer.largestError)),"cosine":\(JSONText.number(layer.cosine)),\
      "scaled_channels":\(layer.hasScaledChannels),"fall_db":\(layer.fall.map { JSONText.number($0) } ?? "null")}
      """
    }
    return """
      {"reference":\(JSONText.string(reference)),"other":\(JSONText.string(other)),"pictures":\(pictureCount),\
      "unpaired":\(unpairedCount),"worst":\(worst.map { "\($0.pair.first.index)" } ?? "null"),\
      "deepest_fall":\(deepestFall.map { "\($0.pair.first.index)" } ?? "null"),"layers":\(JSONText.list(layers))}
      """
  }
}

extension ComparedModel {
  /// The part of all computed tensors that are float.
  fileprivate var floatShare: Double {
    let computed = model.main.operators.flatMap(\.outputs).map { model.main.tensors[$0].type }
    return Double(computed.filter { $0 == .float32 }.count) / Double(max(1, computed.count))
  }
}
