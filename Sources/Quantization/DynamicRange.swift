import TFLite

extension FloatModel {
  /// Weights of fewer elements stay float, as in TensorFlow's converter, and are neither pruned nor clustered: they are a
  /// fraction of any file, and often those of the first layers.
  static let leastElementCount = 1024

  /// The model with the weights of its large layers as int8; each layer quantizes its input when it runs. Layers of
  /// `kept`, by their place in the graph, stay float. Weights have as few values as `clustering` asks for.
  ///
  /// As TensorFlow 2.21 writes it: a scale for each output channel, inputs with a zero point of their own.
  public func withDynamicRange(keepingFloat kept: Set<Int> = [], _ clustering: Clustering? = nil) -> ModelDraft {
    var draft = draft
    for (index, node) in draft.main.operators.enumerated() where !kept.contains(index) {
      if let node = Self.dynamicForm(of: node, in: &draft.main, clustering) { draft.main.operators[index] = node }
    }
    if let clustering { draft.main.clusterFloatWeights(clustering) }
    draft.removeUnusedTensors()
    draft.requireRuntime("2.17.0")
    return draft
  }

  /// The error that each layer makes by itself when its weights become int8, the worst first: that of its weights and of
  /// its input, which it rounds when it runs.
  public func dynamicRangeErrors(
    on samples: some Samples, countMax: Int = 48, _ clustering: Clustering? = nil, isTimeOver: () -> Bool,
    observer: ProgressObserver
  ) throws(QuantizationError) -> [LayerError] {
    // The float graph, and beside it each layer in its other form.
    var beside = draft
    var pairs: [(index: Int, real: Int, dynamic: Int)] = []
    for (index, node) in draft.main.operators.enumerated() {
      guard var other = Self.dynamicForm(of: node, in: &beside.main, clustering) else { continue }
      let result = beside.main.add(draft.main.tensors[node.outputs[0]])
      other.outputs = [result]
      beside.main.operators.append(other)
      pairs.append((index, node.outputs[0], result))
    }
    guard !pairs.isEmpty else { return [] }
    let compared = EvenlySpread(samples, countMax: countMax)
    let run = try TappedRun(beside, taps: pairs.flatMap { [$0.real, $0.dynamic] })
    var sums = [ErrorSums](repeating: ErrorSums(), count: pairs.count)
    for sample in 0..<compared.count {
      if sample > 0, isTimeOver() { break }
      try observer(.layers, sample, compared.count)
      try run.invoke(compared, sample)
      for (place, pair) in pairs.enumerated() {
        run.withFloats(of: pair.real) { reals in run.withFloats(of: pair.dynamic) { sums[place].add(reals, $0) } }
      }
    }
    try observer(.layers, compared.count, compared.count)
    return zip(pairs, sums).map { pair, sums in
      LayerError(
        index: pair.index, operatorName: draft.main.operators[pair.index].code.name,
        tensorName: draft.main.tensors[pair.real].name, signalToNoise: sums.signalToNoise, errorInSteps: nil,
        clippedShare: nil)
    }.sorted { $0.signalToNoise < $1.signalToNoise }
  }

  /// A layer with int8 weights, which are added to the graph; nil for an operator that has no such form or is small.
  private static func dynamicForm(
    of node: OperatorDraft, in graph: inout GraphDraft, _ clustering: Clustering?
  ) -> OperatorDraft? {
    guard let axis = node.weightAxis, let weights = graph.floats(node, 1), let tensor = node.inputs[1],
      weights.count >= leastElementCount
    else { return nil }
    let old = graph.tensors[tensor]
    let quantized = QuantizedWeights(weights, shape: old.shape ?? [], axis: axis, clustering: clustering)
    var dynamic = node
    dynamic.inputs[1] = graph.add(quantized.tensor(name: old.name, shape: old.shape ?? [], axis: axis))
    dynamic.version = version(node.builtin)
    if case .fullyConnected(var options) = node.options {
      options.asymmetricQuantizeInputs = true
      dynamic.options = .fullyConnected(options)
    }
    return dynamic
  }

  /// The first version of an operator that takes float inputs and int8 weights with a scale for each channel.
  private static func version(_ builtin: BuiltinOperator?) -> Int {
    switch builtin {
    case .convolution2D: 5
    case .depthwiseConvolution2D: 6
    default: 12
    }
  }
}
