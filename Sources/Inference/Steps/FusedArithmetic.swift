import CKernels

/// An elementwise operator on the results of a layer, which computes it while they are in the first caches.
struct FusedArithmetic: Sendable {
  let operation: maskd_arithmetic
  /// The other operand, as large as the result; nil for a function of one value.
  let other: Operand?
  let limits: ClosedRange<Float>

  /// Computes rows of `columns` values, `valueStride` apart, for a result whose rows are `stride` values apart. `first`
  /// is how many values of the result lie before them.
  func run(
    _ values: UnsafePointer<Float>, rows: Int, columns: Int, valueStride: Int,
    to result: UnsafeMutablePointer<Float>, stride: Int, first: Int, range: UnsafeMutablePointer<Float>?,
    in arena: Arena, _ kernels: KernelTable
  ) {
    let isWhole = columns == stride && columns == valueStride
    let (runs, count) = isWhole ? (1, rows * columns) : (rows, columns)
    var shape = maskd_broadcast(
      runs: runs, count: count, left_step: 1, left_stride: valueStride, right_step: 1,
      right_stride: other == nil ? valueStride : stride, result_stride: max(stride, count))
    kernels.pointer.pointee.arithmetic_f32(
      operation, &shape, values, other.map { UnsafePointer(arena.float($0)) + first } ?? values, limits.lowerBound,
      limits.upperBound, result, range)
  }
}

/// A layer that can compute an elementwise operator on its results.
protocol FusableLayer: Step {
  var fused: FusedArithmetic? { get }
  /// Whether the other operand of a sum may be fused as well, not a function alone.
  var fusesSums: Bool { get }
  func fusing(_ arithmetic: FusedArithmetic, result: Operand, range: RangeSink?) -> Self
}

extension Compiler {
  /// Takes the last step back if it writes `source`, which only the operator in work reads, and can compute an
  /// elementwise operator on it: that operator must then emit it.
  mutating func takeLayer(writing source: Operand, forSum: Bool) -> (any FusableLayer)? {
    guard let step = lastStep(writing: source) as? any FusableLayer, step.fused == nil, step.fusesSums || !forSum else {
      return nil
    }
    takeBack()
    return step
  }
}
