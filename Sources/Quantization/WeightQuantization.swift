import TFLite

/// Weights as int8 with a scale for each output channel and zero point 0: -127…127, never -128.
struct QuantizedWeights {
  let values: [Int8]
  let scales: [Float]

  /// Quantizes weights of a shape along its dimension `axis`.
  init(_ weights: [Float], shape: [Int], axis: Int) {
    let channelCount = shape[axis]
    let inner = shape[(axis + 1)...].reduce(1, *)
    var largest = [Float](repeating: 0, count: channelCount)
    for (position, weight) in weights.enumerated() {
      let channel = position / inner % channelCount
      largest[channel] = max(largest[channel], abs(weight))
    }
    // A channel of zeros needs some scale all the same.
    let scales = largest.map { $0 > 0 && ($0 / 127).isNormal ? $0 / 127 : 1 }
    self.scales = scales
    values = weights.enumerated().map { position, weight in
      Int8(max(-127, min(127, (weight / scales[position / inner % channelCount]).rounded())))
    }
  }

  /// The tensor that holds them.
  func tensor(name: String, shape: [Int], axis: Int) -> TensorDraft {
    TensorDraft(
      name: name, type: .int8, shape: shape, constant: Constant(bytes(of: values)),
      quantization: Quantization(
        scales: scales, zeroPoints: [Int64](repeating: 0, count: scales.count), axis: scales.count > 1 ? axis : 0))
  }
}
