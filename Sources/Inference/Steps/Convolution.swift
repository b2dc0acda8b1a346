import CKernels
import TFLite

/// CONV_2D in int8, one group of its channels: tiles of neighbouring result pixels, each a matrix product through
/// pointers to its input pixels.
struct Convolution: Step {
  /// What the matrix product takes for one tap.
  enum Tap: Sendable {
    /// One pixel under the window.
    case pixel
    /// A row of pixels under the window: they stand side by side, and few channels make one deep tap together.
    case row
  }

  let source: Operand
  var result: Operand
  let window: Window
  let tap: Tap
  let inputChannels: Int
  let outputChannels: Int
  /// The first channel of the input, and of the result, that this group sees.
  let firstInput: Int
  let firstOutput: Int
  let matrix: PackedMatrix
  let parts: MatrixParts
  /// Zero points, stored as the input is, as long as a tap: what a tap outside the picture reads.
  let outside: AlignedMemory
  let kernels: KernelTable
  /// What is added to each tile while it is in the first cache: then `result` is that of the sum.
  var sum: TileSum?

  /// Channels below which a tap is a row: the ends of shallow taps would waste products.
  static let rowTapChannels = 64

  /// Whether it computes all channels of its result.
  var isWhole: Bool { matrix.columns == outputChannels }

  private var mr: Int { kernels.pointer.pointee.gemm_s8_shape.mr }
  private var pointerByteCount: Int { mr * matrix.taps * MemoryLayout<Int>.stride }
  /// Kernels read row taps in whole groups of products, up to `Arena.slack` bytes too far.
  private var patchByteCount: Int { tap == .row ? (matrix.depth + Arena.slack) / 16 * 16 : 0 }

  var partCount: Int { parts.count }
  /// Pointers, then sums of rows, then rows that leave the picture.
  private var operandByteCount: Int {
    Arena.aligned(pointerByteCount + mr * 4 + (window.hasPadding ? mr * matrix.taps * patchByteCount : 0))
  }
  /// What finds the operands, then a tile before its sum.
  var scratchByteCount: Int { operandByteCount + (sum == nil ? 0 : mr * parts.panelColumns) }

  /// Each part of a sum reads what it adds before it writes there.
  var overwritable: [Operand] { sum.map { $0.isOverwritable ? [$0.other] : [] } ?? [] }

  func run(_ range: Range<Int>, in arena: Arena) {
    let input = UnsafeRawPointer(arena.int8(source) + firstInput)
    var work = begin(arena.scratch)
    for index in range {
      let (pixels, columns) = parts.part(index)
      compute(pixels, columns, of: input, in: arena, &work)
    }
  }

  /// Calls `body` with the pixels and columns of each tile of neighbouring pixels.
  @inline(__always)
  func forTiles(of pixels: Range<Int>, _ body: (Range<Int>, Range<Int>) -> Void) {
    parts.forTiles(of: pixels, mr: mr, body)
  }

  /// What a thread needs while it computes tiles.
  struct Work {
    fileprivate let pointers: UnsafeMutablePointer<UnsafeRawPointer?>
    fileprivate let rowSums: UnsafeMutablePointer<Int32>
    fileprivate let patches: UnsafeMutableRawPointer
    fileprivate let tile: UnsafeMutablePointer<Int8>
    fileprivate var geometry: maskd_window
    fileprivate var epilogue: maskd_epilogue
  }

  /// Begins with that much scratch as `scratchByteCount` says.
  func begin(_ scratch: UnsafeMutableRawPointer) -> Work {
    Work(
      pointers: scratch.assumingMemoryBound(to: UnsafeRawPointer?.self),
      rowSums: (scratch + pointerByteCount).assumingMemoryBound(to: Int32.self),
      patches: scratch + pointerByteCount + mr * 4,
      tile: (scratch + operandByteCount).assumingMemoryBound(to: Int8.self),
      geometry: window.geometry(pixelByteCount: inputChannels), epilogue: matrix.requantization.parameters)
  }

  /// Computes a tile of the result, `mr` pixels at most, with its sum.
  ///
  /// `input` is the picture; for a pointwise convolution it may begin at any pixel, `first`.
  @inline(__always)
  func compute(
    _ pixels: Range<Int>, _ columns: Range<Int>, of input: UnsafeRawPointer, from first: Int = 0, in arena: Arena,
    _ work: inout Work
  ) {
    let place = pixels.lowerBound * outputChannels + columns.lowerBound
    let target = arena.int8(result) + firstOutput + place
    let rows = pixels.lowerBound - first..<pixels.upperBound - first
    guard let sum else { return multiply(rows, columns, of: input, to: target, stride: outputChannels, &work) }
    multiply(rows, columns, of: input, to: work.tile, stride: columns.count, &work)
    sum.add(
      work.tile, to: arena.int8(sum.other) + place, result: target, rows: rows.count, columns: columns.count,
      stride: outputChannels)
  }

