import CKernels
import FixedPoint
import TFLite

/// The arithmetic of layers that are too rare for kernels of their own: sums of products, and what becomes of them.
protocol ProductArithmetic: Sendable {
  associatedtype Element: BitwiseCopyable & Sendable
  associatedtype Sum: BitwiseCopyable
  associatedtype Result: BitwiseCopyable

  /// Sums for `rows` operands, `columns` for each: see `maskd_sums_s16`.
  func sum(
    rows: Int, slots: Int, columns: Int, taps: Int, depth: Int, _ operands: UnsafePointer<UnsafePointer<Element>?>,
    _ weights: UnsafePointer<Element>, _ sums: UnsafeMutablePointer<Sum>)
  /// Writes the results of one row, which belong to the channels from 0 on.
  func write(_ sums: UnsafePointer<Sum>, to result: UnsafeMutablePointer<Result>, count: Int)
}

/// Integers as int16 without zero points, with results of int8.
struct NarrowProducts: ProductArithmetic {
  /// Products whose sum fits 32 bits.
  let block: Int
  let requantization: SumRequantization

  func sum(
    rows: Int, slots: Int, columns: Int, taps: Int, depth: Int, _ operands: UnsafePointer<UnsafePointer<Int16>?>,
    _ weights: UnsafePointer<Int16>, _ sums: UnsafeMutablePointer<Int64>
  ) {
    maskd_sums_s16(rows, slots, columns, taps, depth, operands, weights, block, sums)
  }

  func write(_ sums: UnsafePointer<Int64>, to result: UnsafeMutablePointer<Int8>, count: Int) {
    requantization.write(sums, to: result, first: 0, count: count)
  }
}

/// The same with results of int16.
struct WideProducts: ProductArithmetic {
  /// Products whose sum fits 32 bits.
  let block: Int
  let requantization: SumRequantization

  func sum(
    rows: Int, slots: Int, columns: Int, taps: Int, depth: Int, _ operands: UnsafePointer<UnsafePointer<Int16>?>,
    _ weights: UnsafePointer<Int16>, _ sums: UnsafeMutablePointer<Int64>
  ) {
    maskd_sums_s16(rows, slots, columns, taps, depth, operands, weights, block, sums)
  }

  func write(_ sums: UnsafePointer<Int64>, to result: UnsafeMutablePointer<Int16>, count: Int) {
    requantization.write(sums, to: result, first: 0, count: count)
  }
}

/// How many products of two int16 values fit 32 bits together.
enum ProductBlock {
  /// Differences of two int8 values, of 9 bits each.
  static let int8 = 1 << 14
  /// int16 with int8.
  static let int16WithInt8 = 1 << 8
  /// int16 with int16.
  static let int16 = 1
}

/// Floats.
struct FloatProducts: ProductArithmetic {
  /// One entry a result channel.
  let bias: [Float]
  let range: ClosedRange<Float>

  func sum(
    rows: Int, slots: Int, columns: Int, taps: Int, depth: Int, _ operands: UnsafePointer<UnsafePointer<Float>?>,
    _ weights: UnsafePointer<Float>, _ sums: UnsafeMutablePointer<Float>
  ) {
    maskd_sums_f32(rows, slots, columns, taps, depth, operands, weights, sums)
  }

  func write(_ sums: UnsafePointer<Float>, to result: UnsafeMutablePointer<Float>, count: Int) {
    for index in 0..<count { result[index] = min(max(sums[index] + bias[index], range.lowerBound), range.upperBound) }
  }
}

/// int8 values less their zero point, as int16.
struct Widen: Step {
  let source: Operand
  let result: Operand
  let count: Int
  let zeroPoint: Int16

  var partCount: Int { Chunks.count(of: count) }

  func run(_ parts: Range<Int>, in arena: Arena) {
    let (from, to) = (arena.int8(source), arena.elements(result, as: Int16.self))
    for index in Chunks.range(of: parts, in: count) { to[index] = Int16(from[index]) - zeroPoint }
  }
}

extension Compiler {
  /// An int8 operand as int16 without its zero point.
  mutating func widened(_ source: Operand, zeroPoint: Int32, _ node: Node) throws(CompilationError) -> Operand {
    let value = self[source]
    let result = try makeValue(Value(name: value.name, type: .int16, shape: value.shape), node)
    let step = Widen(source: source, result: result, count: value.elementCount, zeroPoint: Int16(zeroPoint))
    try emit(step, reading: [source], writing: [result])
    return result
  }
}
