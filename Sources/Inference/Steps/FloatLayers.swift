import CKernels
import TFLite

/// The float weights of one matrix product in the order in which the kernel reads them.
struct PackedFloatMatrix: Sendable {
  let columns: Int
  let depth: Int
  let memory: AlignedMemory
  let bias: AlignedMemory
  let range: ClosedRange<Float>

  /// Packs the weights [column][tap][depth] of some columns; `bias` has one entry for each column of the layer.
  init(
    weights: WeightSource, bias: [Float], columns: Range<Int>, taps: Int, depth: Int, range: ClosedRange<Float>,
    table: KernelTable, byteLimit: Int
  ) throws(CompilationError) {
    self.columns = columns.count
    self.depth = depth
    self.range = range
    var shape = table.pointer.pointee.gemm_f32_shape
    guard let byteCount = Int(exactly: maskd_packed_gemm_f32_bytes(&shape, columns.count, taps, depth)),
      byteCount <= byteLimit
    else {
      throw .tooBig("the packed weights of a layer take more than the limit of \(byteLimit) bytes")
    }
    memory = AlignedMemory(byteCount: byteCount)
    weights.packFloatMatrix(
      columns: columns, taps: taps, depth: depth, shape: shape, into: memory.elements(as: Float.self))
    self.bias = AlignedMemory(copying: paddedFloats(bias[columns]))
  }

  var byteCount: Int { memory.byteCount + bias.byteCount }
}

/// Floats with zeros behind them, as many as the kernels may read.
func paddedFloats(_ values: ArraySlice<Float>) -> [Float] {
  Array(values) + [Float](repeating: 0, count: Requantization.padded(values.count) - values.count)
}

/// CONV_2D and FULLY_CONNECTED in float32: as `Convolution`.
struct FloatConvolution: Step {
  let source: Operand
  /// Makes the rows of the picture one by one, for a convolution of single pixels; nil where they lie in `source`.
  let producer: (any RowSource)?
  var result: Operand
  let window: Window
  let inputChannels: Int
  let outputChannels: Int
  let groups: [PackedFloatMatrix]
  let tap: Convolution.Tap
  /// Of each matrix.
  let taps: Int
  let parts: MatrixParts
  let outside: AlignedMemory
  var fused: FusedArithmetic?
  /// Where the range of the results goes, if somebody wants it.
  var range: RangeSink?
  let kernels: KernelTable

  private var mr: Int { kernels.pointer.pointee.gemm_f32_shape.mr }
  fileprivate var pointerByteCount: Int { Arena.aligned(mr * taps * MemoryLayout<Int>.stride) }
  fileprivate var patchByteCount: Int { tap == .row ? Arena.aligned(groups[0].depth * MemoryLayout<Float>.stride) : 0 }
  fileprivate var tileByteCount: Int { Arena.aligned(pointerByteCount + mr * taps * patchByteCount) }
  fileprivate var madeRowByteCount: Int {
    producer == nil ? 0 : Arena.aligned(window.inputWidth * inputChannels * MemoryLayout<Float>.stride)
  }

  var partCount: Int { producer == nil ? groups.count * parts.count : window.batches * window.outputHeight }
  /// Pointers, rows that leave the picture, and where rows are made one of them and what that takes.
  var scratchByteCount: Int { tileByteCount + madeRowByteCount + producer.scratchByteCount }

  func run(_ range: Range<Int>, in arena: Arena) {
    _ = self.range?.begin(in: arena)
    guard producer == nil else {
      let product = FloatProduct(self, group: 0, in: arena, scratch: arena.scratch)
      let rowCount = window.outputWidth * outputChannels
      for row in range {
        product.write(row: row, columns: window.outputWidth, to: arena.float(result) + row * rowCount)
      }
      return
    }
    var next = range.lowerBound
    while next < range.upperBound {
      let group = next / parts.count
      let end = min(range.upperBound, (group + 1) * parts.count)
      let product = FloatProduct(self, group: group, in: arena, scratch: arena.scratch)
      let target = arena.float(result) + group * groups[group].columns
      for index in next - group * parts.count..<end - group * parts.count {
        let (rows, columns) = parts.part(index)
        product.multiply(rows, columns, to: target + rows.lowerBound * outputChannels + columns.lowerBound)
      }
      next = end
    }
  }
}

