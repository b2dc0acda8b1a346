import CKernels
import TFLite

/// CONV_2D and FULLY_CONNECTED on float activations with int8 weights: as `Convolution`, on activations that were
/// quantized a moment before, or that it quantizes for each tile of rows.
struct DynamicConvolution: Step {
  let source: DynamicSource
  var result: Operand
  /// Of one batch.
  let window: Window
  let batches: Int
  let inputChannels: Int
  let outputChannels: Int
  /// One matrix a group of channels.
  let groups: [DynamicWeights]
  let tap: Convolution.Tap
  let taps: Int
  /// Values of a tap, and as many as the kernel is told of (`PackedMatrix.readDepth`).
  let depth: Int
  let readDepth: Int
  /// Of one batch and group.
  let parts: MatrixParts
  var fused: FusedArithmetic?
  /// Where the range of the results goes, if somebody wants it.
  var range: RangeSink?
  let kernels: KernelTable

  private var mr: Int { kernels.pointer.pointee.gemm_s8_shape.mr }
  fileprivate var pointerByteCount: Int { Arena.aligned(mr * taps * MemoryLayout<Int>.stride) }
  fileprivate var outsideByteCount: Int { Arena.aligned(depth + Arena.slack) }
  fileprivate var factorByteCount: Int { Arena.aligned(groups[0].scratchByteCount) }
  /// A tile of rows that the step quantizes itself, behind which rows of it are there.
  fileprivate var quantizedByteCount: Int {
    guard case .floats = source else { return 0 }
    return Arena.aligned(mr * depth + Arena.slack)
  }
  fileprivate var patchByteCount: Int { tap == .row ? Arena.aligned(depth + Arena.slack) : 0 }
  /// What is added to the results may lie where they go: until it is added they wait elsewhere.
  fileprivate var tileByteCount: Int {
    fused?.other == nil ? 0 : Arena.aligned(mr * parts.panelColumns * MemoryLayout<Float>.stride)
  }

  var partCount: Int { batches * groups.count * parts.count }
  /// Pointers, what a tap outside the picture reads, the factors of each column, a tile of results, quantized rows, and
  /// rows that leave the picture.
  var scratchByteCount: Int {
    pointerByteCount + outsideByteCount + factorByteCount + tileByteCount + quantizedByteCount
      + mr * taps * patchByteCount
  }
  var overwritable: [Operand] { fused?.other.map { [$0] } ?? [] }

  func run(_ range: Range<Int>, in arena: Arena) {
    _ = self.range?.begin(in: arena)
    var next = range.lowerBound
    while next < range.upperBound {
      let matrix = next / parts.count
      let end = min(range.upperBound, (matrix + 1) * parts.count)
      let (batch, group) = matrix.quotientAndRemainder(dividingBy: groups.count)
      var product = product(batch: batch, group: group, in: arena, scratch: arena.scratch)
      for index in next - matrix * parts.count..<end - matrix * parts.count {
        let (rows, columns) = parts.part(index)
        product.multiply(rows, columns, of: arena.float(result))
      }
      next = end
    }
  }

  /// Fills the scratch memory with what depends on the scale.
  private func product(
    batch: Int, group: Int, in arena: Arena, scratch: UnsafeMutableRawPointer
  ) -> DynamicProduct {
    let scale = source.scale(ofBatch: batch, in: arena)
    let offset = kernels.pointer.pointee.gemm_s8_shape.activation_offset
    let outside = (scratch + pointerByteCount).assumingMemoryBound(to: Int8.self)
    outside.update(repeating: Int8(truncatingIfNeeded: scale.zeroPoint &+ offset), count: outsideByteCount)
    groups[group].fill(scratch + pointerByteCount + outsideByteCount, for: scale, offset: offset)
    return DynamicProduct(self, batch: batch, group: group, scale: scale, in: arena, scratch: scratch)
  }
}

