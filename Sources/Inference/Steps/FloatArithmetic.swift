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
    guard walk.runs > 1 else {
      let range = Chunks.range(of: parts, in: walk.count)
      var chunk = walk.together(fromRun: 0, limit: 1)
      chunk.count = range.count
      if chunk.count == 0 { return }
      kernels.pointer.pointee.arithmetic_f32(
        operation, &chunk, left + range.lowerBound * walk.leftStep, right + range.lowerBound * walk.rightStep,
        limits.lowerBound, limits.upperBound, result + range.lowerBound, seen)
      return
    }
    var run = parts.lowerBound
    while run < parts.upperBound {
      let start = walk.offsets(ofRun: run)
      var shape = walk.together(fromRun: run, limit: parts.upperBound - run)
      kernels.pointer.pointee.arithmetic_f32(
        operation, &shape, left + start.left, right + start.right, limits.lowerBound, limits.upperBound,
        result + run * walk.count, seen)
      run += shape.runs
    }
  }
}

extension Compiler {
  mutating func emitFloatArithmetic(
    _ operation: maskd_arithmetic, _ operands: BinaryOperands, activation: Activation, _ node: Node
  ) throws(CompilationError) {
    let result = try define(of: node, type: .float32, shape: operands.shape)
    if operation == MASKD_ADD, operands.walk.takesLeftOnce, operands.walk.takesRightOnce,
      try fuseSum(operands, result: result, limits: try floatRange(activation, node), node)
    {
      return
    }
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
    if let layer = takeLayer(writing: source, forSum: false) {
      let function = FusedArithmetic(operation: operation, other: nil, limits: limits)
      try emitFused(layer, function, result: result, reading: [], node)
      return
    }
    // The identity of a maximum of a value with itself: each value is both operands.
    let walk = BroadcastWalk(left: shape, right: shape, result: shape)
    let range = try rangeSink(for: result, partCount: FloatArithmetic.partCount(of: walk), node)
    let step = FloatArithmetic(
      left: source, right: source, result: result, walk: walk, operation: operation, limits: limits, range: range,
      kernels: family.table)
    try emit(step, reading: [source], writing: [result] + range.operands)
  }

  /// Lets the layer that made one operand a moment before add the other one.
  private mutating func fuseSum(
    _ operands: BinaryOperands, result: Operand, limits: ClosedRange<Float>, _ node: Node
  ) throws(CompilationError) -> Bool {
    for (operand, other) in [(operands.left, operands.right), (operands.right, operands.left)] {
      guard let layer = takeLayer(writing: operand, forSum: true) else { continue }
      let sum = FusedArithmetic(operation: MASKD_ADD, other: other, limits: limits)
      try emitFused(layer, sum, result: result, reading: [other], node)
      return true
    }
    return false
  }

  private mutating func emitFused(
    _ layer: any FusableLayer, _ arithmetic: FusedArithmetic, result: Operand, reading reads: [Operand], _ node: Node
  ) throws(CompilationError) {
    let range = try rangeSink(for: result, partCount: layer.partCount, node)
    try emitFused(
      layer.fusing(arithmetic, result: result, range: range), reading: reads, writing: [result] + range.operands)
  }
}
