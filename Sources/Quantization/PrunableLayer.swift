import TFLite

/// A layer whose weights can be set to zero, and what is known of its input.
struct PrunableLayer {
  /// The operator's place in the graph.
  let index: Int
  let weightCount: Int
  private let shape: [Int]
  private let axis: Int
  private let input: Input?

  /// The mean and the variance of each input channel, and which of them each weight multiplies.
  private struct Input {
    let channels: InputChannels
    let means: [Double]
    let variances: [Double]
  }

  /// Takes an operator with weights of its own; nil for others.
  init?(_ graph: GraphDraft, _ index: Int, useCounts: [Int], _ calibration: Calibration?) {
    let node = graph.operators[index]
    guard let (weights, _) = graph.layerConstants(node), weights.count >= FloatModel.leastElementCount,
      let axis = node.weightAxis, let tensor = node.inputs[1], useCounts[tensor] == 1,
      let shape = graph.tensors[tensor].shape
    else { return nil }
    self.index = index
    weightCount = weights.count
    self.shape = shape
    self.axis = axis
    guard let seen = node.inputs[0].flatMap({ calibration?.activations[$0] }) else {
      input = nil
      return
    }
    let (means, isDepthwise) = (seen.channelMeans, node.builtin == .depthwiseConvolution2D)
    let channels = InputChannels(shape: shape, count: means.count, isDepthwise: isDepthwise)
    // A matrix may read several pixels at once, whose channels are then not its inputs.
    let isKnown = channels.fit(weights.count) && (isDepthwise || means.count == shape.last)
    input = isKnown ? Input(channels: channels, means: means, variances: seen.channelVariances) : nil
  }

  /// What the share of the result's energy is that each weight brings by itself: its square, times the variance of what
  /// it multiplies where that is known. What it brings in the mean does not count, for the bias can bring that.
  func saliencies(in graph: GraphDraft) -> [Float] {
    let weights = graph.floats(graph.operators[index], 1) ?? []
    let energies = weights.indices.map { energy(weights[$0], at: $0) }
    let total = energies.reduce(0, +)
    guard total > 0, total.isFinite else { return weights.map { abs($0) } }
    return energies.map { Float($0 / total) }
  }

  private func energy(_ weight: Float, at position: Int) -> Double {
    Double(weight) * Double(weight) * (input.map { $0.variances[$0.channels.channel(position)] } ?? 1)
  }

  /// Sets weights to zero. Where the input is known, each channel of the result keeps its mean and its variance, as far
  /// as inputs are independent: the weights that are left grow, and the bias makes up for the mean.
  func prune(_ graph: inout GraphDraft, where isPruned: (_ position: Int) -> Bool) {
    guard var (weights, bias) = graph.layerConstants(graph.operators[index]) else { return }
    let layout = ChannelLayout(shape: shape, axis: axis)
    var whole = [Double](repeating: 0, count: bias.count)
    var (left, lostMean, leftMean) = (whole, whole, whole)
    layout.forEach { position, channel in
      let energy = energy(weights[position], at: position)
      let mean = input.map { Double(weights[position]) * $0.means[$0.channels.channel(position)] } ?? 0
      whole[channel] += energy
      guard isPruned(position) else {
        left[channel] += energy
        leftMean[channel] += mean
        return
      }
      lostMean[channel] += mean
      weights[position] = 0
    }
    if input != nil {
      let factors = zip(whole, left).map(Self.growth)
      layout.forEach { position, channel in weights[position] *= Float(factors[channel]) }
      for channel in bias.indices {
        bias[channel] += Float(lostMean[channel] + leftMean[channel] * (1 - factors[channel]))
      }
    }
    graph.setWeights(of: index, weights, bias: bias)
  }

  /// The factor that gives what is left of a channel the variance of the whole. A channel that lost nearly everything is
  /// not blown up without bound: what is left of it says little of what it was.
  private static func growth(_ whole: Double, _ left: Double) -> Double {
    left > 0 ? min(4, (whole / left).squareRoot()) : 1
  }
}
