import CKernels
import TFLite

/// DEPTHWISE_CONV_2D in int8 with one result a channel: rows of the result, a few pixels at a time.
struct DepthwiseConvolution: Step {
  let source: Operand
  let result: Operand
  let window: Window
  let channels: Int
  /// Weights less their zero point, int16, tap by tap, each tap padded as the kernel wants.
  let weights: AlignedMemory
  let requantization: Requantization
  /// As many zero points as a pixel has channels.
  let outside: AlignedMemory
  let kernels: KernelTable

  /// Pixels of one call: enough to spread its cost, few enough for their pointers to stay in the first cache.
  static let pixelsPerCall = 8

  var partCount: Int { window.batches * window.outputHeight }
  var scratchByteCount: Int { Self.pixelsPerCall * window.taps * MemoryLayout<Int>.stride }

  func run(_ parts: Range<Int>, in arena: Arena) {
    let kernel = kernels.pointer.pointee.depthwise_s8
    let input = UnsafePointer(arena.int8(source))
    let zeros = UnsafePointer(outside.elements(as: Int8.self))
    let pointers = arena.scratch.assumingMemoryBound(to: UnsafePointer<Int8>?.self)
    var requantization = requantization.parameters
    for part in parts {
      let row = arena.int8(result) + part * window.outputWidth * channels
      for first in stride(from: 0, to: window.outputWidth, by: Self.pixelsPerCall) {
        let pixels = min(Self.pixelsPerCall, window.outputWidth - first)
        window.point(pointers, input, outside: zeros, channels: channels, row: part, columns: first..<first + pixels)
        kernel?(
          pixels, channels, window.taps, pointers, weights.elements(as: Int16.self), row + first * channels, channels,
          &requantization)
      }
    }
  }
}

extension Compiler {
  mutating func compileDepthwiseConvolution(_ node: Node) throws(CompilationError) {
    guard case .depthwiseConvolution(let options) = node.options else {
      throw node.mismatch("its settings are missing")
    }
    let settings = options.convolution
    let (source, input, pad) = try picture(0, of: node)
    let weights = try input4D(1, of: node)
    let bias = try optionalInput(2, of: node)
    let shape = self[weights].shape
    let inputChannels = self[input].shape[3]
    try node.check(
      shape[0] == 1 && shape[3] > 0 && shape[3] % inputChannels == 0,
      "weights of shape \(shape) do not fit a picture of \(inputChannels) channels")
    let window = try Window(
      input: self[source].shape, height: shape[1], width: shape[2], options: settings, absorbed: pad, node)
    try countWork(window.outputPixels, window.taps, shape[3])
    let output = [window.batches, window.outputHeight, window.outputWidth, shape[3]]
    switch (self[input].type, self[weights].type) {
    case (.int8, .int8):
      try node.checkType(self[input].isTwin == self[weights].isTwin, "input and weights are of different types")
      let result = try define(of: node, type: .int8, shape: output, like: input)
      let layer = try quantizedLayer(
        input: input, weights: weights, bias: bias, result: result, channels: shape[3], activation: settings.activation,
        node)
      let values = try constantWeights(weights, node)
      if inputChannels == 1 {
        try emitConvolution(
          source: source, result: result, window: window,
          weights: channelsFirst(values, taps: window.taps, channels: shape[3]), layer: layer,
          multipliersInFloat: layer.isLegacy, node)
      } else {
        let repeated = try repeatChannels(of: source, times: shape[3] / inputChannels, node)
        try emitDepthwise(source: repeated, result: result, window: window, weights: values, layer: layer, node)
      }
    case (.float32, .float32):
      let result = try define(of: node, type: .float32, shape: output)
      let repeated = try repeatChannels(of: source, times: shape[3] / inputChannels, node)
      try emitFloatDepthwise(
        source: repeated, result: result, window: window, weights: weights, bias: bias, activation: settings.activation,
        node)
    case (.int16, .int8):
      let repeated = try repeatChannels(of: source, times: shape[3] / inputChannels, node)
      try emitInt16Depthwise(
        source: repeated, input: input, window: window, weights: weights, bias: bias, activation: settings.activation,
        node)
    default: throw node.unsupported(mixedTypes(input, weights))
    }
  }

  private mutating func emitDepthwise(
    source: Operand, result: Operand, window: Window, weights: [Int8], layer: QuantizedLayer, _ node: Node
  ) throws(CompilationError) {
    let channels = layer.weightScales.count
    let padded = Requantization.padded(channels)
    try countConstant(bytes: window.taps * padded * 2)
    let packed = AlignedMemory(byteCount: window.taps * padded * 2)
    let elements = packed.elements(as: Int16.self)
    var bias = layer.bias
    for tap in 0..<window.taps {
      for channel in 0..<channels {
        let weight = Int32(weights[tap * channels + channel]) - layer.weightZeroPoint
        elements[tap * padded + channel] = Int16(weight)
        bias[channel] = bias[channel] &- layer.input.zeroPoint &* weight
      }
    }
    let requantization = Requantization(
      bias: bias, rescaling: .twice(try multipliers(layer, productInFloat: layer.isLegacy, node)),
      zeroPoint: layer.result.zeroPoint, range: layer.range)
    try countConstant(bytes: requantization.byteCount)
    let outside = [Int8](repeating: Int8(layer.input.zeroPoint), count: window.hasPadding ? channels : 0)
    let step = DepthwiseConvolution(
      source: source, result: result, window: window, channels: channels, weights: packed,
      requantization: requantization, outside: AlignedMemory(copying: outside), kernels: family.table)
    try emit(step, reading: [source], writing: [result])
  }

  /// Weights [tap][channel] as [channel][tap].
  private func channelsFirst(_ weights: [Int8], taps: Int, channels: Int) -> [Int8] {
    var result = weights
    for tap in 0..<taps {
      for channel in 0..<channels { result[channel * taps + tap] = weights[tap * channels + channel] }
    }
    return result
  }

  /// The picture with each channel repeated: what a depthwise convolution with several results a channel reads.
  private mutating func repeatChannels(of source: Operand, times: Int, _ node: Node) throws(CompilationError) -> Operand
  {
    guard times > 1 else { return source }
    let value = self[source]
    let size = value.type.byteCount ?? 1
    var repeated = value
    repeated.storage = nil
    repeated.constant = nil
    repeated.shape[3] *= times
    let result = try makeValue(repeated, node)
    let pixels = value.elementCount
    let walk = Rearrangement(
      elementByteCount: size,
      axes: [
        .init(count: pixels, sourceStride: size, resultStride: size * times),
        .init(count: times, sourceStride: 0, resultStride: size),
      ])
    try emit(Rearrange(source: source, result: result, walk: walk), reading: [source], writing: [result])
    return result
  }
}
