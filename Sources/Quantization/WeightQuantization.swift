import TFLite

/// Weights as int8 with a scale for each output channel and zero point 0: -127…127, never -128.
struct QuantizedWeights {
  let values: [Int8]
  let scales: [Float]

  /// Quantizes weights of a shape along its dimension `axis`, with scales no smaller than those given, to as few values
  /// as `clustering` asks for.
  init(_ weights: [Float], shape: [Int], axis: Int, leastScales: [Float] = [], clustering: Clustering? = nil) {
    let layout = ChannelLayout(shape: shape, axis: axis)
    var largest = [Float](repeating: 0, count: layout.channelCount)
    layout.forEach { position, channel in largest[channel] = max(largest[channel], abs(weights[position])) }
    // A channel of zeros needs some scale all the same.
    var scales = largest.map { $0 > 0 && ($0 / 127).isNormal ? $0 / 127 : 1 }
    for (channel, least) in leastScales.enumerated() { scales[channel] = max(scales[channel], least) }
    var values = [Int8](repeating: 0, count: weights.count)
    layout.forEach { position, channel in
      values[position] = Int8(max(-127, min(127, (weights[position] / scales[channel]).rounded())))
    }
    clustering?.cluster(&values, scales: scales, layout: layout)
    self.values = values
    self.scales = scales
  }

  /// The tensor that holds them.
  func tensor(name: String, shape: [Int], axis: Int) -> TensorDraft {
    TensorDraft(
      name: name, type: .int8, shape: shape, constant: Constant(bytes(of: values)),
      quantization: Quantization(
        scales: scales, zeroPoints: [Int64](repeating: 0, count: scales.count), axis: scales.count > 1 ? axis : 0))
  }
}

/// Which elements of a tensor belong to which index along one of its dimensions.
struct ChannelLayout {
  let channelCount: Int
  private let outer: Int
  private let inner: Int

  init(shape: [Int], axis: Int) {
    channelCount = shape[axis]
    outer = shape[..<axis].reduce(1, *)
    inner = shape[(axis + 1)...].reduce(1, *)
  }

  /// Calls `body` with each element's position, in order, and its channel.
  @inline(__always)
  func forEach(_ body: (_ position: Int, _ channel: Int) -> Void) {
    var position = 0
    for _ in 0..<outer {
      for channel in 0..<channelCount {
        for _ in 0..<inner {
          body(position, channel)
          position &+= 1
        }
      }
    }
  }
}
