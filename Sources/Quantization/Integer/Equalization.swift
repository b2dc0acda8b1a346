import TFLite

/// Brings the channels between two layers to similar sizes, which changes nothing in float: what the first divides by a
/// factor, the weights of the second multiply again.
///
/// Goes through no activation and through RELU, which commute with positive factors. RELU6 does not: its 6 would have
/// to become another bound for each channel, which no operator has. Those layers are left as they are.
struct Equalization {
  /// Two layers, the second of which is the only one to read the first's result.
  struct Pair: Equatable {
    let first, second: Int
    let tensor: Int
  }

  let pairs: [Pair]
  /// Pairs that RELU6 or another bounded activation keeps from being equalised.
  let boundedCount: Int

  init(_ graph: GraphDraft) {
    let (uses, producers) = (graph.useCounts, graph.producers)
    var pairs: [Pair] = []
    var boundedCount = 0
    for (second, node) in graph.operators.enumerated() {
      guard node.weightAxis != nil, graph.layerConstants(node) != nil, let tensor = node.inputs[0],
        uses[tensor] == 1, let first = producers[tensor], graph.layerConstants(graph.operators[first]) != nil
      else { continue }
      switch graph.operators[first].activation {
      case Activation.none?, .relu?: pairs.append(Pair(first: first, second: second, tensor: tensor))
      default: boundedCount += 1
      }
    }
    self.pairs = pairs
    self.boundedCount = boundedCount
  }

  /// Factors beyond this would only serve channels that are hardly ever anything but zero.
  private static let factorMax: Float = 256

  /// Applies it to the weights. `calibration` is of the same graph.
  func apply(to graph: inout GraphDraft, _ calibration: Calibration) {
    for pair in pairs {
      guard let maxima = calibration.activations[pair.tensor]?.channelMaxima,
        let first = graph.layerConstants(graph.operators[pair.first]),
        let second = graph.layerConstants(graph.operators[pair.second]), first.bias.count == maxima.count,
        let weightTensor = graph.operators[pair.second].inputs[1], let shape = graph.tensors[weightTensor].shape,
        let firstTensor = graph.operators[pair.first].inputs[1], let firstShape = graph.tensors[firstTensor].shape
      else { continue }
      let isDepthwise = graph.operators[pair.second].builtin == .depthwiseConvolution2D
      let inputs = InputChannels(shape: shape, count: maxima.count, isDepthwise: isDepthwise)
      guard inputs.fit(second.weights.count) else { continue }
      let factors = Self.factors(maxima, inputs.maxima(second.weights), isDepthwise: isDepthwise)
      var (weights, bias) = first
      ChannelLayout(shape: firstShape, axis: graph.operators[pair.first].weightAxis ?? 0)
        .forEach { weights[$0] /= factors[$1] }
      for channel in bias.indices { bias[channel] /= factors[channel] }
      graph.setWeights(of: pair.first, weights, bias: bias)
      graph.setWeights(of: pair.second, inputs.scaled(second.weights, by: factors), bias: second.bias)
    }
  }

  /// What each channel is divided by. The error in a channel's activation and the error in the weights that read it weigh
  /// the same; depthwise weights have a scale for each channel anyway, so there the activation alone decides.
  private static func factors(_ activations: [Float], _ weights: [Float], isDepthwise: Bool) -> [Float] {
    let raw = zip(activations, weights).map { activation, weight -> Float in
      guard activation > 0, weight > 0 else { return 0 }
      return isDepthwise ? activation : (activation / weight).squareRoot()
    }
    let greatest = raw.max() ?? 0
    guard greatest > 0 else { return raw.map { _ in 1 } }
    return raw.map { $0 > 0 ? max($0 / greatest, 1 / factorMax) : 1 }
  }
}
