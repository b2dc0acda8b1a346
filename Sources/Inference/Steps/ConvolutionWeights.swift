import CKernels
import FixedPoint
import TFLite

/// What int8 convolutions and matrix products share: the scales and biases of their weights.
struct QuantizedLayer {
  let input: Affine
  let result: Affine
  /// One scale a result channel.
  let weightScales: [Float]
  /// The same for all channels: the kernels take no other.
  let weightZeroPoint: Int32
  let isPerChannel: Bool
  /// One int32 a result channel; nil where all are zero.
  let bias: Operand?
  /// Whether the tensors are legacy uint8.
  let isLegacy: Bool
  let range: ClosedRange<Int32>
}

extension Compiler {
  /// Reads scales and zero points of a layer with `channels` results, and checks that its bias can be read.
  func quantizedLayer(
    input: Operand, weights: Operand, bias: Operand?, result: Operand, channels: Int, activation: Activation,
    _ node: Node
  ) throws(CompilationError) -> QuantizedLayer {
    let value = self[weights]
    guard let quantization = value.quantization, [1, channels].contains(quantization.scales.count) else {
      throw node.unsupported("the weights must have one scale, or one for each of the \(channels) results")
    }
    guard quantization.scales.allSatisfy({ $0.isFinite && $0 >= 0 }) else {
      throw node.unsupported("a scale of the weights is negative or not finite")
    }
    guard let zeroPoint = quantization.commonZeroPoint, let weightZeroPoint = Int8(exactly: zeroPoint) else {
      throw node.unsupported("the zero points of the weights differ from channel to channel, or are out of range")
    }
    let affine = try affine(of: result, node)
    return QuantizedLayer(
      input: try self.affine(of: input, node), result: affine,
      weightScales: quantization.scales.count == channels
        ? quantization.scales : [Float](repeating: quantization.scales[0], count: channels),
      weightZeroPoint: Int32(weightZeroPoint), isPerChannel: quantization.isPerAxis,
      bias: try checkedBias(bias, channels: channels, node), isLegacy: value.isTwin,
      range: try activationRange(activation, of: affine, node))
  }

  private func checkedBias(_ bias: Operand?, channels: Int, _ node: Node) throws(CompilationError) -> Operand? {
    guard let bias else { return nil }
    try node.checkType(self[bias].type == .int32, "the bias is of \(self[bias].type) where int32 is wanted")
    try node.checkType(
      self[bias].constant != nil, "the bias is computed while the model runs; it must be constant here")
    let count = self[bias].elementCount
    try node.check(count == channels, "the bias has \(count) values for \(channels) results")
    return bias
  }

  /// Reads the bias of a layer. A cache has it in what it keeps of the layer.
  func biases(of layer: QuantizedLayer, _ node: Node) throws(CompilationError) -> [Int32] {
    let bias = try layer.bias.map { bias throws(CompilationError) in
      try constantElements(of: bias, as: Int32.self, node)
    }
    return (bias ?? nil) ?? [Int32](repeating: 0, count: layer.weightScales.count)
  }

  /// One multiplier a result channel.
  ///
  /// `productInFloat` says that the reference multiplies the input's and the weights' scale in float32.
  func multipliers(
    _ layer: QuantizedLayer, productInFloat: Bool, _ node: Node
  ) throws(CompilationError) -> [FixedPointMultiplier] {
    var result: [FixedPointMultiplier] = []
    result.reserveCapacity(layer.weightScales.count)
    for scale in layer.weightScales {
      let product = productInFloat ? Double(layer.input.scale * scale) : Double(layer.input.scale) * Double(scale)
      result.append(try multiplier(product / Double(layer.result.scale), node))
    }
    return result
  }

  /// One real factor a result channel, for what the reference scales without fixed point.
  func realMultipliers(_ layer: QuantizedLayer, _ node: Node) throws(CompilationError) -> [RealMultiplier] {
    var result: [RealMultiplier] = []
    result.reserveCapacity(layer.weightScales.count)
    for scale in layer.weightScales {
      let multiplier = RealMultiplier(
        inputScale: layer.input.scale, weightScale: scale, outputScale: layer.result.scale)
      guard multiplier.real.isFinite else {
        throw node.unsupported("the scales of its operands make the factor \(multiplier.real)")
      }
      result.append(multiplier)
    }
    return result
  }
}
