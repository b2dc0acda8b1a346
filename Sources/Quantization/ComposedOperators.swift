import TFLite

extension GraphDraft {
  /// Puts PRELU and SOFTMAX in the place of several operators that compute the same, as some converters write them: NEG
  /// and DIV have no int8 form, and each result between them would be rounded.
  mutating func recognizeComposedOperators() {
    var removed: Set<Int> = []
    let (uses, producers) = (useCounts, producers)
    for index in operators.indices {
      let search = PatternSearch(graph: self, uses: uses, producers: producers)
      guard let found = search.parametricRelu(index) ?? search.softmax(index) else { continue }
      operators[index] = found.whole
      removed.formUnion(found.parts)
    }
    removeOperators(removed)
  }
}

/// Operators that together compute what one would.
private struct PatternSearch {
  let graph: GraphDraft
  let uses: [Int]
  let producers: [Int?]

  typealias Found = (whole: OperatorDraft, parts: [Int])

  /// RELU(x) + slope * -RELU(-x).
  func parametricRelu(_ index: Int) -> Found? {
    guard let sum = node(index, .add) else { return nil }
    for (positive, negative) in [(sum.inputs[0], sum.inputs[1]), (sum.inputs[1], sum.inputs[0])] {
      guard let relu = producer(positive, .relu), let x = graph.operators[relu].inputs[0],
        let product = producer(negative, .mul), let (slope, factor) = constantAndOther(graph.operators[product]),
        let outer = producer(factor, .neg), let inner = producer(graph.operators[outer].inputs[0], .relu),
        let first = producer(graph.operators[inner].inputs[0], .neg), graph.operators[first].inputs[0] == x
      else { continue }
      let whole = OperatorDraft(code: .builtin(.prelu), inputs: [x, slope], outputs: sum.outputs)
      return (whole, [relu, product, outer, inner, first])
    }
    return nil
  }

  /// e / SUM(e) with e = EXP(x - MAX(x)).
  func softmax(_ index: Int) -> Found? {
    guard let quotient = node(index, .div), let exponentials = quotient.inputs[0],
      let exp = producer(exponentials, .exp, uses: 2), let sum = producer(quotient.inputs[1], .sum),
      graph.operators[sum].inputs[0] == exponentials, isAlongLastDimension(graph.operators[sum]),
      let difference = producer(graph.operators[exp].inputs[0], .sub), let x = graph.operators[difference].inputs[0],
      let maximum = producer(graph.operators[difference].inputs[1], .reduceMax),
      graph.operators[maximum].inputs[0] == x, isAlongLastDimension(graph.operators[maximum])
    else { return nil }
    let whole = OperatorDraft(
      code: .builtin(.softmax), inputs: [x], outputs: quotient.outputs, options: .softmax(beta: 1))
    return (whole, [exp, sum, difference, maximum])
  }

  private func node(_ index: Int, _ builtin: BuiltinOperator) -> OperatorDraft? {
    let node = graph.operators[index]
    return node.builtin == builtin && node.activation ?? .none == Activation.none ? node : nil
  }

  /// The operator that computes a tensor, where it is of this kind and nothing else reads the tensor.
  private func producer(_ tensor: Int?, _ builtin: BuiltinOperator, uses count: Int = 1) -> Int? {
    guard let tensor, uses[tensor] == count, let index = producers[tensor], node(index, builtin) != nil else {
      return nil
    }
    return index
  }

  private func constantAndOther(_ node: OperatorDraft) -> (constant: Int, other: Int)? {
    guard let first = node.inputs[0], let second = node.inputs[1] else { return nil }
    if graph.tensors[first].constant != nil { return (first, second) }
    return graph.tensors[second].constant != nil ? (second, first) : nil
  }

  private func isAlongLastDimension(_ node: OperatorDraft) -> Bool {
    guard case .reduce(keepDimensions: true) = node.options, let input = node.inputs[0], let axes = node.inputs[1],
      let rank = graph.tensors[input].shape?.count, graph.tensors[axes].type == .int32,
      let axis = graph.tensors[axes].constant?.bytes
    else { return false }
    return [-1, Int32(rank - 1)].contains { axis == bytes(of: [$0]) }
  }
}
