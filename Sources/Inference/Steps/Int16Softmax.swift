import FixedPoint
import TFLite

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// SOFTMAX in int16: exponentials and the reciprocal of their sum from tables, as TFLite's reference kernel takes them.
struct Int16Softmax: Step {
  let source: Operand
  let result: Operand
  let rows: Int
  let depth: Int
  /// Takes a difference to the row's largest value to 65535 steps of 10 / 65535.
  let scale: FixedPointMultiplier

  /// e^x for x in -10...0, in steps of 2 / 65535.
  private let exponentials = Int16Table(
    inputScale: 10.0 / 65535, inputOffset: -32767, outputScale: 2.0 / 65535
  ) { (x: Double) in exp(x) }
  /// 1 / (1 + x) for x in 0...1.
  private let reciprocals = Int16Table(
    inputScale: 1.0 / 65535, inputOffset: 32768, outputScale: 2.0 / 65535
  ) { (x: Double) in 1 / (1 + x) }

  init(source: Operand, result: Operand, rows: Int, depth: Int, scale: FixedPointMultiplier) {
    self.source = source
    self.result = result
    self.rows = rows
    self.depth = depth
    self.scale = scale
  }

  var partCount: Int { rows }

  func run(_ parts: Range<Int>, in arena: Arena) {
    for row in parts {
      let from = arena.elements(source, as: Int16.self) + row * depth
      let target = arena.elements(result, as: Int16.self) + row * depth
      var largest = Int16.min
      for index in 0..<depth { largest = max(largest, from[index]) }
      // The exponentials lie in the result until they are scaled.
      var sum: Int32 = 0
      for index in 0..<depth {
        let difference = scale.roundingTwice(Int32(from[index]) - Int32(largest))
        target[index] = exponentials.value(at: Int16(clamping: difference &+ 32767))
        sum = sum &+ Int32(target[index])
      }
      share(target, sum: sum)
    }
  }

  /// Divides each exponential by their sum, in steps of 1/32768.
  private func share(_ target: UnsafeMutablePointer<Int16>, sum: Int32) {
    // The largest value alone gives 32767, so the sum is above 0, but for rows so long that it wraps.
    let leadingZeros = max(1, sum.leadingZeroBitCount)
    let normalized = ((Int64(sum) << Int64(leadingZeros - 1)) + (1 << 13)) >> 14
    let reciprocal = Int64(reciprocals.value(at: Int16(clamping: normalized - (1 << 15) - (1 << 16))))
    let shift = Int64(31 - leadingZeros)
    let half: Int64 = shift > 0 ? 1 << (shift - 1) : 0
    for index in 0..<depth {
      let steps = (Int64(target[index]) * reciprocal + half) >> shift
      target[index] = Int16(clamping: max(0, steps))
    }
  }
}

extension Compiler {
  mutating func compileInt16Softmax(_ node: Node, beta: Float) throws(CompilationError) {
    let source = try input(0, of: node)
    let shape = self[source].shape
    let depth = shape.last ?? 1
    let result = try define(of: node, type: .int16, shape: shape)
    let (from, to) = (try int16Scale(of: source, node), try int16Scale(of: result, node))
    try node.checkType(
      abs(to * 32768 - 1) <= 0.001, "a result of the scale \(to); the reference kernel gives it in steps of 1/32768")
    let scale = try multiplier(Double(from * beta) / (10.0 / 65535), node)
    let step = Int16Softmax(
      source: source, result: result, rows: self[source].elementCount / depth, depth: depth, scale: scale)
    try emit(step, reading: [source], writing: [result])
  }
}
