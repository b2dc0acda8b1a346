/// Where the weights of a layer for each of its input channels lie.
struct InputChannels {
  let count: Int
  /// Depthwise results that each input channel has; 0 for other layers, whose input channels are the last dimension.
  private let multiplier: Int

  init(shape: [Int], count: Int, isDepthwise: Bool) {
    self.count = count
    multiplier = isDepthwise ? (shape.last ?? 0) / max(1, count) : 0
  }

  func fit(_ weightCount: Int) -> Bool { count > 0 && weightCount % (count * max(1, multiplier)) == 0 }

  /// The input channel that the weight at a position multiplies.
  func channel(_ position: Int) -> Int {
    multiplier > 0 ? position % (count * multiplier) / multiplier : position % count
  }

  func maxima(_ weights: [Float]) -> [Float] {
    var maxima = [Float](repeating: 0, count: count)
    for (position, weight) in weights.enumerated() {
      maxima[channel(position)] = max(maxima[channel(position)], abs(weight))
    }
    return maxima
  }

  func scaled(_ weights: [Float], by factors: [Float]) -> [Float] {
    weights.enumerated().map { $1 * factors[channel($0)] }
  }
}
