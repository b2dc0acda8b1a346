import CKernels
import TFLite

/// DEPTHWISE_CONV_2D on float activations with int8 weights: as `DepthwiseConvolution`, on activations that are
/// quantized while it goes over them, or were a moment before.
struct DynamicDepthwiseConvolution: Step {
  let source: DynamicSource
  /// Whether one thread alone runs the step.
  let isAlone: Bool
  var result: Operand
  let rows: PictureRows
  let weights: DynamicWeights
  var fused: FusedArithmetic?
  /// Where the range of the results goes, if somebody wants it.
  var range: RangeSink?
  let kernels: KernelTable

  private var factorByteCount: Int { Arena.aligned(weights.scratchByteCount) }
  private var offset: Int32 { kernels.pointer.pointee.gemm_s8_shape.activation_offset }

  var partCount: Int { rows.window.batches * rows.window.outputHeight }
  /// The factors of each channel, then rows of the picture.
  var scratchByteCount: Int { factorByteCount + rows.scratchByteCount }

  /// Rows of floats are read for the last time before results are written in their place: from then on they stand
  /// quantized in the ring. Another thread would still read those at the edge of its share.
  var overwritable: [Operand] {
    guard isAlone, case .floats(let operand, _, _) = source, rows.resultsFollowReading else { return [] }
    return [operand]
  }

  func run(_ parts: Range<Int>, in arena: Arena) {
    _ = range?.begin(in: arena)
    let height = rows.window.outputHeight
    var next = parts.lowerBound
    while next < parts.upperBound {
      let picture = next / height
      let end = min(parts.upperBound, (picture + 1) * height)
      convolve(picture, next..<end, in: arena)
      next = end
    }
  }

  private func convolve(_ picture: Int, _ parts: Range<Int>, in arena: Arena) {
    let (window, channels) = (rows.window, weights.columns)
    let scale = source.scale(ofBatch: picture, in: arena)
    let place = range?.place(in: arena)
    weights.fill(arena.scratch, for: scale, offset: offset)
    var epilogue = weights.epilogue(arena.scratch, range: fused == nil ? place : nil)
    var geometry = window.depthwiseGeometry(
      pixelByteCount: channels, resultByteCount: channels * MemoryLayout<Float>.stride)
    let (floats, count) = (source.floats(in: arena), window.inputWidth * channels)
    let ring = PictureRows.Ring(
      rows, input: source.bytes(in: arena), outside: UInt8(truncatingIfNeeded: scale.zeroPoint &+ offset),
      scratch: arena.scratch + factorByteCount)
    let rowCount = window.outputWidth * channels
    rows.forEachGroup(of: parts) { group in
      let taps: UnsafeMutablePointer<UnsafeRawPointer?>
      if let floats {
        taps = ring.pointers(forRows: group) { row, columns, target in
          scale.quantize(
            floats + row * count, count: columns * channels, to: target.assumingMemoryBound(to: Int8.self),
            hasOffset: offset != 0, kernels)
        }
      } else {
        taps = ring.pointers(forRows: group)
      }
      let target = arena.float(result) + group.lowerBound * rowCount
      kernels.pointer.pointee.depthwise_s8(
        group.count, window.outputWidth, channels, &geometry,
        UnsafeRawPointer(taps).assumingMemoryBound(to: UnsafePointer<Int8>?.self), weights.packed.start, target,
        &epilogue)
      let groupCount = group.count * rowCount
      fused?.run(
        target, rows: 1, columns: groupCount, valueStride: groupCount, to: target, stride: groupCount, first: 0,
        range: place, in: arena, kernels)
    }
  }
}

extension DynamicDepthwiseConvolution: FusableLayer {
  var fusesSums: Bool { false }

  func fusing(_ arithmetic: FusedArithmetic, result: Operand, range: RangeSink?) -> DynamicDepthwiseConvolution {
    var step = self
    (step.fused, step.result, step.range) = (arithmetic, result, range)
    return step
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
    let input = try dynamicSource(of: source, rows: window.batches, isSymmetric: false, quantizesItself: true, node)
    let range = try rangeSink(for: result, partCount: window.batches * window.outputHeight, node)
    var rows = PictureRows(window: window, pixelByteCount: channels)
    if case .floats = input { rows.areComputed = true }
    let step = DynamicDepthwiseConvolution(
      source: input, isAlone: options.threadCount <= 1, result: result, rows: rows, weights: packedWeights,
      range: range, kernels: family.table)
    try emit(step, reading: input.operands, writing: [result] + range.operands)
  }
}
