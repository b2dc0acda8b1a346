import Quantization

/// How small a model is on its way, and what was done to its weights for that.
struct Compression {
  /// gzip's byte count of the file that was read.
  let byteCountBefore: Int
  /// gzip's byte count of the file that is written.
  let byteCountAfter: Int
  /// The share of weights that was to be zero, and the signal to noise ratio in dB of the float model's output with it;
  /// nil where nothing was pruned.
  let pruning: (sparsity: Double, signalToNoise: Double?)?
  /// How few values a tensor of weights may have; nil where that is open.
  let clustering: Clustering?
  /// The weights in the file, where one of these was asked for.
  let weights: [WeightSummary]

  var ratio: Double { Double(byteCountBefore) / Double(byteCountAfter) }

  // MARK: Text

  var lines: [String] {
    var lines = [
      "gzip \(Self.megabytes(byteCountBefore)) MB -> \(Self.megabytes(byteCountAfter)) MB "
        + "(1 : \(Decimal.text(ratio, digits: 2)))"
    ]
    let weights = weights.filter(\.isLarge)
    let weightCount = weights.map(\.weightCount).reduce(0, +)
    if let pruning, pruning.sparsity == 0 {
      lines.append(
        "nothing was pruned: no tenth of the weights can be zero within --max-drop, or there was no time to try")
    } else if let pruning, weightCount > 0 {
      let zeroShare = Double(weights.map(\.zeroCount).reduce(0, +)) / Double(weightCount)
      let shares = weights.map(\.sparsity)
      let error =
        pruning.signalToNoise.map { "; output \(Decimal.text($0, digits: 1)) dB above the error of the pruning" } ?? ""
      lines.append(
        "pruned to \(Self.percent(pruning.sparsity)): \(Self.percent(zeroShare)) of \(weightCount) weights are zero, "
          + "\(Self.percent(shares.min() ?? 0)) to \(Self.percent(shares.max() ?? 0)) of a layer's\(error)")
    }
    if clustering != nil {
      lines.append("clustered: at most \(weights.map(\.distinctCount).max() ?? 0) different weights in a layer")
    }
    return lines
  }

  private static func megabytes(_ byteCount: Int) -> String { Decimal.text(Double(byteCount) / 1e6, digits: 2) }

  private static func percent(_ share: Double) -> String { Decimal.text(100 * share, digits: 1) + " %" }

  // MARK: JSON

  var members: [String] {
    var members = ["\"gzip_bytes_before\":\(byteCountBefore)", "\"gzip_bytes_after\":\(byteCountAfter)"]
    if let pruning {
      members.append(
        """
        "pruning":{"sparsity":\(JSONText.number(pruning.sparsity)),\
        "output_sqnr_db":\(pruning.signalToNoise.map(JSONText.number) ?? "null")}
        """)
    }
    if let clustering { members.append("\"cluster\":\(clustering.count)") }
    if pruning != nil || clustering != nil {
      let layers = weights.map { layer in
        """
        {"operator":\(JSONText.string(layer.operatorName)),"weights":\(JSONText.string(layer.tensorName)),\
        "count":\(layer.weightCount),"sparsity":\(JSONText.number(layer.sparsity)),"distinct":\(layer.distinctCount)}
        """
      }
      members.append("\"weights\":\(JSONText.list(layers))")
    }
    return members
  }
}