/// The product of one batch and group on scratch memory that is prepared. Nothing in it is counted by reference: that
/// would cost more than a small tile.
struct DynamicProduct {
  private let kernels: KernelTable
  private let arena: Arena
  private let geometry: maskd_window
  private let epilogue: maskd_epilogue
  private let isPointwise: Bool
  private let tap: Convolution.Tap
  private let (mr, taps, depth, channels): (Int, Int, Int, Int)
  private let weights: UnsafeRawPointer
  /// The picture; rows that are quantized here stand where the first row of the tile would.
  private let input: UnsafeRawPointer?
  private let floats: UnsafePointer<Float>?
  private let quantized: UnsafeMutablePointer<Int8>
  /// The first row of the tile that is quantized.
  private var held = -1
  private let scale: DynamicScale
  private let outside: UnsafeRawPointer
  private let pointers: UnsafeMutablePointer<UnsafeRawPointer?>
  private let tile: UnsafeMutablePointer<Float>?
  private let patches: UnsafeMutableRawPointer
  private let patchByteCount: Int
  private let fused: FusedArithmetic?
  private let range: UnsafeMutablePointer<Float>?
  /// Where in the result the first pixel of the batch has the first column of the group.
  private let origin: Int

  init(
    _ step: DynamicConvolution, batch: Int, group: Int, scale: DynamicScale, in arena: Arena,
    scratch: UnsafeMutableRawPointer
  ) {
    self.scale = scale
    let (window, matrix) = (step.window, step.groups[group])
    (kernels, self.arena) = (step.kernels, arena)
    (fused, range) = (step.fused, step.range?.place(in: arena))
    geometry = window.geometry(pixelByteCount: step.inputChannels)
    epilogue = matrix.epilogue(
      scratch + step.pointerByteCount + step.outsideByteCount, range: fused == nil ? range : nil)
    (isPointwise, tap, taps, depth) = (window.isPointwise, step.tap, step.taps, step.readDepth)
    (channels, weights) = (step.outputChannels, UnsafeRawPointer(matrix.packed.start))
    mr = kernels.pointer.pointee.gemm_s8_shape.mr
    floats = step.source.floats(in: arena)
    input = step.source.bytes(in: arena).map {
      $0 + batch * window.inputHeight * window.inputWidth * step.inputChannels + group * step.depth
    }
    pointers = scratch.assumingMemoryBound(to: UnsafeRawPointer?.self)
    outside = UnsafeRawPointer(scratch + step.pointerByteCount)
    let free = scratch + step.pointerByteCount + step.outsideByteCount + step.factorByteCount
    tile = step.tileByteCount == 0 ? nil : free.assumingMemoryBound(to: Float.self)
    quantized = (free + step.tileByteCount).assumingMemoryBound(to: Int8.self)
    (patches, patchByteCount) = (free + step.tileByteCount + step.quantizedByteCount, step.patchByteCount)
    origin = batch * window.outputPixels * channels + group * matrix.columns
  }

  /// Computes one tile of results. `target` is where the first of them goes; the rows there lie as in the result.
  mutating func multiply(_ rows: Range<Int>, _ columns: Range<Int>, to target: UnsafeMutablePointer<Float>) {
    point(rows)
    let stride = tile == nil ? channels : columns.count
    withUnsafePointer(to: epilogue) {
      kernels.pointer.pointee.gemm_s8(
        rows.count, columns.lowerBound, columns.count, taps, depth,
        UnsafeRawPointer(pointers).assumingMemoryBound(to: UnsafePointer<Int8>?.self), weights, nil, tile ?? target,
        stride * MemoryLayout<Float>.stride, $0)
    }
    fused?.run(
      tile ?? target, rows: rows.count, columns: columns.count, valueStride: stride, to: target, stride: channels,
      first: origin + rows.lowerBound * channels + columns.lowerBound, range: range, in: arena, kernels)
  }

