import FixedPoint
import TFLite

/// A function of one int8 value, worked out for all 256 of them.
struct LookupTable: Sendable {
  let memory: AlignedMemory

  /// Asks `function` for the result of each value.
  init<Failure: Error>(_ function: (Int8) throws(Failure) -> Int8) throws(Failure) {
    memory = AlignedMemory(byteCount: 256)
    let entries = memory.elements(as: Int8.self)
    for value in Int8.min...Int8.max { entries[Int(UInt8(bitPattern: value))] = try function(value) }
  }

  /// A real function between two scales, rounded to the nearest step.
  init(from: Affine, to: Affine, _ function: (Float) -> Float) {
    // The reference multiplies by the inverse, which is not always the same as dividing.
    let inverse = 1 / to.scale
    self.init { value in
      let real = from.scale * Float(Int32(value) - from.zeroPoint)
      let steps = (function(real) * inverse).rounded(.toNearestOrAwayFromZero) + Float(to.zeroPoint)
      return Int8(saturating: steps)
    }
  }
}

extension Int8 {
  /// A whole number of steps held within -128...127; what is not a number becomes the least.
  init(saturating steps: Float) {
    self = Int8(steps > -128 ? (steps < 127 ? steps : 127) : -128)
  }
}

/// Looks each int8 value up in a table.
struct TableLookup: Step {
  let source: Operand
  let result: Operand
  let count: Int
  let table: LookupTable

  var partCount: Int { Chunks.count(of: count) }

  func run(_ parts: Range<Int>, in arena: Arena) {
    let entries = table.memory.elements(as: Int8.self)
    let from = arena.elements(source, as: UInt8.self)
    let to = arena.int8(result)
    for index in Chunks.range(of: parts, in: count) { to[index] = entries[Int(from[index])] }
  }
}

/// How element by element work is cut into parts.
enum Chunks {
  /// Elements of a part: enough to be worth a thread's while.
  static let size = 4096

  static func count(of elements: Int) -> Int { (elements + size - 1) / size }

  static func range(of parts: Range<Int>, in elements: Int) -> Range<Int> {
    parts.lowerBound * size..<min(elements, parts.upperBound * size)
  }
}
