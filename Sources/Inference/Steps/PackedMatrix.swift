import CKernels
import FixedPoint
import TFLite

/// What a matrix product is packed from, of all its columns.
struct UnpackedMatrix {
  let weights: WeightSource
  let bias: [Int32]
  let rescaling: Rescaling
}

/// The int8 weights of one matrix product in the order in which the kernel reads them, with what turns its sums into
/// results.
struct PackedMatrix: Sendable {
  let columns: Int
  let taps: Int
  let depth: Int
  /// What the kernel is told of the depth: as much, or rounded up to whole groups of products. Weights beyond the depth
  /// are zero.
  private(set) var readDepth: Int
  let memory: AlignedMemory
  let requantization: Requantization
  /// What a weight zero point asks of each row: `rowScale * (sum of the row's activations)`; 0 asks for nothing.
  let rowScale: Int32

  /// Packs some columns of `unpacked`, for products of `rows` rows; where there is none, takes what `constants` has of
  /// them.
  init(
    _ unpacked: UnpackedMatrix?, rows: Int, columns: Range<Int>, taps: Int, depth: Int, layer: QuantizedLayer,
    rounding: maskd_rounding, hasOffset: Bool, table: KernelTable, byteLimit: Int,
    packed constants: inout PackedConstants
  ) throws(CompilationError) {
    self.columns = columns.count
    self.taps = taps
    self.depth = depth
    readDepth = depth
    var shape = table.pointer.pointee.gemm_s8_shape
    let packedByteCount = maskd_packed_gemm_s8_bytes(&shape, columns.count, taps, depth)
    guard let byteCount = Int(exactly: packedByteCount), byteCount <= byteLimit else {
      throw .tooBig("the packed weights of a layer take more than the limit of \(byteLimit) bytes")
    }
    rowScale = -layer.weightZeroPoint
    memory = constants.nextMatrix(
      byteCount: byteCount, columns: columns.count, taps: taps, depth: depth, shape: shape)
    let scaling = constants.next(byteCount: Requantization.byteCount(columns: columns.count))
    let isProven = Requantization.gainsFromProof(
      rows: rows, products: taps * depth, layer: layer, rounding: rounding, table: table)
    let proof = isProven ? constants.next(byteCount: Requantization.byteCount(columns: columns.count)) : nil
    guard let unpacked else {
      requantization = Requantization(
        filled: scaling, proof: proof, columns: columns.count, rounding: rounding, layer: layer, hasOffset: hasOffset,
        packed: &constants)
      return
    }
    let sums = unpacked.weights.packMatrix(
      columns: columns, taps: taps, depth: depth, shape: shape, wantsMagnitudes: isProven, into: memory.start)

    // sum of (a - za)(w - zw) = sum of (a + offset) w - (za + offset) * sum of w - zw * sum of a + n * za * zw
    let offset = layer.input.zeroPoint &+ shape.activation_offset
    let constant = Int32(truncatingIfNeeded: taps * depth) &* layer.input.zeroPoint &* layer.weightZeroPoint
    let bias = zip(sums.sums, unpacked.bias[columns]).map { sum, bias in bias &- offset &* sum &+ constant }
    var requantization = Requantization(
      bias: bias, rescaling: unpacked.rescaling[columns], zeroPoint: layer.result.zeroPoint, range: layer.range,
      hasOffset: hasOffset, in: scaling)
    if let proof { requantization.prove(in: proof, weights: sums, table: table) }
    self.requantization = requantization
  }

  /// The same for operands whose taps may be read beyond their ends, by less than `Arena.slack` bytes.
  func readingWholeGroups(_ table: KernelTable) -> PackedMatrix {
    var copy = self
    copy.readDepth = table.wholeGroups(ofDepth: depth, taps: taps)
    return copy
  }

  var byteCount: Int { memory.byteCount + requantization.byteCount }
}

extension KernelTable {
  /// A tap's depth rounded up to whole groups of products; as it is where the family packs taps without padding between
  /// them.
  func wholeGroups(ofDepth depth: Int, taps: Int) -> Int {
    let shape = pointer.pointee.gemm_s8_shape
    guard taps == 1 || !shape.is_dense else { return depth }
    return (depth + shape.kr - 1) / shape.kr * shape.kr
  }
}
