import TFLite

extension Quantization {
  /// int8 values for a range, which contains 0: scale and zero point such that 0 is met exactly.
  init(int8 range: ClosedRange<Float>) {
    let (low, high) = (Double(min(0, range.lowerBound)), Double(max(0, range.upperBound)))
    let scale = Float((high - low) / 255)
    guard scale.isNormal else {
      self.init(scales: [1], zeroPoints: [0], axis: 0)
      return
    }
    let zeroPoint = (-128 - low / ((high - low) / 255)).rounded()
    self.init(scales: [scale], zeroPoints: [Int64(max(-128, min(127, zeroPoint)))], axis: 0)
  }
}

/// Which activations share a scale, and which scale each has.
struct ActivationScales {
  private var parents: [Int]
  private var fixed: [Int: Quantization] = [:]
  private var chosen: [Int: Quantization] = [:]

  /// - Parameters:
  ///   - rules: what each operator asks; nil for those that stay float.
  ///   - inputRange: what the input is known to hold, where it is known.
  ///   - range: the range of an activation that was seen.
  init(
    _ graph: GraphDraft, rules: [IntegerRule?], inputRange: ClosedRange<Float>?, range: (Int) -> ClosedRange<Float>
  ) {
    parents = Array(graph.tensors.indices)
    if let inputRange { for input in graph.inputs { fixed[input] = Quantization(int8: inputRange) } }
    for (node, rule) in zip(graph.operators, rules) {
      switch rule {
      case .fixed(let quantization): for output in node.outputs { fixed[output] = quantization }
      case .sameScale:
        guard let operand = graph.floatOperand(node) else { continue }
        for output in node.outputs { unite(operand, output) }
      case .jointScale:
        // An operand whose scale is decided elsewhere is quantized again on its way in.
        for case let operand? in node.inputs
        where graph.tensors[operand].constant == nil && fixed[root(operand)] == nil {
          unite(operand, node.outputs[0])
        }
      case .free, .weighted, nil: break
      }
    }
    var ranges: [Int: ClosedRange<Float>] = [:]
    for tensor in graph.activations {
      let (root, range) = (root(tensor), range(tensor))
      let known = ranges[root] ?? range
      ranges[root] = min(known.lowerBound, range.lowerBound)...max(known.upperBound, range.upperBound)
    }
    for (root, range) in ranges { chosen[root] = fixed[root] ?? Quantization(int8: range) }
  }

  /// The scale and zero point of an activation.
  func quantization(of tensor: Int) -> Quantization {
    chosen[root(tensor)] ?? Quantization(scales: [1], zeroPoints: [0], axis: 0)
  }

  private func root(_ tensor: Int) -> Int {
    var root = tensor
    while parents[root] != root { root = parents[root] }
    return root
  }

  private mutating func unite(_ one: Int, _ other: Int) {
    let (one, other) = (root(one), root(other))
    guard one != other, fixed[one] == nil || fixed[other] == nil || fixed[one] == fixed[other] else { return }
    parents[other] = one
    if let scale = fixed[other] { fixed[one] = scale }
  }
}
