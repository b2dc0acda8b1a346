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
  let result: Operand
  let window: Window
  let inputChannels: Int
  let outputChannels: Int
  let groups: [PackedFloatMatrix]
  let tap: Convolution.Tap
  /// Of each matrix.
  let taps: Int
  let parts: MatrixParts
  let outside: AlignedMemory
  /// Where the range of the results goes, if somebody wants it.
  let range: RangeSink?
  let kernels: KernelTable

  var partCount: Int { groups.count * parts.count }
  private var mr: Int { kernels.pointer.pointee.gemm_f32_shape.mr }
  private var pointerByteCount: Int { Arena.aligned(mr * taps * MemoryLayout<Int>.stride) }
  private var patchByteCount: Int { tap == .row ? Arena.aligned(groups[0].depth * MemoryLayout<Float>.stride) : 0 }
  /// Pointers, then rows that leave the picture.
  var scratchByteCount: Int { pointerByteCount + mr * taps * patchByteCount }

  func run(_ range: Range<Int>, in arena: Arena) {
    let table = kernels.pointer
    let pointers = arena.scratch.assumingMemoryBound(to: UnsafeRawPointer?.self)
    let operands = UnsafeRawPointer(pointers).assumingMemoryBound(to: UnsafePointer<Float>?.self)
    let pixelByteCount = inputChannels * MemoryLayout<Float>.stride
    var geometry = window.geometry(pixelByteCount: pixelByteCount)
    let seen = self.range?.begin(in: arena)
    for index in range {
      let (number, part) = index.quotientAndRemainder(dividingBy: parts.count)
      let (rows, columns) = parts.part(part)
      let group = groups[number]
      let input = UnsafeRawPointer(arena.float(source) + number * group.depth)
      switch tap {
      case .pixel where window.isPointwise:
        for row in 0..<rows.count { pointers[row] = input + (rows.lowerBound + row) * pixelByteCount }
      case .pixel: maskd_point_taps(&geometry, input, outside.start, rows.lowerBound, rows.count, mr, pointers)
      case .row:
        maskd_point_rows(
          &geometry, input, outside.start, rows.lowerBound, rows.count, mr, pointers,
          arena.scratch + pointerByteCount, patchByteCount)
      }
      let target =
        arena.float(result) + rows.lowerBound * outputChannels + number * group.columns + columns.lowerBound
      table.pointee.gemm_f32(
        rows.count, columns.lowerBound, columns.count, taps, group.depth, operands,
        group.memory.elements(as: Float.self), group.bias.elements(as: Float.self), group.range.lowerBound,
        group.range.upperBound, target, outputChannels * MemoryLayout<Float>.stride)
      guard let seen else { continue }
      if columns.count == outputChannels {
        table.pointee.range_f32(rows.count * columns.count, target, seen)
      } else {
        for row in 0..<rows.count { table.pointee.range_f32(columns.count, target + row * outputChannels, seen) }
      }
    }
  }
}

/// DEPTHWISE_CONV_2D in float32: as `DepthwiseConvolution`.
struct FloatDepthwiseConvolution: Step {
  let source: Operand
  let result: Operand
  let rows: PictureRows
  let channels: Int
  let weights: AlignedMemory
  let bias: AlignedMemory
  let activation: ClosedRange<Float>
  /// Where the range of the results goes, if somebody wants it.
  let range: RangeSink?
  let kernels: KernelTable

  var partCount: Int { rows.window.batches * rows.window.outputHeight }
  var scratchByteCount: Int { rows.scratchByteCount }

  func run(_ parts: Range<Int>, in arena: Arena) {
    let table = kernels.pointer
    let window = rows.window
    let pixelByteCount = channels * MemoryLayout<Float>.stride
    var geometry = window.depthwiseGeometry(pixelByteCount: pixelByteCount, resultByteCount: pixelByteCount)
    let ring = PictureRows.Ring(rows, input: arena.bytes(source), outside: 0, scratch: arena.scratch)
    let seen = range?.begin(in: arena)
    let rowCount = window.outputWidth * channels
    for part in parts {
      let pointers = UnsafeRawPointer(ring.pointers(forRow: part)).assumingMemoryBound(to: UnsafePointer<Float>?.self)
      let target = arena.float(result) + part * rowCount
      table.pointee.depthwise_f32(
        window.outputWidth, channels, &geometry, pointers, weights.elements(as: Float.self),
        bias.elements(as: Float.self), activation.lowerBound, activation.upperBound, target)
      if let seen { table.pointee.range_f32(rowCount, target, seen) }
    }
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
    let range = try rangeSink(for: result, partCount: groupCount * parts.count, node)
    let step = FloatConvolution(
      source: source, result: result, window: window, inputChannels: self[source].shape[3], outputChannels: shape[0],
      groups: groups, tap: isRowTap ? .row : .pixel, taps: taps, parts: parts,
      outside: AlignedMemory(byteCount: depth * 4), range: range, kernels: family.table)
    try emit(step, reading: [source], writing: [result] + range.operands)
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
      source: source, result: result, window: Window(rows: rows), inputChannels: shape[1], outputChannels: shape[0],
      groups: [matrix], tap: .pixel, taps: 1, parts: parts, outside: AlignedMemory(byteCount: 0), range: range,
      kernels: family.table)
    try emit(step, reading: [source], writing: [result] + range.operands)
  }

  mutating func emitFloatDepthwise(
    source: Operand, result: Operand, window: Window, weights: Operand, bias: Operand?, activation: Activation,
    _ node: Node
  ) throws(CompilationError) {
    let channels = self[weights].shape[3]
    let values = try constantFloats(weights, node)
    try countConstant(bytes: window.taps * Requantization.padded(channels) * 4)
    let packed = (0..<window.taps).flatMap { paddedFloats(values[$0 * channels..<($0 + 1) * channels]) }
    let range = try rangeSink(for: result, partCount: window.batches * window.outputHeight, node)
    let step = FloatDepthwiseConvolution(
      source: source, result: result, rows: PictureRows(window: window, pixelByteCount: channels * 4),
      channels: channels, weights: AlignedMemory(copying: packed),
      bias: AlignedMemory(copying: paddedFloats(try floatBiases(bias, channels: channels, node)[...])),
      activation: try floatRange(activation, node), range: range, kernels: family.table)
    try countConstant(bytes: step.bias.byteCount)
    try emit(step, reading: [source], writing: [result] + range.operands)
  }

  private func constantFloats(_ operand: Operand, _ node: Node) throws(CompilationError) -> [Float] {
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
