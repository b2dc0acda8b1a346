import FixedPoint
import TFLite

/// BATCH_MATMUL: a matrix product for each of many pairs of matrices.
struct BatchProduct<Arithmetic: ProductArithmetic>: Step {
  /// Matrices [row][depth].
  let left: Operand
  /// Matrices [column][depth].
  let right: Operand
  let result: Operand
  let rows: Int
  let columns: Int
  let depth: Int
  let batches: BatchWalk
  let arithmetic: Arithmetic

  private static var tile: Int { 8 }
  private var tilesOfMatrix: Int { (rows + Self.tile - 1) / Self.tile }
  var partCount: Int { batches.count * tilesOfMatrix }
  var scratchByteCount: Int { Self.tile * (1 + columns) * 8 }

  func run(_ parts: Range<Int>, in arena: Arena) {
    let pointers = arena.scratch.assumingMemoryBound(to: UnsafePointer<Arithmetic.Element>?.self)
    let sums = (arena.scratch + Self.tile * 8).assumingMemoryBound(to: Arithmetic.Sum.self)
    let output = arena.elements(result, as: Arithmetic.Result.self)
    for part in parts {
      let (batch, tile) = part.quotientAndRemainder(dividingBy: tilesOfMatrix)
      let matrices = batches.matrices(of: batch)
      let first = tile * Self.tile
      let count = min(Self.tile, rows - first)
      let operand = UnsafePointer(arena.elements(left, as: Arithmetic.Element.self))
      for row in 0..<count { pointers[row] = operand + (matrices.left * rows + first + row) * depth }
      arithmetic.sum(
        rows: count, slots: Self.tile, columns: columns, taps: 1, depth: depth, pointers,
        arena.elements(right, as: Arithmetic.Element.self) + matrices.right * columns * depth, sums)
      for row in 0..<count {
        arithmetic.write(
          sums + row * columns, to: output + (batch * rows + first + row) * columns, count: columns)
      }
    }
  }
}

/// Which matrix of each operand belongs to a matrix of the result; dimensions of 1 are broadcast.
struct BatchWalk: Sendable {
  let count: Int
  /// The dimensions, the last first, with how far each operand moves along them in matrices.
  private let axes: [(count: Int, left: Int, right: Int)]

  /// Walks the shape that `left` and `right`, of equally many dimensions, broadcast to.
  init(left: [Int], right: [Int]) {
    var axes: [(count: Int, left: Int, right: Int)] = []
    var (leftStride, rightStride) = (1, 1)
    for (leftCount, rightCount) in zip(left, right).reversed() {
      axes.append(
        (max(leftCount, rightCount), leftCount == 1 ? 0 : leftStride, rightCount == 1 ? 0 : rightStride))
      leftStride *= leftCount
      rightStride *= rightCount
    }
    self.axes = axes
    count = axes.reduce(1) { $0 * $1.count }
  }

  func matrices(of batch: Int) -> (left: Int, right: Int) {
    var (rest, left, right) = (batch, 0, 0)
    for position in axes.indices {
      let axis = axes[position]
      let index = rest % axis.count
      rest /= axis.count
      left += index * axis.left
      right += index * axis.right
    }
    return (left, right)
  }
}

extension Compiler {
  mutating func compileBatchProduct(_ node: Node) throws(CompilationError) {
    guard case .batchMatrixMultiply(let turnsLeft, let turnsRight) = node.options else {
      throw node.mismatch("its settings are missing")
    }
    let (left, right) = (try input(0, of: node), try input(1, of: node))
    switch (self[left].type, self[right].type) {
    case (.float32, .float32):
      let (matrices, shape) = try matrices(left, right, turnsLeft: turnsLeft, turnsRight: turnsRight, node)
      let result = try define(of: node, type: .float32, shape: shape)
      let arithmetic = FloatProducts(
        bias: [Float](repeating: 0, count: shape[shape.count - 1]), range: -Float.infinity...Float.infinity)
      try emit(matrices, arithmetic, result: result)
    case (.int8, .int8):
      try node.checkType(!self[left].isTwin && !self[right].isTwin, "operands of uint8 are not computed here")
      let (first, second) = (try affine(of: left, node), try affine(of: right, node))
      let (matrices, shape) = try matrices(
        try widened(left, zeroPoint: first.zeroPoint, node), try widened(right, zeroPoint: second.zeroPoint, node),
        turnsLeft: turnsLeft, turnsRight: turnsRight, node)
      let result = try define(of: node, type: .int8, shape: shape)
      let to = try affine(of: result, node)
      let scale = try multiplier(Double(first.scale * second.scale) / Double(to.scale), node)
      let requantization = Self.productRequantization(
        shape, { .twice($0) }, scale, zeroPoint: to.zeroPoint, range: -128...127)
      try emit(
        matrices, NarrowProducts(block: ProductBlock.int8, requantization: requantization), result: result)
    case (.int16, .int16), (.int16, .int8):
      let isNarrow = self[right].type == .int8
      let scales = try int16Scale(of: left, node) * int16Scale(of: right, node)
      let (matrices, shape) = try matrices(
        left, isNarrow ? try widened(right, zeroPoint: 0, node) : right, turnsLeft: turnsLeft, turnsRight: turnsRight,
        node)
      let result = try define(of: node, type: .int16, shape: shape)
      let scale = try multiplier(Double(scales) / Double(try int16Scale(of: result, node)), node)
      let requantization = Self.productRequantization(
        shape, { .shortened($0) }, scale, zeroPoint: 0, range: -32768...32767)
      let block = isNarrow ? ProductBlock.int16WithInt8 : ProductBlock.int16
      try emit(matrices, WideProducts(block: block, requantization: requantization), result: result)
    default:
      throw node.unsupported("operands of \(self[left].type) and \(self[right].type) are not computed here")
    }
  }

