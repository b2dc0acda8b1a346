import FixedPoint
import TFLite

extension OperatorCall {
  /// BATCH_MATMUL: the product of the last two dimensions of each operand; the others are broadcast.
  func batchMatrixProduct() throws(ReferenceError) -> [TensorValue] {
    guard case .batchMatrixMultiply(let turnsFirst, let turnsSecond) = options else {
      throw malformed("it has no options")
    }
    let (a, b) = (try input(0), try input(1))
    let (first, second) = (Matrix(a.shape, isTurned: turnsFirst), Matrix(b.shape, isTurned: turnsSecond))
    guard let first, let second, first.columns == second.rows,
      let batches = Broadcast(Array(a.shape.dropLast(2)), Array(b.shape.dropLast(2)))
    else { throw malformed("operands of shapes \(a.shape) and \(b.shape)") }
    let shape = try checked(batches.shape + [first.rows, second.columns])
    switch (a.type, b.type) {
    case (.float32, .float32):
      let sums = Self.products(a.reals, first, b.reals, second, batches)
      return [try result(type: .float32, shape: shape, elements: .reals(sums))]
    case (.int8, .int8), (.int16, .int16), (.int16, .int8):
      let (from, weights, to) = (try affine(a), try affine(b), try outputAffine(a.type))
      let bounds = try bounds(.none, a.type, to)
      let multiplier = FixedPointMultiplier(real: Double(from.scale * weights.scale) / Double(to.scale))
      let sums = Self.products(
        a.integers.map { $0 - from.zeroPoint }, first, b.integers.map { $0 - weights.zeroPoint }, second, batches)
      let values = sums.map { sum in
        let steps =
          a.type == .int16 ? Int(multiplier.roundingOnceShortened(Int64(sum))) : multiplier.roundingTwice(sum)
        return bounds.clamp(steps + to.zeroPoint)
      }
      return [try result(type: a.type, shape: shape, elements: .integers(values))]
    default: throw unsupported("operands of types \(a.type) and \(b.type)")
    }
  }

  private static func products<Number: Numeric>(
    _ a: [Number], _ first: Matrix, _ b: [Number], _ second: Matrix, _ batches: Broadcast
  ) -> [Number] {
    var sums: [Number] = []
    let matrices = zip(
      batches.map(Array(0..<a.count / first.count), Array(0..<b.count / second.count)) { x, _ in x },
      batches.map(Array(0..<a.count / first.count), Array(0..<b.count / second.count)) { _, y in y })
    for (x, y) in matrices {
      for row in 0..<first.rows {
        for column in 0..<second.columns {
          var sum = Number.zero
          for depth in 0..<first.columns {
            sum +=
              a[x * first.count + first.position(row, depth)] * b[y * second.count + second.position(depth, column)]
          }
          sums.append(sum)
        }
      }
    }
    return sums
  }
}

/// One matrix of an operand, as the product sees it.
private struct Matrix {
  let rows: Int
  let columns: Int
  let isTurned: Bool

  init?(_ shape: [Int], isTurned: Bool) {
    guard shape.count >= 2, !shape.contains(0) else { return nil }
    let sizes = shape.suffix(2)
    (rows, columns) = isTurned ? (sizes.last ?? 0, sizes.first ?? 0) : (sizes.first ?? 0, sizes.last ?? 0)
    self.isTurned = isTurned
  }

  var count: Int { rows * columns }
  func position(_ row: Int, _ column: Int) -> Int { isTurned ? column * rows + row : row * columns + column }
}
