/// Turns uint8 values into their int8 twins, or back: both flip the highest bit.
struct FlipSign: Step {
  let source: Operand
  let result: Operand
  let count: Int

  func run(_ parts: Range<Int>, in arena: Arena) {
    let from = arena.elements(source, as: UInt8.self)
    let to = arena.elements(result, as: UInt8.self)
    for index in 0..<count { to[index] = from[index] ^ 0x80 }
  }
}