  private mutating func point(_ rows: Range<Int>) {
    guard let input else { return quantize(rows) }
    if isPointwise {
      for row in 0..<rows.count { pointers[row] = input + (rows.lowerBound + row) * geometry.pixel_bytes }
      return
    }
    withUnsafePointer(to: geometry) {
      switch tap {
      case .pixel: maskd_point_taps($0, input, outside, rows.lowerBound, rows.count, mr, pointers)
      case .row:
        maskd_point_rows($0, input, outside, rows.lowerBound, rows.count, mr, pointers, patches, patchByteCount)
      }
    }
  }

  /// Quantizes the pixels of a tile, unless it did for the columns before.
  private mutating func quantize(_ rows: Range<Int>) {
    guard let floats, held != rows.lowerBound else { return }
    held = rows.lowerBound
    scale.quantize(
      floats + rows.lowerBound * depth, count: rows.count * depth, to: quantized,
      hasOffset: kernels.pointer.pointee.gemm_s8_shape.activation_offset != 0, kernels)
    for row in 0..<rows.count { pointers[row] = UnsafeRawPointer(quantized + row * depth) }
  }

  /// The same for a tile that goes to its place in the result.
  mutating func multiply(_ rows: Range<Int>, _ columns: Range<Int>, of result: UnsafeMutablePointer<Float>) {
    multiply(rows, columns, to: result + origin + rows.lowerBound * channels + columns.lowerBound)
  }

  /// Writes the first `columns` pixels of a row of the picture.
  mutating func write(row: Int, columns: Int, to target: UnsafeMutablePointer<Float>) {
    let tiles = (columns + mr - 1) / mr
    for tile in 0..<tiles {
      let (first, end) = (columns * tile / tiles, columns * (tile + 1) / tiles)
      let start = row * geometry.output_width
      multiply(start + first..<start + end, 0..<channels, to: target + first * channels)
    }
  }
}

extension DynamicConvolution: RowSource {
  var writesRows: Bool { batches == 1 && groups.count == 1 && parts.panelColumns >= outputChannels }
  var rowScratchByteCount: Int { Arena.aligned(scratchByteCount) }

  func rowWriter(in arena: Arena, scratch: UnsafeMutableRawPointer) -> RowWriter {
    .dynamicProduct(product(batch: 0, group: 0, in: arena, scratch: scratch))
  }
}

extension DynamicConvolution: FusableLayer {
  var fusesSums: Bool { true }

  func fusing(_ arithmetic: FusedArithmetic, result: Operand, range: RangeSink?) -> DynamicConvolution {
    var step = self
    (step.fused, step.result, step.range) = (arithmetic, result, range)
    return step
  }
}

extension Compiler {
  /// CONV_2D with a float input and int8 weights [result channel][tap][depth].
  ///
  /// TFLite quantizes each picture by itself; symmetrically where the weights have one scale for all.
  mutating func emitDynamicConvolution(
    source: Operand, result: Operand, window: Window, weights: Operand, bias: Operand?, activation: Activation,
    _ node: Node
  ) throws(CompilationError) {
    let shape = self[weights].shape
    let layer = try dynamicLayer(weights: weights, bias: bias, channels: shape[0], activation: activation, node)
    try emitDynamicProduct(
      source: source, result: result, window: window.ofOnePicture, batches: window.batches,
      inputChannels: self[source].shape[3], weights: try weightsToPack(weights, node), depth: shape[3], layer,
      isSymmetric: !layer.isPerChannel, node)
  }

  /// FULLY_CONNECTED with a float input of that many rows, each quantized by itself, and int8 weights.
  mutating func emitDynamicFullyConnected(
    source: Operand, result: Operand, rows: Int, weights: Operand, bias: Operand?, activation: Activation,
    isAsymmetric: Bool, _ node: Node
  ) throws(CompilationError) {
    let shape = self[weights].shape
    let layer = try dynamicLayer(weights: weights, bias: bias, channels: shape[0], activation: activation, node)
    try emitDynamicProduct(
      source: source, result: result, window: Window(rows: 1), batches: rows, inputChannels: shape[1],
      weights: try weightsToPack(weights, node), depth: shape[1], layer, isSymmetric: !isAsymmetric, node)
  }