  /// Computes neighbouring pixels of the result, `mr` at most, to where the first of these columns of the first of them
  /// goes; `stride` leads from a pixel to the next.
  @inline(__always)
  func multiply(
    _ pixels: Range<Int>, _ columns: Range<Int>, of input: UnsafeRawPointer, to target: UnsafeMutablePointer<Int8>,
    stride: Int, _ work: inout Work
  ) {
    let table = kernels.pointer
    let (first, count) = (pixels.lowerBound, pixels.count)
    switch tap {
    case .pixel where window.isPointwise:
      for row in 0..<count { work.pointers[row] = input + (first + row) * inputChannels }
    case .pixel:
      maskd_point_taps(&work.geometry, input, outside.start, first, count, mr, work.pointers)
    case .row:
      maskd_point_rows(
        &work.geometry, input, outside.start, first, count, mr, work.pointers, work.patches, patchByteCount)
    }
    let operands = UnsafeRawPointer(work.pointers).assumingMemoryBound(to: UnsafePointer<Int8>?.self)
    if matrix.rowScale != 0 {
      table.pointee.row_sums_s8(count, mr, matrix.taps, matrix.depth, operands, work.rowSums)
      for row in 0..<count { work.rowSums[row] = work.rowSums[row] &* matrix.rowScale }
    }
    table.pointee.gemm_s8(
      count, columns.lowerBound, columns.count, matrix.taps, matrix.readDepth, operands, matrix.memory.start,
      matrix.rowScale == 0 ? nil : work.rowSums, target, stride, &work.epilogue)
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
        source: source, result: result, window: window, weights: try weightsToPack(weights, node), depth: shape[3],
        layer: layer, multipliersInFloat: layer.isLegacy, node)
    case (.float32, .float32):
      let result = try define(of: node, type: .float32, shape: output)
      try emitFloatConvolution(
        source: source, result: result, window: window, weights: weights, bias: bias, activation: settings.activation,
        node)
    case (.float32, .int8):
      let result = try define(of: node, type: .float32, shape: output)
      try emitDynamicConvolution(
        source: source, result: result, window: window, weights: weights, bias: bias, activation: settings.activation,
        node)
    case (.int16, .int8):
      try emitInt16Convolution(
        source: source, input: input, window: window, weights: weights, bias: bias, activation: settings.activation,
        node)
    default: throw node.unsupported(mixedTypes(input, weights))
    }
  }

  /// Packs weights [result channel][tap][depth], where they are not packed already, and appends the step.
  mutating func emitConvolution(
    source: Operand, result: Operand, window: Window, weights: WeightSource?, depth: Int, layer: QuantizedLayer,
    multipliersInFloat: Bool, _ node: Node
  ) throws(CompilationError) {
    let channels = layer.weightScales.count
    let source = try asConvolved(source, node)
    let inputChannels = self[source].shape[3]
    let groupCount = inputChannels / depth
    let unpacked = try weights.map { weights throws(CompilationError) in
      UnpackedMatrix(
        weights: weights, bias: try biases(of: layer, node),
        rescaling: .twice(try multipliers(layer, productInFloat: multipliersInFloat, node)))
    }
    // A window of one row of pixels gains nothing.
    let isRowTap =
      groupCount == 1 && window.width > 1 && window.dilationWidth == 1 && depth < Convolution.rowTapChannels
    let (taps, tapDepth) = isRowTap ? (window.height, window.width * depth) : (window.taps, depth)
    for group in 0..<groupCount {
      let columns = group * (channels / groupCount)..<(group + 1) * (channels / groupCount)
      let matrix = try PackedMatrix(
        unpacked, rows: window.outputPixels, columns: columns, taps: taps, depth: tapDepth, layer: layer,
        rounding: MASKD_ROUND_TWICE, hasOffset: self[result].hasOffset, table: family.table,
        byteLimit: options.constantByteLimit, packed: &packed)
      try countConstant(bytes: matrix.byteCount)
      let step = Convolution(
        source: source, result: result, window: window, tap: isRowTap ? .row : .pixel, inputChannels: inputChannels,
        outputChannels: channels, firstInput: group * depth, firstOutput: columns.lowerBound,
        matrix: isRowTap ? matrix.readingWholeGroups(family.table) : matrix,
        parts: MatrixParts(
          rows: window.outputPixels, columns: columns.count, columnByteCount: window.taps * depth,
          mr: family.table.pointer.pointee.gemm_s8_shape.mr, threads: options.threadCount),
        outside: outside(window, count: tapDepth + Arena.slack, of: layer.input), kernels: family.table)
      try emit(step, reading: [source], writing: [result])
    }
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
    "an input of \(self[input].type) with weights of \(self[weights].type) is not computed here"
  }
}
