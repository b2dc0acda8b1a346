import CKernels
import TFLite

/// DEPTHWISE_CONV_2D on float activations with int8 weights: as `DepthwiseConvolution`, on activations that were
/// quantized a moment before.
struct DynamicDepthwiseConvolution: Step {
  let source: Operand
  /// A `DynamicScale` for each picture.
  let scales: Operand
  let result: Operand
  let rows: PictureRows
  let weights: DynamicWeights
  /// Where the range of the results goes, if somebody wants it.
  let range: RangeSink?
  let kernels: KernelTable

  var partCount: Int { rows.window.batches * rows.window.outputHeight }
  /// The factors of each channel, then rows of the picture.
  var scratchByteCount: Int { weights.scratchByteCount + rows.scratchByteCount }

  func run(_ parts: Range<Int>, in arena: Arena) {
    let seen = range?.begin(in: arena)
    let height = rows.window.outputHeight
    var next = parts.lowerBound
    while next < parts.upperBound {
      let picture = next / height
      let end = min(parts.upperBound, (picture + 1) * height)
      convolve(picture, next..<end, seen, in: arena)
      next = end
    }
  }

  private func convolve(
    _ picture: Int, _ parts: Range<Int>, _ seen: UnsafeMutablePointer<Float>?, in arena: Arena
  ) {
    let table = kernels.pointer
    let (window, channels) = (rows.window, weights.columns)
    let scale = arena.elements(scales, as: DynamicScale.self)[picture]
    let offset = table.pointee.gemm_s8_shape.activation_offset
    var epilogue = weights.epilogue(for: scale, offset: offset, scratch: arena.scratch, range: seen)
    var geometry = window.depthwiseGeometry(
      pixelByteCount: channels, resultByteCount: channels * MemoryLayout<Float>.stride)
    let ring = PictureRows.Ring(
      rows, input: arena.bytes(source), outside: UInt8(truncatingIfNeeded: scale.zeroPoint &+ offset),
      scratch: arena.scratch + weights.scratchByteCount)
    for part in parts {
      let pointers = UnsafeRawPointer(ring.pointers(forRow: part)).assumingMemoryBound(to: UnsafePointer<Int8>?.self)
      table.pointee.depthwise_s8(
        window.outputWidth, channels, &geometry, pointers, weights.packed.start,
        arena.float(result) + part * window.outputWidth * channels, &epilogue)
    }
  }
}

extension Compiler {
  /// DEPTHWISE_CONV_2D with a float input of as many channels as results, and int8 weights [tap][channel]. TFLite
  /// quantizes each picture by itself, never symmetrically.
  mutating func emitDynamicDepthwise(
    source: Operand, result: Operand, window: Window, weights: Operand, bias: Operand?, activation: Activation,
    _ node: Node
  ) throws(CompilationError) {
    let channels = self[weights].shape[3]
    let layer = try dynamicLayer(weights: weights, bias: bias, channels: channels, activation: activation, node)
    let unpacked = try weightsToPack(weights, node)
    let table = family.table.pointer.pointee
    guard let byteCount = Int(exactly: table.packed_depthwise_s8_bytes(window.height, window.width, channels)),
      byteCount <= options.constantByteLimit
    else {
      throw .tooBig("the packed weights of a layer take more than the limit of \(options.constantByteLimit) bytes")
    }
    let memory = packed.next(byteCount: byteCount)
    let sums = unpacked?.packDepthwise(
      height: window.height, width: window.width, channels: channels, table: family.table, into: memory.start)
    let packedWeights = DynamicWeights(
      packed: memory, sums: packedSums(sums, count: channels), scales: layer.weightScales, bias: layer.bias,
      activation: layer.activation)
    try countConstant(bytes: packedWeights.byteCount)
    let form = try dynamicForm(of: source, rows: window.batches, isSymmetric: false, node)
    let range = try rangeSink(for: result, partCount: window.batches * window.outputHeight, node)
    let step = DynamicDepthwiseConvolution(
      source: form.operand, scales: form.scales, result: result,
      rows: PictureRows(window: window, pixelByteCount: channels), weights: packedWeights, range: range,
      kernels: family.table)
    try emit(step, reading: [form.operand, form.scales], writing: [result] + range.operands)
  }
}
