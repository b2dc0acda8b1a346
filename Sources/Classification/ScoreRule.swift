import TFLite

/// How the values of a model's output become scores from 0 to 1.
public enum ScoreRule: String, Sendable {
  /// They are taken as they are.
  case probabilities
  /// They are logarithms: the exponential function is applied.
  case logProbabilities = "log_probabilities"
  /// They may be any numbers: softmax is applied, or with one value the logistic function.
  case logits

  /// The sidecar decides; else the operator that makes the values; else the values that their type can hold.
  init(of model: Model, output: ScoreOutput, sidecar: Sidecar.Scores?) {
    if let rule = sidecar.flatMap({ ScoreRule(rawValue: $0.rawValue) }) {
      self = rule
      return
    }
    switch Self.producer(of: output.tensorIndex, in: model.main) {
    case .softmax, .logistic: self = .probabilities
    case .logSoftmax: self = .logProbabilities
    default: self = Self.isWithinUnit(output) ? .probabilities : .logits
    }
  }

  /// The operator that computes a tensor, seen through those that only write the same values in another way.
  private static func producer(of tensor: Int, in graph: Subgraph) -> BuiltinOperator? {
    var tensor = tensor
    for node in graph.operators.reversed() where node.outputs.contains(tensor) {
      guard case .builtin(let builtin) = node.code else { return nil }
      switch builtin {
      case .reshape, .squeeze, .expandDims, .quantize, .dequantize:
        guard let input = node.inputs.first ?? nil else { return nil }
        tensor = input
      default: return builtin
      }
    }
    return nil
  }

  /// Whether an 8-bit output can hold nothing outside of 0…1 but for one step.
  private static func isWithinUnit(_ output: ScoreOutput) -> Bool {
    guard output.type != .float32, let quantization = output.quantization, let scale = quantization.scales.first,
      let zeroPoint = quantization.zeroPoints.first
    else { return false }
    let lowest = output.type == .int8 ? Int64(-128) : 0
    let low = Double(scale) * Double(lowest - zeroPoint)
    let high = Double(scale) * Double(lowest + 255 - zeroPoint)
    return low >= -Double(scale) && high <= 1 + Double(scale)
  }
}
