/// Adds 128 to int8 values, or takes it away: both flip the highest bit.
struct FlipSign: Step {
  let source: Operand
  let result: Operand
  let count: Int

  var partCount: Int { Chunks.count(of: count) }
  var overwritable: [Operand] { [source] }

  func run(_ parts: Range<Int>, in arena: Arena) {
    let from = arena.elements(source, as: UInt8.self)
    let to = arena.elements(result, as: UInt8.self)
    for index in Chunks.range(of: parts, in: count) { to[index] = from[index] ^ 0x80 }
  }
}
