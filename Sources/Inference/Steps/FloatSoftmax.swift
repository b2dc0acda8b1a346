#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

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