/// One matrix of a float convolution, ready to multiply. Nothing in it is counted by reference: that would cost more than
/// a small tile.
struct FloatProduct {
  private let kernels: KernelTable
  private let arena: Arena
  private let geometry: maskd_window
  private let isPointwise: Bool
  private let tap: Convolution.Tap
  private let (mr, taps, depth, channels): (Int, Int, Int, Int)
  private let (weights, bias): (UnsafePointer<Float>, UnsafePointer<Float>)
  private let limits: ClosedRange<Float>
  private let input: UnsafeRawPointer
  private let outside: UnsafeRawPointer
  private let pointers: UnsafeMutablePointer<UnsafeRawPointer?>
  private let patches: UnsafeMutableRawPointer
  private let patchByteCount: Int
  /// Makes a row of the picture where `input` is.
  private let producer: RowProducer?
  private let fused: FusedArithmetic?
  private let range: UnsafeMutablePointer<Float>?

  init(_ step: FloatConvolution, group: Int, in arena: Arena, scratch: UnsafeMutableRawPointer) {
    let matrix = step.groups[group]
    (kernels, self.arena) = (step.kernels, arena)
    geometry = step.window.geometry(pixelByteCount: step.inputChannels * MemoryLayout<Float>.stride)
    (isPointwise, tap) = (step.window.isPointwise, step.tap)
    mr = kernels.pointer.pointee.gemm_f32_shape.mr
    (taps, depth, channels, limits) = (step.taps, matrix.depth, step.outputChannels, matrix.range)
    weights = UnsafePointer(matrix.memory.elements(as: Float.self))
    bias = UnsafePointer(matrix.bias.elements(as: Float.self))
    outside = UnsafeRawPointer(step.outside.start)
    pointers = scratch.assumingMemoryBound(to: UnsafeRawPointer?.self)
    (patches, patchByteCount) = (scratch + step.pointerByteCount, step.patchByteCount)
    (fused, range) = (step.fused, step.range?.place(in: arena))
    let made = scratch + step.tileByteCount
    producer = step.producer.map { RowProducer($0, in: arena, scratch: made + step.madeRowByteCount) }
    input =
      producer == nil
      ? UnsafeRawPointer(arena.float(step.source) + group * matrix.depth) : UnsafeRawPointer(made)
  }

  /// Computes one tile of results. `target` is where the first of them goes; the rows there lie as in the result.
  func multiply(_ rows: Range<Int>, _ columns: Range<Int>, to target: UnsafeMutablePointer<Float>) {
    let table = kernels.pointer
    point(rows)
    table.pointee.gemm_f32(
      rows.count, columns.lowerBound, columns.count, taps, depth,
      UnsafeRawPointer(pointers).assumingMemoryBound(to: UnsafePointer<Float>?.self), weights, bias, limits.lowerBound,
      limits.upperBound, target, channels * MemoryLayout<Float>.stride)
    if let fused {
      fused.run(
        target, rows: rows.count, columns: columns.count, valueStride: channels, to: target, stride: channels, first: 0,
        range: range, in: arena, kernels)
    } else if let range {
      let isWhole = columns.count == channels
      for row in 0..<(isWhole ? 1 : rows.count) {
        table.pointee.range_f32(isWhole ? rows.count * columns.count : columns.count, target + row * channels, range)
      }
    }
  }

  private func point(_ rows: Range<Int>) {
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

  /// Writes the first `columns` pixels of a row of the picture, counted through all pictures.
  func write(row: Int, columns: Int, to target: UnsafeMutablePointer<Float>) {
    producer?.write(
      row: row, columns: columns, to: UnsafeMutablePointer(mutating: input.assumingMemoryBound(to: Float.self)))
    let first = producer == nil ? row * geometry.output_width : 0
    for start in stride(from: 0, to: columns, by: mr) {
      multiply(first + start..<first + min(columns, start + mr), 0..<channels, to: target + start * channels)
    }
  }
}

extension FloatConvolution: RowSource {
  var writesRows: Bool { groups.count == 1 && parts.panelColumns >= outputChannels }
  var rowScratchByteCount: Int { Arena.aligned(scratchByteCount) }

  func rowWriter(in arena: Arena, scratch: UnsafeMutableRawPointer) -> RowWriter {
    .product(FloatProduct(self, group: 0, in: arena, scratch: scratch))
  }
}

extension FloatConvolution: FusableLayer {
  var fusesSums: Bool { false }

