import CKernels
import TFLite

/// DEPTHWISE_CONV_2D in float32: as `DepthwiseConvolution`.
struct FloatDepthwiseConvolution: Step {
  let source: Operand
  /// Makes the rows of the picture; nil where they lie in `source`.
  let producer: (any RowSource)?
  var result: Operand
  let rows: PictureRows
  let channels: Int
  let weights: AlignedMemory
  let bias: AlignedMemory
  let activation: ClosedRange<Float>
  var fused: FusedArithmetic?
  /// Where the range of the results goes, if somebody wants it.
  var range: RangeSink?
  let kernels: KernelTable

  fileprivate var ringByteCount: Int { Arena.aligned(rows.scratchByteCount) }

  var partCount: Int { rows.window.batches * rows.window.outputHeight }
  var scratchByteCount: Int { ringByteCount + producer.scratchByteCount }

  func run(_ parts: Range<Int>, in arena: Arena) {
    _ = range?.begin(in: arena)
    let writer = FloatDepthwiseRows(self, in: arena, scratch: arena.scratch)
    let rowCount = rows.window.outputWidth * channels
    for part in parts {
      writer.write(row: part, columns: rows.window.outputWidth, to: arena.float(result) + part * rowCount)
    }
  }
}

/// A float depthwise convolution, ready to write rows.
struct FloatDepthwiseRows {
  private let kernels: KernelTable
  private let arena: Arena
  private let ring: PictureRows.Ring
  private let producer: RowProducer?
  private let geometry: maskd_depthwise_window
  private let channels: Int
  private let (weights, bias): (UnsafePointer<Float>, UnsafePointer<Float>)
  private let activation: ClosedRange<Float>
  private let fused: FusedArithmetic?
  private let range: UnsafeMutablePointer<Float>?

  init(_ step: FloatDepthwiseConvolution, in arena: Arena, scratch: UnsafeMutableRawPointer) {
    let pixelByteCount = step.channels * MemoryLayout<Float>.stride
    (kernels, self.arena) = (step.kernels, arena)
    producer = step.producer.map { RowProducer($0, in: arena, scratch: scratch + step.ringByteCount) }
    ring = PictureRows.Ring(
      step.rows, input: producer == nil ? UnsafeRawPointer(arena.bytes(step.source)) : nil, outside: 0, scratch: scratch
    )
    geometry = step.rows.window.depthwiseGeometry(pixelByteCount: pixelByteCount, resultByteCount: pixelByteCount)
    (channels, activation) = (step.channels, step.activation)
    weights = UnsafePointer(step.weights.elements(as: Float.self))
    bias = UnsafePointer(step.bias.elements(as: Float.self))
    (fused, range) = (step.fused, step.range?.place(in: arena))
  }

  /// Writes the first `columns` pixels of a row of the picture, counted through all pictures.
  func write(row: Int, columns: Int, to target: UnsafeMutablePointer<Float>) {
    let taps: UnsafeMutablePointer<UnsafeRawPointer?>
    if let producer {
      taps = ring.pointers(forRows: row..<row + 1) {
        producer.write(row: $0, columns: $1, to: $2.assumingMemoryBound(to: Float.self))
      }
    } else {
      taps = ring.pointers(forRows: row..<row + 1)
    }
    withUnsafePointer(to: geometry) {
      kernels.pointer.pointee.depthwise_f32(
        columns, channels, $0, UnsafeRawPointer(taps).assumingMemoryBound(to: UnsafePointer<Float>?.self), weights,
        bias,
        activation.lowerBound, activation.upperBound, target)
    }
    let count = columns * channels
    if let fused {
      fused.run(
        target, rows: 1, columns: count, valueStride: count, to: target, stride: count, first: 0, range: range,
        in: arena, kernels)
    } else if let range {
      kernels.pointer.pointee.range_f32(count, target, range)
    }
  }
}

extension FloatDepthwiseConvolution: RowSource {
  var writesRows: Bool { true }
  var rowScratchByteCount: Int { Arena.aligned(scratchByteCount) }

  func rowWriter(in arena: Arena, scratch: UnsafeMutableRawPointer) -> RowWriter {
    .depthwise(FloatDepthwiseRows(self, in: arena, scratch: scratch))
  }
}

extension FloatDepthwiseConvolution: FusableLayer {
  var fusesSums: Bool { false }

  func fusing(_ arithmetic: FusedArithmetic, result: Operand, range: RangeSink?) -> FloatDepthwiseConvolution {
    var step = self
    (step.fused, step.result, step.range) = (arithmetic, result, range)
    return step
  }
}

extension Compiler {
  mutating func emitFloatDepthwise(
    source: Operand, result: Operand, window: Window, weights: Operand, bias: Operand?, activation: Activation,
    _ node: Node
  ) throws(CompilationError) {
    let channels = self[weights].shape[3]
    let values = try constantFloats(weights, node)
    try countConstant(bytes: window.taps * Requantization.padded(channels) * 4)
    let packed = (0..<window.taps).flatMap { paddedFloats(values[$0 * channels..<($0 + 1) * channels]) }
    let producer = takeRows(of: source)
    let range = try rangeSink(for: result, partCount: window.batches * window.outputHeight, node)
    let step = FloatDepthwiseConvolution(
      source: source, producer: producer, result: result,
      rows: PictureRows(window: window, pixelByteCount: channels * 4, areComputed: producer != nil),
      channels: channels, weights: AlignedMemory(copying: packed),
      bias: AlignedMemory(copying: paddedFloats(try floatBiases(bias, channels: channels, node)[...])),
      activation: try floatRange(activation, node), range: range, kernels: family.table)
    try countConstant(bytes: step.bias.byteCount)
    try emitFused(step, reading: producer == nil ? [source] : [], writing: [result] + range.operands)
  }
}
