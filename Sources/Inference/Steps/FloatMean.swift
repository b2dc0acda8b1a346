import CKernels

/// MEAN and SUM in float32: the operand is read once from first to last, and each run added to its results.
struct FloatMean: Step {
  let source: Operand
  let result: Operand
  /// The operand's loops, with zero for the results along a reduced dimension.
  let walk: BroadcastWalk
  /// Whether the innermost two loops go over columns whose elements come together (`BroadcastWalk.reducesColumns`).
  let isOfColumns: Bool
  let resultCount: Int
  let divisor: Float
  let kernels: KernelTable

  func run(_ parts: Range<Int>, in arena: Arena) {
    let (input, output) = (arena.float(source), arena.float(result))
    if isOfColumns { addColumns(input, to: output) } else { addRuns(input, to: output) }
    var shape = maskd_broadcast(
      runs: 1, count: resultCount, left_step: 1, left_stride: 0, right_step: 0, right_stride: 0,
      result_stride: resultCount)
    withUnsafePointer(to: divisor) {
      kernels.pointer.pointee.arithmetic_f32(
        MASKD_DIVIDE, &shape, output, $0, -Float.infinity, Float.infinity, output, nil)
    }
  }

  /// Over the columns of matrices, such as the pixels of pictures.
  private func addColumns(_ input: UnsafePointer<Float>, to output: UnsafeMutablePointer<Float>) {
    let rows = walk.outer[walk.outer.count - 1]
    for run in stride(from: 0, to: walk.runs, by: rows.count) {
      let start = walk.offsets(ofRun: run)
      kernels.pointer.pointee.sums_of_columns_f32(
        walk.count, rows.count, rows.left, input + start.left, output + start.right)
    }
  }

  private func addRuns(_ input: UnsafePointer<Float>, to output: UnsafeMutablePointer<Float>) {
    output.update(repeating: 0, count: resultCount)
    for run in 0..<walk.runs {
      let start = walk.offsets(ofRun: run)
      let (from, to) = (input + start.left, output + start.right)
      for index in 0..<walk.count { to[index * walk.rightStep] += from[index] }
    }
  }
}
