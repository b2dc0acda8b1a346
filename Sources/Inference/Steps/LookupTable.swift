import CKernels
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

extension LookupTable {
  /// The same function between bytes whose highest bit is turned where a flip is 0x80.
  func stored(sourceFlip: UInt8, resultFlip: UInt8) -> LookupTable {
    LookupTable { byte in
      let entry = memory.elements(as: UInt8.self)[Int(UInt8(bitPattern: byte) ^ sourceFlip)]
      return Int8(bitPattern: entry ^ resultFlip)
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
  let kernels: KernelTable

  var partCount: Int { Chunks.count(of: count) }
  var overwritable: [Operand] { [source] }

  func run(_ parts: Range<Int>, in arena: Arena) {
    let range = Chunks.range(of: parts, in: count)
    kernels.pointer.pointee.lookup_s8(
      range.count, arena.int8(source) + range.lowerBound, table.memory.elements(as: Int8.self),
      arena.int8(result) + range.lowerBound)
  }
}

extension Compiler {
  /// Appends the lookup of each value of an operand, in the forms in which it and the result are stored.
  mutating func emitLookup(_ table: LookupTable, source: Operand, result: Operand) throws(CompilationError) {
    let step = TableLookup(
      source: source, result: result, count: self[source].elementCount,
      table: table.stored(sourceFlip: flip(of: source), resultFlip: flip(of: result)), kernels: family.table)
    try emit(step, reading: [source], writing: [result])
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
