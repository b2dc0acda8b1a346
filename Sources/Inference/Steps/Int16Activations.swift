import FixedPoint
import TFLite

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What an operator does with each int16 value by itself.
protocol Int16Function: Sendable {
  func callAsFunction(_ value: Int16) -> Int16
  /// The loop, a requirement for the reason that `FloatFunction` gives.
  func map(count: Int, _ from: UnsafePointer<Int16>, to target: UnsafeMutablePointer<Int16>)
}

extension Int16Function {
  func map(count: Int, _ from: UnsafePointer<Int16>, to target: UnsafeMutablePointer<Int16>) {
    for index in 0..<count { target[index] = self(from[index]) }
  }
}

/// A function of each int16 value.
struct Int16Map<Function: Int16Function>: Step {
  let source: Operand
  let result: Operand
  let count: Int
  let function: Function

  var partCount: Int { Chunks.count(of: count) }

  func run(_ parts: Range<Int>, in arena: Arena) {
    let range = Chunks.range(of: parts, in: count)
    let (from, to) = (arena.elements(source, as: Int16.self), arena.elements(result, as: Int16.self))
    function.map(count: range.count, from + range.lowerBound, to: to + range.lowerBound)
  }
}

/// LOGISTIC and TANH: the operand is brought to 1/24 in a table of the logistic function.
struct Int16Sigmoid: Int16Function {
  let multiplier: Int64
  let shift: Int64
  /// Whether the table gives the hyperbolic tangent: tanh(x) = 2 * logistic(2 * x) - 1.
  let isTangent: Bool

  /// The factor that takes steps of `scale` to the table's, as 16 bits and a shift, worked out as the reference does.
  init(scale: Float, isTangent: Bool) {
    self.isTangent = isTangent
    // Steps of a power of two that need no shift, or one more bit for the tangent, are multiplied exactly.
    let leftShift = Compiler.powerOfTwo(scale).map { 12 + $0 }
    if let leftShift, leftShift == 0 || (isTangent && leftShift == 1) {
      (multiplier, shift) = (3 << Int64(leftShift), 0)
      return
    }
    var real = Double(scale) * 4096 * 3
    var bits: Int64 = 0
    while real <= 32767.0 / 2, bits <= 30 {
      bits += 1
      real *= 2
    }
    // Beyond this every value but 0 is at an end of the result's range.
    multiplier = Int64(min(real, 0x1p30))
    shift = bits
  }

  func callAsFunction(_ value: Int16) -> Int16 {
    let half: Int64 = shift > 0 ? 1 << (shift - 1) : 0
    let position = Int32(clamping: (Int64(value) * multiplier + half) >> shift)
    return isTangent ? tangent(position) : logistic(position)
  }

  private func logistic(_ position: Int32) -> Int16 {
    let magnitude = position.magnitude
    let index = Int(magnitude >> 9)
    var fine: UInt32 = 0x7FFF << 10
    if index < 255 {
      let (low, high) = (SigmoidTable.entries[index], SigmoidTable.entries[index + 1])
      fine = (low << 9) + (magnitude & 0x1FF) * (high - low)
    }
    fine = position >= 0 ? fine + (1 << 9) : (1 << 25) - fine + (1 << 9) - 1
    return Int16(truncatingIfNeeded: fine >> 10)
  }

  private func tangent(_ position: Int32) -> Int16 {
    let magnitude = position.magnitude
    let index = Int(magnitude >> 8)
    var fine: Int32 = 0xFFFF << 8
    if index < 255 {
      let (low, high) = (Int32(SigmoidTable.entries[index]), Int32(SigmoidTable.entries[index + 1]))
      fine = (low << 8) + Int32(magnitude & 0xFF) * (high - low)
    }
    fine = position >= 0 ? fine - (1 << 23) + (1 << 7) : -fine + (1 << 23) + (1 << 7) - 1
    return Int16(truncatingIfNeeded: fine >> 8)
  }
}

/// A tabulated function.
struct Int16TableLookup: Int16Function {
  let table: Int16Table
  func callAsFunction(_ value: Int16) -> Int16 { table.value(at: value) }
}