  private mutating func emitDynamicProduct(
    source: Operand, result: Operand, window: Window, batches: Int, inputChannels: Int, weights: WeightSource?,
    depth: Int,
    _ layer: DynamicLayer, isSymmetric: Bool, _ node: Node
  ) throws(CompilationError) {
    let groupCount = inputChannels / depth
    let channels = layer.weightScales.count
    let columns = channels / groupCount
    let isRowTap =
      groupCount == 1 && window.width > 1 && window.dilationWidth == 1 && depth < Convolution.rowTapChannels
    let (taps, tapDepth) = isRowTap ? (window.height, window.width * depth) : (window.taps, depth)
    let readDepth = isRowTap ? family.table.wholeGroups(ofDepth: tapDepth, taps: taps) : tapDepth
    var groups: [DynamicWeights] = []
    for group in 0..<groupCount {
      let matrix = try packDynamically(
        weights, columns: group * columns..<(group + 1) * columns, taps: taps, depth: tapDepth, layer)
      try countConstant(bytes: matrix.byteCount)
      groups.append(matrix)
    }
    let parts = MatrixParts(
      rows: window.outputPixels, columns: columns, columnByteCount: window.taps * depth,
      mr: family.table.pointer.pointee.gemm_s8_shape.mr, threads: options.threadCount)
    var window = window
    let input: DynamicSource
    if window.taps == 1, !window.hasPadding, !window.isPointwise, batches == 1 {
      let form = try dynamicForm(of: source, seenThrough: window, isSymmetric: isSymmetric, node)
      input = .quantized(form.operand, scales: form.scales)
      window = window.ofSeenPixels
    } else {
      // Each tile is quantized once.
      let quantizesItself = window.isPointwise && groupCount == 1 && (parts.panels == 1 || parts.tiles == 1)
      input = try dynamicSource(
        of: source, rows: batches, isSymmetric: isSymmetric, quantizesItself: quantizesItself, node)
    }
    let range = try rangeSink(for: result, partCount: batches * groupCount * parts.count, node)
    let step = DynamicConvolution(
      source: input, result: result, window: window, batches: batches,
      inputChannels: inputChannels, outputChannels: channels, groups: groups, tap: isRowTap ? .row : .pixel, taps: taps,
      depth: tapDepth, readDepth: readDepth, parts: parts, range: range,
      kernels: family.table)
    try emit(step, reading: input.operands, writing: [result] + range.operands)
  }

  /// Packs the weights [column][tap][depth] of some columns, where they are not packed already.
  private mutating func packDynamically(
    _ weights: WeightSource?, columns: Range<Int>, taps: Int, depth: Int, _ layer: DynamicLayer
  ) throws(CompilationError) -> DynamicWeights {
    var shape = family.table.pointer.pointee.gemm_s8_shape
    guard let byteCount = Int(exactly: maskd_packed_gemm_s8_bytes(&shape, columns.count, taps, depth)),
      byteCount <= options.constantByteLimit
    else {
      throw .tooBig("the packed weights of a layer take more than the limit of \(options.constantByteLimit) bytes")
    }
    let memory = packed.nextMatrix(
      byteCount: byteCount, columns: columns.count, taps: taps, depth: depth, shape: shape)
    let sums = packedSums(
      weights?.packMatrix(
        columns: columns, taps: taps, depth: depth, shape: shape, wantsMagnitudes: false, into: memory.start
      ).sums,
      count: columns.count)
    return DynamicWeights(
      packed: memory, sums: sums, scales: Array(layer.weightScales[columns]), bias: Array(layer.bias[columns]),
      activation: layer.activation)
  }

  /// The sums of each column's weights, which a cache keeps with the weights that they are made of.
  mutating func packedSums(_ sums: [Int32]?, count: Int) -> [Int32] {
    let memory = packed.next(byteCount: count * MemoryLayout<Int32>.stride)
    guard let sums else { return Array(UnsafeBufferPointer(start: memory.elements(as: Int32.self), count: count)) }
    memory.elements(as: Int32.self).update(from: sums, count: count)
    return sums
  }
}
