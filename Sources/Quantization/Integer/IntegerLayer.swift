import TFLite

/// The weights and the bias of a layer as int8 and int32.
struct IntegerLayer {
  let weights: QuantizedWeights
  let bias: [Int32]
  let biasScales: [Float]

  /// - Parameters:
  ///   - inputScale: of the layer's input.
  ///   - means: the mean of each input channel; where it is given, the bias makes up for what rounding the weights
  ///     changes in the mean of each result (bias correction).
  ///   - clustering: how many different values the weights may have; nil leaves them as they are.
  init(
    _ weights: [Float], bias: [Float], shape: [Int], axis: Int, inputScale: Float, means: [Double]?,
    clustering: Clustering? = nil
  ) {
    // A bias has 31 bits; where it would not fit, coarser weights make room.
    let leastScales = bias.map { abs($0) / inputScale / 0x1p30 }
    let quantized = QuantizedWeights(
      weights, shape: shape, axis: axis, leastScales: leastScales, clustering: clustering)
    let errors = means.map { Self.meanErrors(weights, quantized, shape: shape, axis: axis, means: $0) }
    self.weights = quantized
    biasScales = quantized.scales.map { $0 * inputScale }
    self.bias = bias.indices.map { channel in
      let wanted = Double(bias[channel]) - (errors?[channel] ?? 0)
      let value = (wanted / Double(quantized.scales[channel] * inputScale)).rounded()
      return Int32(max(-0x7FFF_FFFF, min(0x7FFF_FFFF, value)))
    }
  }

  /// How much the mean of each result is changed by the errors of the weights.
  private static func meanErrors(
    _ weights: [Float], _ quantized: QuantizedWeights, shape: [Int], axis: Int, means: [Double]
  ) -> [Double] {
    var errors = [Double](repeating: 0, count: shape[axis])
    let inputCount = means.count
    // Depthwise weights have their output channels last; each reads one input channel.
    let multiplier = axis == 3 ? max(1, shape[axis] / max(1, inputCount)) : 1
    var input = 0
    ChannelLayout(shape: shape, axis: axis).forEach { position, channel in
      let error = Double(Float(quantized.values[position]) * quantized.scales[channel] - weights[position])
      errors[channel] += error * means[axis == 3 ? min(channel / multiplier, inputCount - 1) : input]
      input = input + 1 == inputCount ? 0 : input + 1
    }
    return errors
  }

  /// The tensor that holds the bias.
  func biasTensor(name: String) -> TensorDraft {
    TensorDraft(
      name: name, type: .int32, shape: [bias.count], constant: Constant(bytes(of: bias)),
      quantization: Quantization(
        scales: biasScales, zeroPoints: [Int64](repeating: 0, count: biasScales.count), axis: 0))
  }
}