/// RELU and its like, LEAKY_RELU: a factor for each sign, and a range.
struct Int16Scaling: Int16Function {
  let positive: FixedPointMultiplier
  let negative: FixedPointMultiplier
  /// -1 where negative values change their sign.
  let sign: Int32
  let range: ClosedRange<Int32>

  func callAsFunction(_ value: Int16) -> Int16 {
    let steps =
      value >= 0 ? positive.roundingTwice(Int32(value)) : sign &* negative.roundingTwice(Int32(value))
    return Int16(truncatingIfNeeded: min(max(steps, range.lowerBound), range.upperBound))
  }
}

/// ABS.
struct Int16Magnitude: Int16Function {
  let scale: FixedPointMultiplier
  func callAsFunction(_ value: Int16) -> Int16 { Int16(clamping: scale.roundingTwice(abs(Int32(value)))) }
}

extension Compiler {
  /// The operators that take each int16 value by itself. Returns false for any other.
  mutating func compileInt16Function(_ node: Node) throws(CompilationError) -> Bool {
    switch node.code {
    case .logistic, .tanh:
      try compileInt16Map(node) { from, to throws(CompilationError) in
        try node.checkType(
          Self.powerOfTwo(to) == -15, "a result of the scale \(to); the reference kernels give it in steps of 1/32768")
        return Int16Sigmoid(scale: from, isTangent: node.code == .tanh)
      }
    case .exp: try compileInt16Table(node) { exp($0) }
    case .rsqrt:
      try compileInt16Map(node) { from, to in
        Int16TableLookup(
          table: Int16Table(inputScale: from, outputScale: to) { $0 <= 0 ? 32767 * to : 1 / $0.squareRoot() })
      }
    case .relu: try compileInt16Clamp(node, .relu)
    case .relu6: try compileInt16Clamp(node, .relu6)
    case .leakyRelu: try compileInt16LeakyRelu(node)
    case .abs:
      try compileInt16Map(node) { [self] from, to throws(CompilationError) in
        Int16Magnitude(scale: try multiplier(Double(from / to), node))
      }
    default: return false
    }
    return true
  }

  private mutating func compileInt16Table(
    _ node: Node, _ function: (Float) -> Float
  ) throws(CompilationError) {
    try compileInt16Map(node) { from, to in
      Int16TableLookup(table: Int16Table(inputScale: from, outputScale: to, function))
    }
  }

  private mutating func compileInt16Clamp(_ node: Node, _ activation: Activation) throws(CompilationError) {
    try compileInt16Map(node) { [self] from, to throws(CompilationError) in
      let scale = try multiplier(Double(from / to), node)
      return Int16Scaling(
        positive: scale, negative: scale, sign: 1, range: try int16Range(activation, scale: to, node))
    }
  }

  private mutating func compileInt16LeakyRelu(_ node: Node) throws(CompilationError) {
    guard case .leakyRelu(let alpha) = node.options else { throw node.mismatch("its settings are missing") }
    try compileInt16Map(node) { [self] from, to throws(CompilationError) in
      // As in int8: a negative slope is the positive one with its sign turned afterwards.
      Int16Scaling(
        positive: try multiplier(Double(from / to), node),
        negative: try multiplier(Double(from * abs(alpha) / to), node),
        sign: alpha < 0 ? -1 : 1, range: -32768...32767)
    }
  }

  /// Defines the result in the operand's shape, and appends the function that `make` builds for the two scales.
  private mutating func compileInt16Map<Function: Int16Function>(
    _ node: Node, _ make: (Float, Float) throws(CompilationError) -> Function
  ) throws(CompilationError) {
    let source = try input(0, of: node)
    let value = self[source]
    let result = try define(of: node, type: .int16, shape: value.shape)
    let function = try make(try int16Scale(of: source, node), try int16Scale(of: result, node))
    let step = Int16Map(source: source, result: result, count: value.elementCount, function: function)
    try emit(step, reading: [source], writing: [result])
  }
}
