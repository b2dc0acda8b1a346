import CKernels
import TFLite

/// CONV_2D and FULLY_CONNECTED of int16 activations and int8 weights.
struct Int16Convolution: Step {
  let source: Operand
  let result: Operand
  let window: Window
  let inputChannels: Int
  let outputChannels: Int
  let groupCount: Int
  /// Weights [result channel][tap][depth], widened to the type of the activations.
  let weights: AlignedMemory
  let requantization: SumRequantization
  /// As many zeros as a pixel of one group has channels.
  let outside: AlignedMemory

  /// Result pixels that share one pass over the weights.
  private static let tile = 8
  /// Products of int16 and int8 whose sum fits 32 bits.
  static let block = 256

  private var columns: Int { outputChannels / groupCount }
  private var depth: Int { inputChannels / groupCount }
  var partCount: Int { (window.outputPixels + Self.tile - 1) / Self.tile }
  /// The pointers of a tile, then its sums.
  var scratchByteCount: Int { Self.tile * (window.taps + columns) * 8 }

  func run(_ parts: Range<Int>, in arena: Arena) {
    let input = UnsafePointer(arena.elements(source, as: Int16.self))
    let output = arena.elements(result, as: Int16.self)
    let zeros = UnsafePointer(outside.elements(as: Int16.self))
    let pointers = arena.scratch.assumingMemoryBound(to: UnsafePointer<Int16>?.self)
    let sums = (arena.scratch + Self.tile * window.taps * 8).assumingMemoryBound(to: Int64.self)
    for part in parts {
      let first = part * Self.tile
      let rows = min(Self.tile, window.outputPixels - first)
      for group in 0..<groupCount {
        window.point(
          pointers, input + group * depth, outside: zeros, channels: inputChannels, first: first, rows: rows,
          mr: Self.tile)
        maskd_sums_s16(
          rows, Self.tile, columns, window.taps, depth, pointers,
          weights.elements(as: Int16.self) + group * columns * window.taps * depth, Self.block, sums)
        for row in 0..<rows {
          requantization.write(
            sums + row * columns, to: output + (first + row) * outputChannels + group * columns,
            first: group * columns, count: columns)
        }
      }
    }
  }
}

/// DEPTHWISE_CONV_2D of int16 activations and int8 weights, with one result a channel.
struct Int16DepthwiseConvolution: Step {
  let source: Operand
  let result: Operand
  let window: Window
  let channels: Int
  /// Weights [tap][channel], widened.
  let weights: AlignedMemory
  let requantization: SumRequantization
  let outside: AlignedMemory

  var partCount: Int { window.batches * window.outputHeight }
  /// The pointers of a window, then the sums of its channels.
  var scratchByteCount: Int { (window.taps + channels) * 8 }

  func run(_ parts: Range<Int>, in arena: Arena) {
    let input = UnsafePointer(arena.elements(source, as: Int16.self))
    let zeros = UnsafePointer(outside.elements(as: Int16.self))
    let pointers = arena.scratch.assumingMemoryBound(to: UnsafePointer<Int16>?.self)
    let sums = (arena.scratch + window.taps * 8).assumingMemoryBound(to: Int64.self)
    for part in parts {
      let row = arena.elements(result, as: Int16.self) + part * window.outputWidth * channels
      for x in 0..<window.outputWidth {
        window.point(pointers, input, outside: zeros, channels: channels, row: part, columns: x..<x + 1)
        maskd_depthwise_sums_s16(
          channels, window.taps, pointers, weights.elements(as: Int16.self), Int16Convolution.block, sums)
        requantization.write(sums, to: row + x * channels, first: 0, count: channels)
      }
    }
  }
}

extension Compiler {
  /// CONV_2D. `shape` is the weights', [result channel, height, width, depth].
  mutating func emitInt16Convolution(
    source: Operand, input: Operand, window: Window, weights: Operand, bias: Operand?, activation: Activation,
    _ node: Node
  ) throws(CompilationError) {
    let channels = self[weights].shape[0]
    let output = [window.batches, window.outputHeight, window.outputWidth, channels]
    let result = try define(of: node, type: .int16, shape: output)
    let layer = try int16Layer(
      input: input, weights: weights, bias: bias, result: result, channels: channels, activation: activation,
      isProduct: false, node)
    try emitInt16Product(source: source, result: result, window: window, weights: weights, layer: layer, node)
  }

  /// FULLY_CONNECTED: each of `rows` is a pixel.
  mutating func emitInt16FullyConnected(
    source: Operand, rows: Int, output: [Int], weights: Operand, bias: Operand?, activation: Activation, _ node: Node
  ) throws(CompilationError) {
    let result = try define(of: node, type: .int16, shape: output)
    let layer = try int16Layer(
      input: source, weights: weights, bias: bias, result: result, channels: self[weights].shape[0],
      activation: activation, isProduct: true, node)
    try emitInt16Product(
      source: source, result: result, window: Window(rows: rows), weights: weights, layer: layer, node)
  }

  private mutating func emitInt16Product(
    source: Operand, result: Operand, window: Window, weights: Operand, layer: SumRequantization, _ node: Node
  ) throws(CompilationError) {
    let (columns, depth) = (self[weights].shape[0], self[weights].shape.last ?? 1)
    // A matrix product has rows of `depth` in whatever shape the operand is.
    let inputChannels = self[weights].shape.count == 2 ? depth : self[source].shape[3]
    let packed = try widenedWeights(weights, node)
    let step = Int16Convolution(
      source: source, result: result, window: window, inputChannels: inputChannels, outputChannels: columns,
      groupCount: inputChannels / depth, weights: packed, requantization: layer,
      outside: AlignedMemory(byteCount: depth * 2))
    try emit(step, reading: [source], writing: [result])
  }

  /// DEPTHWISE_CONV_2D; `source` has its channels repeated already.
  mutating func emitInt16Depthwise(
    source: Operand, input: Operand, window: Window, weights: Operand, bias: Operand?, activation: Activation,
    _ node: Node
  ) throws(CompilationError) {
    let channels = self[weights].shape[3]
    try node.checkType(
      bias.map { self[$0].type != .int32 } ?? true, "the bias of a depthwise convolution of int16 must be int64")
    let output = [window.batches, window.outputHeight, window.outputWidth, channels]
    let result = try define(of: node, type: .int16, shape: output)
    let layer = try int16Layer(
      input: input, weights: weights, bias: bias, result: result, channels: channels, activation: activation,
      isProduct: false, node)
    let step = Int16DepthwiseConvolution(
      source: source, result: result, window: window, channels: channels, weights: try widenedWeights(weights, node),
      requantization: layer, outside: AlignedMemory(byteCount: channels * 2))
    try emit(step, reading: [source], writing: [result])
  }

  /// Constant int8 weights as int16, in their own order.
  mutating func widenedWeights(_ weights: Operand, _ node: Node) throws(CompilationError) -> AlignedMemory {
    let values = try constantWeights(weights, node)
    try countConstant(bytes: values.count * 2)
    return AlignedMemory(copying: values.map(Int16.init))
  }
}