  func fusing(_ arithmetic: FusedArithmetic, result: Operand, range: RangeSink?) -> FloatConvolution {
    var step = self
    (step.fused, step.result, step.range) = (arithmetic, result, range)
    return step
  }
}

extension Compiler {
  mutating func emitFloatConvolution(
    source: Operand, result: Operand, window: Window, weights: Operand, bias: Operand?, activation: Activation,
    _ node: Node
  ) throws(CompilationError) {
    let shape = self[weights].shape
    let values = try weightSource(weights, as: .float32, node)
    let biases = try floatBiases(bias, channels: shape[0], node)
    let groupCount = self[source].shape[3] / shape[3]
    let columns = shape[0] / groupCount
    let isRowTap =
      groupCount == 1 && window.width > 1 && window.dilationWidth == 1 && shape[3] < Convolution.rowTapChannels
    let (taps, depth) = isRowTap ? (window.height, window.width * shape[3]) : (window.taps, shape[3])
    var groups: [PackedFloatMatrix] = []
    for group in 0..<groupCount {
      let matrix = try PackedFloatMatrix(
        weights: values, bias: biases, columns: group * columns..<(group + 1) * columns, taps: taps, depth: depth,
        range: try floatRange(activation, node), table: family.table, byteLimit: options.constantByteLimit)
      try countConstant(bytes: matrix.byteCount)
      groups.append(matrix)
    }
    let parts = MatrixParts(
      rows: window.outputPixels, columns: columns, columnByteCount: window.taps * shape[3] * 4,
      mr: family.table.pointer.pointee.gemm_f32_shape.mr)
    let producer = window.isPointwise && groupCount == 1 && parts.panelColumns >= columns ? takeRows(of: source) : nil
    let range = try rangeSink(
      for: result, partCount: producer == nil ? groupCount * parts.count : window.outputHeight * window.batches, node)
    let step = FloatConvolution(
      source: source, producer: producer, result: result, window: window, inputChannels: self[source].shape[3],
      outputChannels: shape[0],
      groups: groups, tap: isRowTap ? .row : .pixel, taps: taps, parts: parts,
      outside: AlignedMemory(byteCount: depth * 4), range: range, kernels: family.table)
    try emitFused(step, reading: producer == nil ? [source] : [], writing: [result] + range.operands)
  }

  mutating func emitFloatProduct(
    source: Operand, result: Operand, rows: Int, weights: Operand, bias: Operand?, activation: Activation, _ node: Node
  ) throws(CompilationError) {
    let shape = self[weights].shape
    let matrix = try PackedFloatMatrix(
      weights: try weightSource(weights, as: .float32, node), bias: try floatBiases(bias, channels: shape[0], node),
      columns: 0..<shape[0], taps: 1, depth: shape[1], range: try floatRange(activation, node), table: family.table,
      byteLimit: options.constantByteLimit)
    try countConstant(bytes: matrix.byteCount)
    let parts = MatrixParts(
      rows: rows, columns: shape[0], columnByteCount: shape[1] * 4,
      mr: family.table.pointer.pointee.gemm_f32_shape.mr)
    let range = try rangeSink(for: result, partCount: parts.count, node)
    let step = FloatConvolution(
      source: source, producer: nil, result: result, window: Window(rows: rows), inputChannels: shape[1],
      outputChannels: shape[0],
      groups: [matrix], tap: .pixel, taps: 1, parts: parts, outside: AlignedMemory(byteCount: 0), range: range,
      kernels: family.table)
    try emit(step, reading: [source], writing: [result] + range.operands)
  }

  func constantFloats(_ operand: Operand, _ node: Node) throws(CompilationError) -> [Float] {
    try node.checkType(self[operand].type == .float32, "\"\(self[operand].name)\" is not of float32")
    guard let elements = try constantElements(of: operand, as: Float.self, node) else {
      throw node.unsupported("weights and bias must be constant here; they are computed while the model runs")
    }
    return elements
  }

  func floatBiases(_ bias: Operand?, channels: Int, _ node: Node) throws(CompilationError) -> [Float] {
    guard let bias else { return [Float](repeating: 0, count: channels) }
    let values = try constantFloats(bias, node)
    try node.check(values.count == channels, "the bias has \(values.count) values for \(channels) results")
    return values
  }
}
