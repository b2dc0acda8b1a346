import CKernels
import TFLite

/// The float weights of one matrix product in the order in which the kernel reads them.
struct PackedFloatMatrix: Sendable {
  let columns: Int
  let depth: Int
  let memory: AlignedMemory
  let bias: AlignedMemory
  let range: ClosedRange<Float>

  /// Packs `weights`, [column][tap][depth]; `bias` has one entry a column.
  init(
    weights: ArraySlice<Float>, bias: ArraySlice<Float>, taps: Int, depth: Int, range: ClosedRange<Float>,
    table: KernelTable, byteLimit: Int
  ) throws(CompilationError) {
    columns = bias.count
    self.depth = depth
    self.range = range
    var shape = table.pointer.pointee.gemm_f32_shape
    guard let byteCount = Int(exactly: maskd_packed_gemm_f32_bytes(&shape, columns, taps, depth)),
      byteCount <= byteLimit
    else {
      throw .tooBig("the packed weights of a layer take more than the limit of \(byteLimit) bytes")
    }
    let packed = AlignedMemory(byteCount: byteCount)
    weights.withUnsafeBufferPointer {
      maskd_pack_gemm_f32(&shape, bias.count, taps, depth, $0.baseAddress, packed.elements(as: Float.self))
    }
    memory = packed
    self.bias = AlignedMemory(copying: paddedFloats(bias))
  }

  var byteCount: Int { memory.byteCount + bias.byteCount }
}

/// Floats with zeros behind them, as many as the kernels may read.
private func paddedFloats(_ values: ArraySlice<Float>) -> [Float] {
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
  let outside: AlignedMemory
  let kernels: KernelTable

  private var tile: Int { kernels.pointer.pointee.gemm_f32_shape.mr }
  var partCount: Int { (window.outputPixels + tile - 1) / tile }
  var scratchByteCount: Int { tile * window.taps * MemoryLayout<Int>.stride }

  func run(_ parts: Range<Int>, in arena: Arena) {
    let table = kernels.pointer.pointee
    let mr = table.gemm_f32_shape.mr
    let input = UnsafePointer(arena.float(source))
    let zeros = UnsafePointer(outside.elements(as: Float.self))
    let pointers = arena.scratch.assumingMemoryBound(to: UnsafePointer<Float>?.self)
    for part in parts {
      let first = part * mr
      let rows = min(mr, window.outputPixels - first)
      for index in groups.indices {
        let group = groups[index]
        window.point(
          pointers, input + index * group.depth, outside: zeros, channels: inputChannels, first: first, rows: rows,
          mr: mr)
        table.gemm_f32(
          rows, group.columns, window.taps, group.depth, pointers, group.memory.elements(as: Float.self),
          group.bias.elements(as: Float.self), group.range.lowerBound, group.range.upperBound,
          arena.float(result) + first * outputChannels + index * group.columns,
          outputChannels * MemoryLayout<Float>.stride)
      }
    }
  }
}

/// DEPTHWISE_CONV_2D in float32: as `DepthwiseConvolution`.
struct FloatDepthwiseConvolution: Step {
  let source: Operand
  let result: Operand
  let window: Window
  let channels: Int
  let weights: AlignedMemory
  let bias: AlignedMemory
  let range: ClosedRange<Float>
  let outside: AlignedMemory
  let kernels: KernelTable

  var partCount: Int { window.batches * window.outputHeight }
  var scratchByteCount: Int { WideDepthwiseConvolution.pixelsPerCall * window.taps * MemoryLayout<Int>.stride }

  func run(_ parts: Range<Int>, in arena: Arena) {
    let kernel = kernels.pointer.pointee.depthwise_f32
    let input = UnsafePointer(arena.float(source))
    let zeros = UnsafePointer(outside.elements(as: Float.self))
    let pointers = arena.scratch.assumingMemoryBound(to: UnsafePointer<Float>?.self)
    for part in parts {
      let row = arena.float(result) + part * window.outputWidth * channels
      for first in stride(from: 0, to: window.outputWidth, by: WideDepthwiseConvolution.pixelsPerCall) {
        let pixels = min(WideDepthwiseConvolution.pixelsPerCall, window.outputWidth - first)
        window.point(pointers, input, outside: zeros, channels: channels, row: part, columns: first..<first + pixels)
        kernel?(
          pixels, channels, window.taps, pointers, weights.elements(as: Float.self), bias.elements(as: Float.self),
          range.lowerBound, range.upperBound, row + first * channels, channels * MemoryLayout<Float>.stride)
      }
    }
  }
}

