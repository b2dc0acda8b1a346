import CKernels

/// MEAN and SUM in float32: the operand is read once from first to last, and each run added to its results.
struct FloatMean: Step {
  let source: Operand
  let result: Operand
  /// The operand's loops, with zero for the results along a reduced dimension.
  let walk: BroadcastWalk
  let resultCount: Int
  let divisor: Float
  let kernels: KernelTable

  func run(_ parts: Range<Int>, in arena: Arena) {
    let arithmetic = kernels.pointer.pointee.arithmetic_f32
    let unlimited = -Float.infinity...Float.infinity
    let (input, output) = (arena.float(source), arena.float(result))
    output.update(repeating: 0, count: resultCount)
    for run in 0..<walk.runs {
      let start = walk.offsets(ofRun: run)
      let from = input + start.left
      let to = output + start.right
      if walk.rightStep == 1 {
        arithmetic?(MASKD_ADD, walk.count, to, 1, from, 1, unlimited.lowerBound, unlimited.upperBound, to)
      } else {
        for index in 0..<walk.count { to[0] += from[index] }
      }
    }
    withUnsafePointer(to: divisor) {
      arithmetic?(MASKD_DIVIDE, resultCount, output, 1, $0, 0, unlimited.lowerBound, unlimited.upperBound, output)
    }
  }
}
