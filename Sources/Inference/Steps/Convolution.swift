import CKernels
import TFLite

/// CONV_2D in int8: tiles of neighbouring result pixels, each a matrix product through pointers to its input pixels.
///
/// Where pixels have few channels the pixels under each window are copied side by side instead, so that the product
/// has one deep tap and wastes nothing on the ends of shallow ones.
struct Convolution: Step {
  let source: Operand
  let result: Operand
  let window: Window
  let inputByteCount: Int
  let inputChannels: Int
  let outputChannels: Int
  /// One matrix a group of channels.
  let groups: [PackedMatrix]
  /// Channels of an input pixel that one group sees.
  let depth: Int
  let parts: MatrixParts
  /// As many zero points, stored as the input is, as a pixel has channels: what a tap outside the picture reads.
  let outside: AlignedMemory
  let kernels: KernelTable
  let isGathered: Bool

  /// Channels below which pixels are gathered: a group of four products would mostly be padding.
  static let gatheredDepth = 16
  /// What `maskd_gather_taps` may write beyond a row.
  private static let gatherSlack = 16

  private var mr: Int { kernels.pointer.pointee.gemm_s8_shape.mr }
  private var pointerCount: Int { mr * (isGathered ? 1 : window.taps) }
  private var gatheredRowByteCount: Int {
    isGathered ? (window.taps * depth + Self.gatherSlack + 15) / 16 * 16 : 0
  }

  var partCount: Int { groups.count * parts.count }
  /// Pointers, then sums of rows, then gathered pixels.
  var scratchByteCount: Int { pointerCount * MemoryLayout<Int>.stride + mr * 4 + mr * gatheredRowByteCount }

  func run(_ range: Range<Int>, in arena: Arena) {
    for index in range {
      let (group, part) = index.quotientAndRemainder(dividingBy: parts.count)
      multiply(groups[group], firstChannel: group * depth, firstColumn: group * groups[group].columns, part, in: arena)
    }
  }

  private func multiply(
    _ matrix: PackedMatrix, firstChannel: Int, firstColumn: Int, _ part: Int, in arena: Arena
  ) {
    let table = kernels.pointer.pointee
    let (rows, columns) = parts.part(part)
    let pointers = arena.scratch.assumingMemoryBound(to: UnsafeRawPointer?.self)
    let sums = (arena.scratch + pointerCount * MemoryLayout<Int>.stride).assumingMemoryBound(to: Int32.self)
    let input = UnsafeRawPointer(arena.int8(source) + firstChannel)
    if isGathered {
      gather(input, rows, to: UnsafeMutableRawPointer(sums + mr), pointers)
    } else {
      point(pointers, input, rows)
    }
    let taps = isGathered ? 1 : window.taps
    let depth = isGathered ? window.taps * depth : depth
    let operands = UnsafeRawPointer(pointers).assumingMemoryBound(to: UnsafePointer<Int8>?.self)
    if matrix.rowScale != 0 {
      table.row_sums_s8(rows.count, mr, taps, depth, operands, sums)
      for row in 0..<rows.count { sums[row] = sums[row] &* matrix.rowScale }
    }
    var epilogue = matrix.requantization.parameters
    table.gemm_s8(
      rows.count, columns.lowerBound, columns.count, taps, depth, operands, matrix.memory.start,
      matrix.rowScale == 0 ? nil : sums,
      arena.int8(result) + rows.lowerBound * outputChannels + firstColumn + columns.lowerBound, outputChannels,
      &epilogue)
  }

  private func point(
    _ pointers: UnsafeMutablePointer<UnsafeRawPointer?>, _ input: UnsafeRawPointer, _ rows: Range<Int>
  ) {
    if window.isPointwise {
      for row in 0..<rows.count { pointers[row] = input + (rows.lowerBound + row) * inputChannels }
    } else {
      var geometry = window.geometry(pixelByteCount: inputChannels)
      maskd_point_taps(&geometry, input, outside.start, rows.lowerBound, rows.count, mr, pointers)
    }
  }

  private func gather(
    _ input: UnsafeRawPointer, _ rows: Range<Int>, to gathered: UnsafeMutableRawPointer,
    _ pointers: UnsafeMutablePointer<UnsafeRawPointer?>
  ) {
    var geometry = window.geometry(pixelByteCount: inputChannels)
    maskd_gather_taps(
      &geometry, input, input + inputByteCount, outside.start, depth, rows.lowerBound, rows.count,
      gatheredRowByteCount, gathered)
    for row in 0..<rows.count { pointers[row] = UnsafeRawPointer(gathered + row * gatheredRowByteCount) }
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
      chooseForm(of: result)
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
    let source = try asConvolved(source, node)
    let inputChannels = self[source].shape[3]
    let depth = weights.count / (channels * window.taps)
    let groupCount = inputChannels / depth
    let multipliers = try multipliers(layer, productInFloat: multipliersInFloat, node)
    let isGathered = !window.isPointwise && window.taps > 1 && depth < Convolution.gatheredDepth
    var groups: [PackedMatrix] = []
    for group in 0..<groupCount {
      let columns = group * (channels / groupCount)..<(group + 1) * (channels / groupCount)
      let perColumn = window.taps * depth
      let matrix = try PackedMatrix(
        weights: weights[columns.lowerBound * perColumn..<columns.upperBound * perColumn], columns: columns,
        taps: isGathered ? 1 : window.taps, depth: isGathered ? perColumn : depth, layer: layer,
        rescaling: .twice(Array(multipliers[columns])), hasOffset: self[result].hasOffset, table: family.table,
        byteLimit: options.constantByteLimit)
      try countConstant(bytes: matrix.byteCount)
      groups.append(matrix)
    }
    let step = Convolution(
      source: source, result: result, window: window, inputByteCount: self[source].byteCount,
      inputChannels: inputChannels, outputChannels: channels, groups: groups, depth: depth,
      parts: MatrixParts(
        rows: window.outputPixels, columns: channels / groupCount, columnByteCount: window.taps * depth,
        mr: family.table.pointer.pointee.gemm_s8_shape.mr),
      outside: outside(window, count: depth, of: layer.input), kernels: family.table, isGathered: isGathered)
    try emit(step, reading: [source], writing: [result])
  }

  /// What taps outside the picture read: zero points, stored as activations are.
  func outside(_ window: Window, count: Int, of input: Affine) -> AlignedMemory {
    let stored = Int8(truncatingIfNeeded: input.zeroPoint &+ activationOffset)
    return AlignedMemory(copying: [Int8](repeating: stored, count: window.hasPadding ? count : 0))
  }

  /// A picture operand: where its bytes are, what its values mean, and the padding that is left to the reader.
  func picture(
    _ position: Int, of node: Node
  ) throws(CompilationError) -> (source: Operand, meaning: Operand, pad: AbsorbedPad?) {
    let operand = try storedInput(position, of: node)
    try checkFour(operand, position, node)
    let pad = absorbedPads[operand]
    return (pad?.source ?? operand, operand, pad)
  }

  /// An operand of four dimensions.
  mutating func input4D(_ position: Int, of node: Node) throws(CompilationError) -> Operand {
    let operand = try input(position, of: node)
    try checkFour(operand, position, node)
    return operand
  }

  private func checkFour(_ operand: Operand, _ position: Int, _ node: Node) throws(CompilationError) {
    try node.check(
      self[operand].shape.count == 4, "operand \(position) has the shape \(self[operand].shape), four sizes are wanted")
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