extension Compiler {
  mutating func emitFloatConvolution(
    source: Operand, result: Operand, window: Window, weights: Operand, bias: Operand?, activation: Activation,
    _ node: Node
  ) throws(CompilationError) {
    let shape = self[weights].shape
    let values = try constantFloats(weights, node)
    let biases = try floatBiases(bias, channels: shape[0], node)
    let groupCount = self[source].shape[3] / shape[3]
    let columns = shape[0] / groupCount
    let perGroup = columns * window.taps * shape[3]
    var groups: [PackedFloatMatrix] = []
    for group in 0..<groupCount {
      let matrix = try PackedFloatMatrix(
        weights: values[group * perGroup..<(group + 1) * perGroup],
        bias: biases[group * columns..<(group + 1) * columns], taps: window.taps, depth: shape[3],
        range: try floatRange(activation, node), table: family.table, byteLimit: options.constantByteLimit)
      try countConstant(bytes: matrix.byteCount)
      groups.append(matrix)
    }
    let step = FloatConvolution(
      source: source, result: result, window: window, inputChannels: self[source].shape[3], outputChannels: shape[0],
      groups: groups, outside: AlignedMemory(byteCount: shape[3] * 4), kernels: family.table)
    try emit(step, reading: [source], writing: [result])
  }

  mutating func emitFloatProduct(
    source: Operand, result: Operand, rows: Int, weights: Operand, bias: Operand?, activation: Activation, _ node: Node
  ) throws(CompilationError) {
    let shape = self[weights].shape
    let matrix = try PackedFloatMatrix(
      weights: try constantFloats(weights, node)[...], bias: try floatBiases(bias, channels: shape[0], node)[...],
      taps: 1, depth: shape[1], range: try floatRange(activation, node), table: family.table,
      byteLimit: options.constantByteLimit)
    try countConstant(bytes: matrix.byteCount)
    let step = FloatConvolution(
      source: source, result: result, window: Window(rows: rows), inputChannels: shape[1], outputChannels: shape[0],
      groups: [matrix], outside: AlignedMemory(byteCount: 0), kernels: family.table)
    try emit(step, reading: [source], writing: [result])
  }

  mutating func emitFloatDepthwise(
    source: Operand, result: Operand, window: Window, weights: Operand, bias: Operand?, activation: Activation,
    _ node: Node
  ) throws(CompilationError) {
    let channels = self[weights].shape[3]
    let values = try constantFloats(weights, node)
    try countConstant(bytes: window.taps * Requantization.padded(channels) * 4)
    let packed = (0..<window.taps).flatMap { paddedFloats(values[$0 * channels..<($0 + 1) * channels]) }
    let step = FloatDepthwiseConvolution(
      source: source, result: result, window: window, channels: channels, weights: AlignedMemory(copying: packed),
      bias: AlignedMemory(copying: paddedFloats(try floatBiases(bias, channels: channels, node)[...])),
      range: try floatRange(activation, node), outside: AlignedMemory(byteCount: channels * 4), kernels: family.table)
    try countConstant(bytes: step.bias.byteCount)
    try emit(step, reading: [source], writing: [result])
  }

  private func constantFloats(_ operand: Operand, _ node: Node) throws(CompilationError) -> [Float] {
    try node.checkType(self[operand].type == .float32, "\"\(self[operand].name)\" is not of float32")
    guard let elements = try constantElements(of: operand, as: Float.self, node) else {
      throw node.unsupported("weights and bias must be constant here; they are computed while the model runs")
    }
    return elements
  }

  private func floatBiases(_ bias: Operand?, channels: Int, _ node: Node) throws(CompilationError) -> [Float] {
    guard let bias else { return [Float](repeating: 0, count: channels) }
    let values = try constantFloats(bias, node)
    try node.check(values.count == channels, "the bias has \(values.count) values for \(channels) results")
    return values
  }
}
