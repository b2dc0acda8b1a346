import TFLite

extension GraphDraft {
  /// Lets layers apply the activation that follows them as an operator of its own.
  mutating func fuseActivations() {
    let uses = useCounts
    var producers = producers
    var removed: Set<Int> = []
    for (index, node) in operators.enumerated() {
      guard let activation = Self.activation(node.builtin), let operand = node.inputs.first ?? nil,
        uses[operand] == 1, let producer = producers[operand], operators[producer].activation == Activation.none
      else { continue }
      operators[producer].setActivation(activation)
      operators[producer].outputs = node.outputs
      producers[node.outputs[0]] = producer
      removed.insert(index)
    }
    removeOperators(removed)
  }

  private static func activation(_ builtin: BuiltinOperator?) -> Activation? {
    switch builtin {
    case .relu: .relu
    case .relu6: .relu6
    case .reluN1To1: .reluMinus1To1
    default: nil
    }
  }
}
