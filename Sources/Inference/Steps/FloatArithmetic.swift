import CKernels
import TFLite

/// A binary operator on floats, with broadcasting and a fused activation.
struct FloatArithmetic: Step {
  let left: Operand
  let right: Operand
  let result: Operand
  let walk: BroadcastWalk
  let operation: maskd_arithmetic
  let limits: ClosedRange<Float>
  /// Where the range of the results goes, if somebody wants it.
  let range: RangeSink?
  let kernels: KernelTable

  /// Runs are the parts; a single long run is cut into chunks.
  static func partCount(of walk: BroadcastWalk) -> Int { walk.runs > 1 ? walk.runs : Chunks.count(of: walk.count) }

  var partCount: Int { Self.partCount(of: walk) }
  /// An operand that is not broadcast.
  var overwritable: [Operand] { (walk.takesLeftOnce ? [left] : []) + (walk.takesRightOnce ? [right] : []) }

  func run(_ parts: Range<Int>, in arena: Arena) {
    let seen = range?.begin(in: arena)
    let (left, right, result) = (arena.float(left), arena.float(right), arena.float(result))
    for part in parts {
      if walk.runs > 1 {
        let start = walk.offsets(ofRun: part)
        compute(walk.count, left + start.left, right + start.right, result + part * walk.count, seen)
      } else {
        let chunk = Chunks.range(of: part..<part + 1, in: walk.count)
        compute(
          chunk.count, left + chunk.lowerBound * walk.leftStep, right + chunk.lowerBound * walk.rightStep,
          result + chunk.lowerBound, seen)
      }
    }
  }

  private func compute(
    _ count: Int, _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, _ result: UnsafeMutablePointer<Float>,
    _ seen: UnsafeMutablePointer<Float>?
  ) {
    let table = kernels.pointer
    table.pointee.arithmetic_f32(
      operation, count, left, walk.leftStep, right, walk.rightStep, limits.lowerBound, limits.upperBound, result)
    if let seen { table.pointee.range_f32(count, result, seen) }
  }
}

extension Compiler {
  mutating func emitFloatArithmetic(
    _ operation: maskd_arithmetic, _ operands: BinaryOperands, activation: Activation, _ node: Node
  ) throws(CompilationError) {
    let result = try define(of: node, type: .float32, shape: operands.shape)
    let range = try rangeSink(for: result, partCount: FloatArithmetic.partCount(of: operands.walk), node)
    let step = FloatArithmetic(
      left: operands.left, right: operands.right, result: result, walk: operands.walk, operation: operation,
      limits: try floatRange(activation, node), range: range, kernels: family.table)
    try emit(step, reading: [operands.left, operands.right], writing: [result] + range.operands)
  }

  /// A function of one float that the arithmetic kernels have: a clamp, or HARD_SWISH.
  mutating func emitFloatFunction(
    _ operation: maskd_arithmetic, of source: Operand, limits: ClosedRange<Float>, _ node: Node
  ) throws(CompilationError) {
    let shape = self[source].shape
    let result = try define(of: node, type: .float32, shape: shape)
    // The identity of a maximum of a value with itself: each value is both operands.
    let walk = BroadcastWalk(left: shape, right: shape, result: shape)
    let range = try rangeSink(for: result, partCount: FloatArithmetic.partCount(of: walk), node)
    let step = FloatArithmetic(
      left: source, right: source, result: result, walk: walk, operation: operation, limits: limits, range: range,
      kernels: family.table)
    try emit(step, reading: [source], writing: [result] + range.operands)
  }
}
