import CKernels
import TFLite

/// CONV_2D in int8: tiles of neighbouring result pixels, each a matrix product through pointers to its input pixels.
struct Convolution: Step {
  let source: Operand
  let result: Operand
  let window: Window
  let inputChannels: Int
  let outputChannels: Int
  /// One matrix a group of channels.
  let groups: [PackedMatrix]
  /// As many zero points as a pixel has channels: what a tap outside the picture reads.
  let outside: AlignedMemory
  let kernels: KernelTable

  private var tile: Int { kernels.pointer.pointee.gemm_s8_shape.mr }
  var partCount: Int { (window.outputPixels + tile - 1) / tile }
  /// The pointers of a tile, then the sums of its rows.
  var scratchByteCount: Int { tile * window.taps * MemoryLayout<Int>.stride + tile * 4 }

  func run(_ parts: Range<Int>, in arena: Arena) {
    let table = kernels.pointer.pointee
    let mr = table.gemm_s8_shape.mr
    let input = UnsafePointer(arena.int8(source))
    let zeros = UnsafePointer(outside.elements(as: Int8.self))
    let output = arena.int8(result)
    let pointers = arena.scratch.assumingMemoryBound(to: UnsafePointer<Int8>?.self)
    let sums = (arena.scratch + mr * window.taps * MemoryLayout<Int>.stride).assumingMemoryBound(to: Int32.self)
    for part in parts {
      let first = part * mr
      let rows = min(mr, window.outputPixels - first)
      for index in groups.indices {
        let group = groups[index]
        window.point(
          pointers, input + index * group.depth, outside: zeros, channels: inputChannels, first: first, rows: rows,
          mr: mr)
        if group.rowScale != 0 {
          table.row_sums_s8(rows, mr, window.taps, group.depth, pointers, sums)
          for row in 0..<rows { sums[row] = sums[row] &* group.rowScale }
        }
        var requantization = group.requantization.parameters
        table.gemm_s8(
          rows, group.columns, window.taps, group.depth, pointers, group.memory.start,
          group.rowScale == 0 ? nil : sums, output + first * outputChannels + index * group.columns, outputChannels,
          &requantization)
      }
    }
  }
}

extension Compiler {
  mutating func compileConvolution(_ node: Node) throws(CompilationError) {
    guard case .convolution(let settings) = node.options else { throw node.mismatch("its settings are missing") }
    let (source, input, pad) = try picture(0, of: node)
    let weights = try input4D(1, of: node)
    let bias = try optionalInput(2, of: node)
    let shape = self[weights].shape
    let channels = self[input].shape[3]
    try node.check(
      shape[3] > 0 && channels % shape[3] == 0 && shape[0] % (channels / shape[3]) == 0,
      "weights of shape \(shape) do not fit a picture of \(channels) channels")
    let window = try Window(
      input: self[source].shape, height: shape[1], width: shape[2], options: settings, absorbed: pad, node)
    try countWork(window.outputPixels, window.taps, shape[3], shape[0])
    let output = [window.batches, window.outputHeight, window.outputWidth, shape[0]]
    switch (self[input].type, self[weights].type) {
    case (.int8, .int8):
      try node.checkType(self[input].isTwin == self[weights].isTwin, "input and weights are of different types")
      let result = try define(of: node, type: .int8, shape: output, like: input)
      let layer = try quantizedLayer(
        input: input, weights: weights, bias: bias, result: result, channels: shape[0], activation: settings.activation,
        node)
      try emitConvolution(
        source: source, result: result, window: window, weights: try constantWeights(weights, node), layer: layer,
        multipliersInFloat: layer.isLegacy, node)
    case (.float32, .float32):
      let result = try define(of: node, type: .float32, shape: output)
      try emitFloatConvolution(
        source: source, result: result, window: window, weights: weights, bias: bias, activation: settings.activation,
        node)
    case (.int16, .int8):
      try emitInt16Convolution(
        source: source, input: input, window: window, weights: weights, bias: bias, activation: settings.activation,
        node)
    default: throw node.unsupported(mixedTypes(input, weights))
    }
  }

  /// Packs weights [result channel][tap][depth] and appends the step.
  mutating func emitConvolution(
    source: Operand, result: Operand, window: Window, weights: [Int8], layer: QuantizedLayer, multipliersInFloat: Bool,
    _ node: Node
  ) throws(CompilationError) {
    let channels = layer.weightScales.count
    let inputChannels = self[source].shape[3]
    let depth = weights.count / (channels * window.taps)
    let groupCount = inputChannels / depth
    let multipliers = try multipliers(layer, productInFloat: multipliersInFloat, node)
    var groups: [PackedMatrix] = []
    for group in 0..<groupCount {
      let columns = group * (channels / groupCount)..<(group + 1) * (channels / groupCount)
      let perColumn = window.taps * depth
      let matrix = try PackedMatrix(
        weights: weights[columns.lowerBound * perColumn..<columns.upperBound * perColumn], columns: columns,
        taps: window.taps, depth: depth, layer: layer, rescaling: .twice(Array(multipliers[columns])),
        table: family.table, byteLimit: options.constantByteLimit)
      try countConstant(bytes: matrix.byteCount)
      groups.append(matrix)
    }
    let outside = [Int8](repeating: Int8(layer.input.zeroPoint), count: window.hasPadding ? depth : 0)
    let step = Convolution(
      source: source, result: result, window: window, inputChannels: inputChannels, outputChannels: channels,
      groups: groups, outside: AlignedMemory(copying: outside), kernels: family.table)
    try emit(step, reading: [source], writing: [result])
  }

  /// A picture operand: where its bytes are, what its values mean, and the padding that is left to the reader.
  func picture(
    _ position: Int, of node: Node
  ) throws(CompilationError) -> (source: Operand, meaning: Operand, pad: AbsorbedPad?) {
    let operand = try input4D(position, of: node)
    let pad = absorbedPads[operand]
    return (pad?.source ?? operand, operand, pad)
  }

  /// An operand of four dimensions.
  func input4D(_ position: Int, of node: Node) throws(CompilationError) -> Operand {
    let operand = try input(position, of: node)
    try node.check(
      self[operand].shape.count == 4, "operand \(position) has the shape \(self[operand].shape), four sizes are wanted")
    return operand
  }

  /// The values of constant int8 weights (twins of uint8 ones).
  func constantWeights(_ weights: Operand, _ node: Node) throws(CompilationError) -> [Int8] {
    guard let elements = try constantElements(of: weights, as: Int8.self, node) else {
      throw node.unsupported("the weights are computed while the model runs; they must be constant here")
    }
    return elements
  }

  /// Says which forms of arithmetic are not computed.
  func mixedTypes(_ input: Operand, _ weights: Operand) -> String {
    switch (self[input].type, self[weights].type) {
    case (.float32, .int8): "dynamic range (float32 input, int8 weights) is not computed here; quantize the model fully"
    case (let input, let weights): "an input of \(input) with weights of \(weights) is not computed here"
    }
  }
}
