import FixedPoint
import TFLite

/// What SOFTMAX and LOG_SOFTMAX know of each distance below a row's largest value, 0 to 255 steps, in fixed point as
/// TFLite's reference kernels compute it.
struct DifferenceTables: Sendable {
  private let multiplier: FixedPointMultiplier
  /// Differences below this count as minus infinity.
  private let least: Int
  /// The differences in Q5.26.
  let differences: [Int32]
  /// Their exponentials in Q0.31; 0 for those that count as nothing.
  let exponentials: [Int32]
  /// The same in Q12.19, as they are summed.
  let terms: [Int32]

  init(scale: Float, beta: Float, _ node: Node) throws(CompilationError) {
    let real = min(Double(beta) * Double(scale) * 0x1p26, 0x1p31 - 1)
    guard real > 1 else { throw node.unsupported("the operand's scale \(scale) times \(beta) is too small") }
    let multiplier = FixedPointMultiplier(real: real)
    let bound = (31 * 0x1p26 / Double(sign: .plus, exponent: Int(multiplier.shift), significand: 1)).rounded(.down)
    let least = -Int(bound)
    self.multiplier = multiplier
    self.least = least
    differences = (0...255).map { multiplier.roundingTwice(Int32(-$0)) }
    exponentials = zip(0..., differences).map { -$0 < least ? 0 : fixedPointExponential($1) }
    terms = exponentials.map { roundingRightShift($0, by: 12) }
  }

  /// The step below the largest value at which a logarithm can no longer be told from the least one.
  func limit(logarithmOfSum: Int32) -> Int {
    let unit = Double(sign: .plus, exponent: 31 - Int(multiplier.shift), significand: 1)
    let reverse = FixedPointMultiplier(real: unit / Double(multiplier.multiplier))
    return max(least - 1, Int(reverse.roundingTwice(logarithmOfSum &+ Int32.min)))
  }
}

/// SOFTMAX and LOG_SOFTMAX in int8.
struct Softmax: Step {
  let source: Operand
  let result: Operand
  let rows: Int
  let depth: Int
  let tables: DifferenceTables
  let isLogarithm: Bool
  let kernels: KernelTable

  var partCount: Int { rows }
  var scratchByteCount: Int { 256 }

  func run(_ parts: Range<Int>, in arena: Arena) {
    tables.terms.withUnsafeBufferPointer { terms in
      for row in parts {
        let from = UnsafePointer(arena.int8(source) + row * depth)
        let target = arena.int8(result) + row * depth
        var largest = Int8.min
        for index in 0..<depth { largest = max(largest, from[index]) }
        var sum: Int32 = 0
        for index in 0..<depth { sum = sum &+ terms[Int(largest) - Int(from[index])] }
        if isLogarithm {
          writeLogarithms(from, target, largest: Int(largest), sum: sum)
        } else {
          writeShares(
            from, target, largest: Int(largest), sum: sum, table: arena.scratch.assumingMemoryBound(to: Int8.self))
        }
      }
    }
  }

  /// Each exponential as a share of the sum, in steps of 1/256. In a row that is longer than a `table` of all bytes, that is
  /// filled first.
  private func writeShares(
    _ from: UnsafePointer<Int8>, _ target: UnsafeMutablePointer<Int8>, largest: Int, sum: Int32,
    table: UnsafeMutablePointer<Int8>
  ) {
    let share = ShareOfSum(sum)
    tables.exponentials.withUnsafeBufferPointer { exponentials in
      if depth > 256 {
        for value in -128...largest { table[value & 255] = share.steps(exponentials[largest - value]) }
        kernels.pointer.pointee.lookup_s8(depth, from, table, target)
      } else {
        for index in 0..<depth { target[index] = share.steps(exponentials[largest - Int(from[index])]) }
      }
    }
  }

  /// The logarithm of each share, in steps of 1/16 below 127.
  private func writeLogarithms(
    _ from: UnsafePointer<Int8>, _ target: UnsafeMutablePointer<Int8>, largest: Int, sum: Int32
  ) {
    let logarithmOfSum = fixedPointLogarithm(sum)
    let limit = tables.limit(logarithmOfSum: logarithmOfSum)
    for index in 0..<depth {
      let distance = largest - Int(from[index])
      let steps = roundingRightShift(tables.differences[distance] &- logarithmOfSum, by: 22)
      target[index] = -distance > limit ? Int8(clamping: Int(steps) + 127) : -128
    }
  }
}

/// What part of a sum in Q12.19 an exponential is.
private struct ShareOfSum {
  private let reciprocal: Int32
  private let shift: Int32

  init(_ sum: Int32) {
    let (fraction, bitsOverUnit) = fixedPointReciprocal(UInt32(bitPattern: sum), integerBits: 12)
    reciprocal = fraction
    shift = Int32(bitsOverUnit + 23)
  }

  /// In steps of 1/256 from -128 on.
  func steps(_ exponential: Int32) -> Int8 {
    Int8(clamping: Int(roundingRightShift(roundingDoublingHighMultiply(reciprocal, exponential), by: shift)) - 128)
  }
}

extension Compiler {
  mutating func compileSoftmax(_ node: Node, isLogarithm: Bool) throws(CompilationError) {
    var beta: Float = 1
    if !isLogarithm, case .softmax(let value) = node.options { beta = value }
    let source = try input(0, of: node)
    let value = self[source]
    guard let depth = value.shape.last else { throw node.mismatch("a scalar has no dimension to compare along") }
    let rows = value.elementCount / depth
    if value.type == .int16, !isLogarithm { return try compileInt16Softmax(node, beta: beta) }
    switch value.type {
    case .float32:
      let result = try define(of: node, type: .float32, shape: value.shape)
      let step = FloatSoftmax(
        source: source, result: result, rows: rows, depth: depth, beta: beta, isLogarithm: isLogarithm)
      try emit(step, reading: [source], writing: [result])
    case .int8:
      let result = try define(of: node, type: .int8, shape: value.shape, like: source)
      let wanted = isLogarithm ? Affine(scale: 1 / 16, zeroPoint: 127) : Affine(scale: 1 / 256, zeroPoint: -128)
      let to = try affine(of: result, node)
      try node.checkType(
        to.zeroPoint == wanted.zeroPoint && abs(to.scale - wanted.scale) <= wanted.scale / 1000,
        "the result must have steps of \(wanted.scale) and the \(isLogarithm ? "largest" : "least") zero point")
      let tables = try DifferenceTables(scale: try affine(of: source, node).scale, beta: beta, node)
      let step = Softmax(
        source: source, result: result, rows: rows, depth: depth, tables: tables, isLogarithm: isLogarithm,
        kernels: family.table)
      try emit(step, reading: [source], writing: [result])
    default: throw node.unsupported("operands of \(value.type) are not computed here")
    }
  }
}
