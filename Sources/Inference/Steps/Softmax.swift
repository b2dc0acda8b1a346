import TFLite

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// SOFTMAX in int8: exponentials of all differences to the largest value, from a table.
struct Softmax: Step {
  let source: Operand
  let result: Operand
  let rows: Int
  let depth: Int
  /// exp(-beta * scale * d) for d = 0...255 steps below the largest.
  let exponentials: [Float]
  let to: Affine
  /// Whether int8 stands for uint8, whose results the reference rounds half up.
  let isTwin: Bool

  var partCount: Int { rows }

  func run(_ parts: Range<Int>, in arena: Arena) {
    exponentials.withUnsafeBufferPointer { table in
      for row in parts {
        let from = arena.int8(source) + row * depth
        let target = arena.int8(result) + row * depth
        var largest = Int8.min
        for index in 0..<depth { largest = max(largest, from[index]) }
        var sum: Float = 0
        for index in 0..<depth { sum += table[Int(largest) - Int(from[index])] }
        let factor = 1 / (sum * to.scale)
        for index in 0..<depth {
          let steps = table[Int(largest) - Int(from[index])] * factor
          let rounded = isTwin ? (steps + 0.5).rounded(.down) : steps.rounded(.toNearestOrAwayFromZero)
          target[index] = Int8(min(max(rounded + Float(to.zeroPoint), -128), 127))
        }
      }
    }
  }
}

/// SOFTMAX and LOG_SOFTMAX in float32.
struct FloatSoftmax: Step {
  let source: Operand
  let result: Operand
  let rows: Int
  let depth: Int
  let beta: Float
  let isLogarithm: Bool

  var partCount: Int { rows }

  func run(_ parts: Range<Int>, in arena: Arena) {
    for row in parts {
      let from = arena.float(source) + row * depth
      let target = arena.float(result) + row * depth
      var largest = -Float.greatestFiniteMagnitude
      for index in 0..<depth { largest = max(largest, from[index]) }
      var sum: Float = 0
      for index in 0..<depth { sum += exp((from[index] - largest) * beta) }
      let logarithm = log(sum)
      for index in 0..<depth {
        let difference = (from[index] - largest) * beta
        target[index] = isLogarithm ? difference - logarithm : exp(difference) / sum
      }
    }
  }
}

extension Compiler {
  mutating func compileSoftmax(_ node: Node) throws(CompilationError) {
    var beta: Float = 1
    if case .softmax(let value) = node.options { beta = value }
    let source = try input(0, of: node)
    let value = self[source]
    guard let depth = value.shape.last else { throw node.mismatch("a scalar has no dimension to compare along") }
    let rows = value.elementCount / depth
    switch value.type {
    case .float32:
      let result = try define(of: node, type: .float32, shape: value.shape)
      let step = FloatSoftmax(
        source: source, result: result, rows: rows, depth: depth, beta: beta, isLogarithm: false)
      try emit(step, reading: [source], writing: [result])
    case .int8:
      let from = try affine(of: source, node)
      let result = try define(of: node, type: .int8, shape: value.shape, like: source)
      let to = try affine(of: result, node)
      let slope = -from.scale * beta
      let step = Softmax(
        source: source, result: result, rows: rows, depth: depth,
        exponentials: (0...255).map { exp(slope * Float($0)) }, to: to, isTwin: value.isTwin)
      try emit(step, reading: [source], writing: [result])
    default: throw node.unsupported("operands of \(value.type) are not computed here")
    }
  }

  mutating func compileLogSoftmax(_ node: Node) throws(CompilationError) {
    let source = try input(0, of: node)
    let value = self[source]
    guard let depth = value.shape.last else { throw node.mismatch("a scalar has no dimension to compare along") }
    try node.checkType(value.type == .float32, "operands of \(value.type) are not computed here")
    let result = try define(of: node, type: .float32, shape: value.shape)
    let step = FloatSoftmax(
      source: source, result: result, rows: value.elementCount / depth, depth: depth, beta: 1, isLogarithm: true)
    try emit(step, reading: [source], writing: [result])
  }
}
