import CKernels

/// ADD or SUB of what a convolution computes and of another tensor: tile by tile, while the tile is in the first cache.
struct TileSum {
  /// What is added, as large as the result.
  let other: Operand
  /// Whether the convolution's side is the left one.
  let isLeft: Bool
  /// Whether the result may take the bytes of what is added: not where the convolution reads them too.
  let isOverwritable: Bool
  let operation: QuantizedSum

  /// Adds a tile whose pixels stand one behind the other; `stride` leads from a pixel of the other two to the next.
  @inline(__always)
  func add(
    _ tile: UnsafePointer<Int8>, to other: UnsafePointer<Int8>, result: UnsafeMutablePointer<Int8>, rows: Int,
    columns: Int, stride: Int
  ) {
    let (runs, count) = columns == stride ? (1, rows * columns) : (rows, columns)
    let shape = maskd_broadcast(
      runs: runs, count: count, left_step: 1, left_stride: isLeft ? columns : stride, right_step: 1,
      right_stride: isLeft ? stride : columns, result_stride: max(count, stride))
    operation.apply(shape, left: isLeft ? tile : other, right: isLeft ? other : tile, result: result)
  }
}
