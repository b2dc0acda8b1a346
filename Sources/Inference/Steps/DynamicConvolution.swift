import CKernels
import TFLite

/// CONV_2D and FULLY_CONNECTED on float activations with int8 weights: as `Convolution`, on activations that were
/// quantized a moment before.
struct DynamicConvolution: Step {
  let source: Operand
  /// A `DynamicScale` for each batch.
  let scales: Operand
  let result: Operand
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
  /// Where the range of the results goes, if somebody wants it.
  let range: RangeSink?
  let kernels: KernelTable

  private var mr: Int { kernels.pointer.pointee.gemm_s8_shape.mr }
  private var pointerByteCount: Int { Arena.aligned(mr * taps * MemoryLayout<Int>.stride) }
  private var outsideByteCount: Int { Arena.aligned(depth + Arena.slack) }
  private var patchByteCount: Int { tap == .row ? Arena.aligned(depth + Arena.slack) : 0 }

  var partCount: Int { batches * groups.count * parts.count }
  /// Pointers, what a tap outside the picture reads, the factors of each column, and rows that leave the picture.
  var scratchByteCount: Int {
    pointerByteCount + outsideByteCount + Arena.aligned(groups[0].scratchByteCount) + mr * taps * patchByteCount
  }

  func run(_ range: Range<Int>, in arena: Arena) {
    let seen = self.range?.begin(in: arena)
    var next = range.lowerBound
    while next < range.upperBound {
      let matrix = next / parts.count
      let end = min(range.upperBound, (matrix + 1) * parts.count)
      let (batch, group) = matrix.quotientAndRemainder(dividingBy: groups.count)
      multiply(batch: batch, group: group, next - matrix * parts.count..<end - matrix * parts.count, seen, in: arena)
      next = end
    }
  }

  private func multiply(
    batch: Int, group: Int, _ range: Range<Int>, _ seen: UnsafeMutablePointer<Float>?, in arena: Arena
  ) {
    let table = kernels.pointer
    let weights = groups[group]
    let scale = arena.elements(scales, as: DynamicScale.self)[batch]
    let offset = table.pointee.gemm_s8_shape.activation_offset
    let pointers = arena.scratch.assumingMemoryBound(to: UnsafeRawPointer?.self)
    let operands = UnsafeRawPointer(pointers).assumingMemoryBound(to: UnsafePointer<Int8>?.self)
    let outside = (arena.scratch + pointerByteCount).assumingMemoryBound(to: Int8.self)
    outside.update(repeating: Int8(truncatingIfNeeded: scale.zeroPoint &+ offset), count: outsideByteCount)
    let factors = arena.scratch + pointerByteCount + outsideByteCount
    var epilogue = weights.epilogue(for: scale, offset: offset, scratch: factors, range: seen)
    let patches = factors + Arena.aligned(weights.scratchByteCount)
    var geometry = window.geometry(pixelByteCount: inputChannels)
    let input = UnsafeRawPointer(
      arena.int8(source) + batch * window.inputHeight * window.inputWidth * inputChannels + group * depth)
    let output = arena.float(result) + batch * window.outputPixels * outputChannels + group * weights.columns
    for index in range {
      let (rows, columns) = parts.part(index)
      switch tap {
      case .pixel where window.isPointwise:
        for row in 0..<rows.count { pointers[row] = input + (rows.lowerBound + row) * inputChannels }
      case .pixel: maskd_point_taps(&geometry, input, outside, rows.lowerBound, rows.count, mr, pointers)
      case .row:
        maskd_point_rows(
          &geometry, input, outside, rows.lowerBound, rows.count, mr, pointers, patches, patchByteCount)
      }
      table.pointee.gemm_s8(
        rows.count, columns.lowerBound, columns.count, taps, readDepth, operands, weights.packed.start, nil,
        output + rows.lowerBound * outputChannels + columns.lowerBound, outputChannels * MemoryLayout<Float>.stride,
        &epilogue)
    }
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
    let form = try dynamicForm(of: source, rows: batches, isSymmetric: isSymmetric, node)
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
      mr: family.table.pointer.pointee.gemm_s8_shape.mr)
    let range = try rangeSink(for: result, partCount: batches * groupCount * parts.count, node)
    let step = DynamicConvolution(
      source: form.operand, scales: form.scales, result: result, window: window, batches: batches,
      inputChannels: inputChannels, outputChannels: channels, groups: groups, tap: isRowTap ? .row : .pixel, taps: taps,
      depth: tapDepth, readDepth: readDepth, parts: parts, range: range,
      kernels: family.table)
    try emit(step, reading: [form.operand, form.scales], writing: [result] + range.operands)
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
    let memory = packed.next(byteCount: byteCount)
    let sums = packedSums(
      weights?.packMatrix(columns: columns, taps: taps, depth: depth, shape: shape, into: memory.start),
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
