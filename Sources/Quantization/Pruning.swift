import TFLite

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A float model with a share of its weights set to zero.
public struct PrunedModel: Sendable {
  /// The model.
  public let model: FloatModel
  /// The signal to noise ratio of its output against the model that it was, in dB; nil where there were no samples.
  public let signalToNoise: Double?
}

extension FloatModel {
  /// Sets the weights that matter least to zero, until they are this share of the weights of all larger layers. How much
  /// they matter is judged by their squares, as a share of those of their layer.
  public func pruned(to sparsity: Double) -> PrunedModel {
    let pruning = Pruning(self, calibration: nil)
    return pruning.result(pruning.model(to: sparsity, factors: pruning.equalFactors), signalToNoise: nil)
  }

  /// Sets the weights that matter least to zero, until they are this share of the weights of all larger layers.
  ///
  /// How much they matter is judged by what they bring to the result of their layer, and by the error of the model's
  /// output when that layer alone is pruned. How much the latter counts is tried: the best output is taken. Where time
  /// runs out it does not count.
  public func pruned(
    to sparsity: Double, calibratedWith samples: some Samples, isTimeOver: () -> Bool = { false },
    observer: ProgressObserver
  ) throws(QuantizationError) -> PrunedModel {
    let read = Set(draft.main.operators.compactMap { $0.weightAxis == nil ? nil : $0.inputs[0] })
    let calibration = try Calibration(
      draft, of: draft.main.activations.filter(read.contains), EvenlySpread(samples, countMax: 48),
      leastCount: 1, isTimeOver: isTimeOver, stage: .inputs, observer: observer)
    let pruning = Pruning(self, calibration: calibration)
    let comparison = try OutputComparison(draft, EvenlySpread(samples, countMax: 16))
    let sensitivities = try pruning.sensitivities(sparsity, comparison, isTimeOver, observer)
    var best: (model: FloatModel, signalToNoise: Double)?
    for power: Float in sensitivities.isEmpty ? [0] : [1, 0.5, 0] {
      let model = pruning.model(
        to: sparsity, factors: power == 0 ? pruning.equalFactors : sensitivities.map { pow($0, power) })
      let signalToNoise = try comparison.signalToNoise(of: model.draft)
      if signalToNoise > best?.signalToNoise ?? -.infinity { best = (model, signalToNoise) }
    }
    return pruning.result(best?.model ?? self, signalToNoise: best?.signalToNoise)
  }
}

/// Ways to set weights of a model to zero.
struct Pruning {
  private let model: FloatModel
  let layers: [PrunableLayer]
  private let saliencies: [[Float]]

  init(_ model: FloatModel, calibration: Calibration?) {
    self.model = model
    let graph = model.draft.main
    let uses = graph.useCounts
    layers = graph.operators.indices.compactMap { PrunableLayer(graph, $0, useCounts: uses, calibration) }
    saliencies = layers.map { $0.saliencies(in: graph) }
  }

  /// All layers as sensitive as the others.
  var equalFactors: [Float] { layers.map { _ in 1 } }

  /// How much the output loses by each layer, for what the layer loses, when it alone is pruned: 1 for the greatest.
  /// Empty where there is no time to measure all of them.
  func sensitivities(
    _ sparsity: Double, _ comparison: OutputComparison<some Samples>, _ isTimeOver: () -> Bool,
    _ observer: ProgressObserver
  ) throws(QuantizationError) -> [Float] {
    var losses: [Double] = []
    for layer in layers.indices {
      if isTimeOver() { return [] }
      try observer(.sensitivity, layer, layers.count)
      var pruned = model
      let lost = prune(&pruned.draft.main, [layer], to: sparsity, factors: equalFactors)
      let noise = pow(10, try comparison.signalToNoise(of: pruned.draft) / -10)
      losses.append(lost > 0 ? noise / lost : 0)
    }
    try observer(.sensitivity, layers.count, layers.count)
    guard let greatest = losses.max(), greatest > 0 else { return [] }
    // No layer is so unimportant that nothing of it should be left.
    return losses.map { Float(max(1e-4, $0 / greatest)) }
  }

  /// The model with weights of all layers at zero; tensors keep their places.
  func model(to sparsity: Double, factors: [Float]) -> FloatModel {
    var pruned = model
    _ = prune(&pruned.draft.main, Array(layers.indices), to: sparsity, factors: factors)
    return pruned
  }

  /// Prunes some layers by their saliencies times factors. Returns the sum of the saliencies that were lost.
  func prune(_ graph: inout GraphDraft, _ chosen: [Int], to sparsity: Double, factors: [Float]) -> Double {
    let weightCount = chosen.map { layers[$0].weightCount }.reduce(0, +)
    var least = LeastValues(
      count: Int((Double(weightCount) * sparsity).rounded()), of: chosen.map { saliencies[$0] },
      factors: chosen.map { factors[$0] })
    var lost = 0.0
    for layer in chosen {
      layers[layer].prune(&graph) { position in
        guard least.contains(saliencies[layer][position] * factors[layer]) else { return false }
        lost += Double(saliencies[layer][position])
        return true
      }
    }
    return lost
  }

  /// Drops the weights that were replaced.
  func result(_ model: FloatModel, signalToNoise: Double?) -> PrunedModel {
    var model = model
    model.draft.removeUnusedTensors()
    return PrunedModel(model: model, signalToNoise: signalToNoise)
  }
}