  /// One scale for all columns of a product without bias.
  private static func productRequantization(
    _ shape: [Int], _ rescaling: ([FixedPointMultiplier]) -> SumRequantization.Rescaling,
    _ scale: FixedPointMultiplier, zeroPoint: Int32, range: ClosedRange<Int32>
  ) -> SumRequantization {
    let columns = shape[shape.count - 1]
    return SumRequantization(
      bias: [Int64](repeating: 0, count: columns),
      rescaling: rescaling([FixedPointMultiplier](repeating: scale, count: columns)), zeroPoint: zeroPoint,
      range: range)
  }

  /// Operands whose rows both lie along the depth.
  private struct Matrices {
    let left: Operand
    let right: Operand
    let rows: Int
    let columns: Int
    let depth: Int
    let batches: BatchWalk
  }

  /// Checks that the operands fit, turns them so that both have their depth last, and gives the result's shape.
  private mutating func matrices(
    _ left: Operand, _ right: Operand, turnsLeft: Bool, turnsRight: Bool, _ node: Node
  ) throws(CompilationError) -> (Matrices, shape: [Int]) {
    let (a, b) = (self[left].shape, self[right].shape)
    try node.check(a.count >= 2 && b.count >= 2, "operands of shapes \(a) and \(b) are not matrices")
    let (left, right) = (
      turnsLeft ? try turned(left, node) : left, turnsRight ? right : try turned(right, node)
    )
    let (rows, depth) = (self[left].shape[a.count - 2], self[left].shape[a.count - 1])
    let (columns, otherDepth) = (self[right].shape[b.count - 2], self[right].shape[b.count - 1])
    let rank = max(a.count, b.count) - 2
    let leftBatches = [Int](repeating: 1, count: rank + 2 - a.count) + a.dropLast(2)
    let rightBatches = [Int](repeating: 1, count: rank + 2 - b.count) + b.dropLast(2)
    try node.check(
      depth == otherDepth && zip(leftBatches, rightBatches).allSatisfy { $0 == $1 || $0 == 1 || $1 == 1 },
      "operands of shapes \(a) and \(b) do not fit")
    let batches = BatchWalk(left: leftBatches, right: rightBatches)
    try countWork(batches.count, rows, depth, columns)
    return (
      Matrices(left: left, right: right, rows: rows, columns: columns, depth: depth, batches: batches),
      zip(leftBatches, rightBatches).map(max) + [rows, columns]
    )
  }

  /// A copy with the last two dimensions exchanged.
  private mutating func turned(_ source: Operand, _ node: Node) throws(CompilationError) -> Operand {
    let (shape, size) = try movable(source, node)
    var order = Array(shape.indices)
    order.swapAt(shape.count - 1, shape.count - 2)
    let target = order.map { shape[$0] }
    let result = try makeValue(Value(name: self[source].name, type: self[source].type, shape: target), node)
    let from = Rearrangement.strides(of: shape, elementByteCount: size)
    let to = Rearrangement.strides(of: target, elementByteCount: size)
    let axes = target.indices.map {
      Rearrangement.Axis(count: target[$0], sourceStride: from[order[$0]], resultStride: to[$0])
    }
    try rearrange(source, to: result, axes: axes, node)
    return result
  }

  private mutating func emit(
    _ matrices: Matrices, _ arithmetic: some ProductArithmetic, result: Operand
  ) throws(CompilationError) {
    let step = BatchProduct(
      left: matrices.left, right: matrices.right, result: result, rows: matrices.rows, columns: matrices.columns,
      depth: matrices.depth, batches: matrices.batches, arithmetic: arithmetic)
    try emit(step, reading: [matrices.left, matrices.right], writing: [result])
  }
}
