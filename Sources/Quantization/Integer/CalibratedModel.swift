import TFLite

/// A float model with what was seen of its activations: all that is needed to quantize it in one way or another.
struct CalibratedModel {
  let model: FloatModel
  let calibration: Calibration
  let isEqualized: Bool

  private var graph: GraphDraft { model.draft.main }
  /// What int8 asks of each operator; nil for those that have no int8 form.
  private var rules: [IntegerRule?] { graph.operators.map { IntegerRule($0, in: graph) } }

  /// Operators that have no int8 form here, by name.
  var floatOperators: [String: Int] {
    var counts: [String: Int] = [:]
    for (node, rule) in zip(graph.operators, rules) where rule == nil { counts[node.code.name, default: 0] += 1 }
    return counts
  }

  /// The int8 operators that compute what an operator reads, also through those that only choose or move values.
  func operandLayers(of index: Int) -> [Int] {
    let (rules, producers) = (rules, graph.producers)
    var found: [Int] = []
    var open = [index]
    while let node = open.popLast() {
      for case let operand? in graph.operators[node].inputs {
        guard let producer = producers[operand], let rule = rules[producer] else { continue }
        found.append(producer)
        if rule == .sameScale || rule == .jointScale { open.append(producer) }
      }
    }
    return found
  }

  /// The int8 graph, with some operators left in float.
  func integerGraph(
    _ way: IntegerModel.Candidate, _ options: IntegerOptions, edges: Edges, form: IntegerGraph.Form = .whole,
    keepingFloat kept: Set<Int> = []
  ) -> (graph: IntegerGraph, scales: ActivationScales) {
    let rules = rules
    let scales = scales(way, options, keepingFloat: kept)
    let integer = IntegerGraph(
      graph, rules: rules, scales: scales, edges: edges, form: form, keepingFloat: kept
    ) { node in layer(node, scales, isBiasCorrected: way.isBiasCorrected, options.clustering) }
    return (integer, scales)
  }

  /// The scale of each activation, with some operators left in float.
  func scales(
    _ way: IntegerModel.Candidate, _ options: IntegerOptions, keepingFloat kept: Set<Int>
  ) -> ActivationScales {
    let asked = rules.enumerated().map { index, rule in kept.contains(index) ? rule?.ofFloatResult : rule }
    return ActivationScales(graph, rules: asked, inputRange: options.inputRange) { tensor in
      calibration.activations[tensor].map { way.ranges.range(of: $0.histogram) } ?? 0...0
    }
  }

  /// The whole model, to be written, with some operators left in float.
  func integerDraft(
    _ way: IntegerModel.Candidate, _ options: IntegerOptions, keepingFloat kept: Set<Int>
  ) -> ModelDraft {
    var draft = model.draft
    let (inputs, outputs) = (graph.inputs, graph.outputs)
    let integer = integerGraph(way, options, edges: options.edges, keepingFloat: kept).graph.graph
    var places: [Int: Int] = [:]
    for (old, new) in zip(inputs + outputs, integer.inputs + integer.outputs) { places[old] = new }
    draft.renameEdges { places[$0] ?? $0 }
    draft.main = integer
    if let clustering = options.clustering { draft.main.clusterFloatWeights(clustering) }
    draft.removeUnusedTensors()
    draft.requireRuntime("2.3.0")
    return draft
  }

  private func layer(
    _ node: OperatorDraft, _ scales: ActivationScales, isBiasCorrected: Bool, _ clustering: Clustering?
  ) -> IntegerLayer? {
    guard let (weights, bias) = graph.layerConstants(node), let axis = node.weightAxis, let input = node.inputs[0],
      let weightTensor = node.inputs[1], let shape = graph.tensors[weightTensor].shape
    else { return nil }
    var means = isBiasCorrected ? calibration.activations[input]?.channelMeans : nil
    // A matrix may read several pixels at once, whose channels are then not its inputs.
    if node.builtin != .depthwiseConvolution2D, means?.count != shape.last { means = nil }
    return IntegerLayer(
      weights, bias: bias, shape: shape, axis: axis, inputScale: scales.quantization(of: input).scales[0], means: means,
      clustering: weights.count >= FloatModel.leastElementCount ? clustering : nil)
  }

  /// The error that each int8 operator makes by itself, the worst first.
  func layerErrors(
    _ way: IntegerModel.Candidate, _ options: IntegerOptions, _ samples: some Samples, _ observer: ProgressObserver
  ) throws(QuantizationError) -> [LayerError] {
    let (integer, scales) = integerGraph(way, options, edges: .float, form: .isolated)
    var draft = model.draft
    draft.main = integer.graph
    let pairs = graph.operators.enumerated().compactMap {
      index, node -> (index: Int, real: Int, integer: Int, old: Int)? in
      guard let old = node.outputs.first, let real = integer.reals[old], let int8 = integer.isolated[old] else {
        return nil
      }
      return (index, real, int8, old)
    }
    let run = try TappedRun(draft, taps: pairs.flatMap { [$0.real, $0.integer] })
    var sums = [ErrorSums](repeating: ErrorSums(), count: pairs.count)
    for sample in 0..<samples.count {
      if sample > 0, options.isTimeOver() { break }
      try observer(.layers, sample, samples.count)
      try run.invoke(samples, sample)
      for (place, pair) in pairs.enumerated() {
        run.withFloats(of: pair.real) { reals in
          run.withInt8s(of: pair.integer) { sums[place].add(reals, $0, scales.quantization(of: pair.old)) }
        }
      }
    }
    try observer(.layers, samples.count, samples.count)
    return zip(pairs, sums).map { pair, sums in
      LayerError(
        index: pair.index, operatorName: graph.operators[pair.index].code.name,
        tensorName: graph.tensors[pair.old].name, signalToNoise: sums.signalToNoise,
        errorInSteps: sums.error(scales.quantization(of: pair.old).scales[0]), clippedShare: sums.clippedShare)
    }.sorted { $0.signalToNoise < $1.signalToNoise }
  }
}
