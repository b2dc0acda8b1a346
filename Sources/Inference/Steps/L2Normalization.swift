import FixedPoint
import TFLite

/// L2_NORMALIZATION in int8: rows of length 1, in steps of 1/128.
struct L2Normalization: Step {
  let source: Operand
  let result: Operand
  let rows: Int
  let depth: Int
  let zeroPoint: Int32

  var partCount: Int { rows }

  func run(_ parts: Range<Int>, in arena: Arena) {
    for row in parts {
      let from = arena.int8(source) + row * depth
      let target = arena.int8(result) + row * depth
      var sum: Int32 = 0
      for index in 0..<depth {
        let value = Int32(from[index]) - zeroPoint
        sum = sum &+ value * value
      }
      let inverse = fixedPointInverseSquareRoot(sum)
      let scale = FixedPointMultiplier(multiplier: inverse.multiplier, shift: inverse.shift + 7)
      for index in 0..<depth { target[index] = Int8(clamping: scale.roundingTwice(Int32(from[index]) - zeroPoint)) }
    }
  }
}

/// The same in legacy uint8, whose differences are shifted before they are scaled.
struct LegacyL2Normalization: Step {
  let source: Operand
  let result: Operand
  let rows: Int
  let depth: Int
  let zeroPoint: Int32

  var partCount: Int { rows }

  func run(_ parts: Range<Int>, in arena: Arena) {
    for row in parts {
      let from = arena.int8(source) + row * depth
      let target = arena.int8(result) + row * depth
      var sum: Int32 = 0
      for index in 0..<depth {
        let value = Int32(from[index]) - zeroPoint
        sum = sum &+ value * value
      }
      let inverse = fixedPointInverseSquareRoot(sum)
      for index in 0..<depth {
        target[index] = Int8(clamping: inverse.roundingTwice(128 * (Int32(from[index]) - zeroPoint)))
      }
    }
  }
}

/// The same in float32.
struct FloatL2Normalization: Step {
  let source: Operand
  let result: Operand
  let rows: Int
  let depth: Int

  var partCount: Int { rows }

  func run(_ parts: Range<Int>, in arena: Arena) {
    for row in parts {
      let from = arena.float(source) + row * depth
      let target = arena.float(result) + row * depth
      var sum: Float = 0
      for index in 0..<depth { sum += from[index] * from[index] }
      // Rows of zeros stay zeros.
      let length = max(sum.squareRoot(), 1e-6)
      for index in 0..<depth { target[index] = from[index] / length }
    }
  }
}

extension Compiler {
  mutating func compileL2Normalization(_ node: Node) throws(CompilationError) {
    let source = try input(0, of: node)
    let value = self[source]
    guard let depth = value.shape.last else { throw node.mismatch("a scalar has no dimension to normalize along") }
    let rows = value.elementCount / depth
    switch value.type {
    case .float32:
      let result = try define(of: node, type: .float32, shape: value.shape)
      let step = FloatL2Normalization(source: source, result: result, rows: rows, depth: depth)
      try emit(step, reading: [source], writing: [result])
    case .int8:
      let result = try define(of: node, type: .int8, shape: value.shape, like: source)
      try node.checkType(
        try affine(of: result, node) == Affine(scale: 1 / 128, zeroPoint: 0),
        "the result must have steps of 1/128 and its zero point in the middle")
      let zeroPoint = try affine(of: source, node).zeroPoint
      if value.isTwin {
        let step = LegacyL2Normalization(
          source: source, result: result, rows: rows, depth: depth, zeroPoint: zeroPoint)
        try emit(step, reading: [source], writing: [result])
      } else {
        let step = L2Normalization(source: source, result: result, rows: rows, depth: depth, zeroPoint: zeroPoint)
        try emit(step, reading: [source], writing: [result])
      }
    default: throw node.unsupported("operands of \(value.type) are not computed here")
    }
  }
}
