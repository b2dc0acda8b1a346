import CKernels
import FixedPoint
import TFLite

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A function of each float.
struct FloatMap<Function: FloatFunction>: Step {
  let source: Operand
  let result: Operand
  let count: Int
  let function: Function

  var partCount: Int { Chunks.count(of: count) }

  func run(_ parts: Range<Int>, in arena: Arena) {
    let range = Chunks.range(of: parts, in: count)
    function.map(
      count: range.count, arena.float(source) + range.lowerBound, to: arena.float(result) + range.lowerBound)
  }
}

/// Operators that compute each result from one value.
extension Compiler {
  /// LOGISTIC, TANH, EXP and other functions: int8 through a table of the exact function, rounded.
  mutating func compileFunction(
    _ node: Node, function: @escaping @Sendable (Float) -> Float
  ) throws(CompilationError) {
    try compileUnary(node, float: FloatLibraryFunction(function: function)) { from, to in
      LookupTable(from: from, to: to, function)
    }
  }

  /// GELU, exact or by a hyperbolic tangent.
  mutating func compileGelu(_ node: Node) throws(CompilationError) {
    guard case .gelu(let isApproximate) = node.options else { throw node.mismatch("its settings are missing") }
    guard isApproximate else {
      try compileFunction(node) { $0 * 0.5 * erfc($0 * -0.707_106_77) }
      return
    }
    // sqrt(2 / pi)
    let root: Float = 0.797_884_56
    try compileFunction(node) { 0.5 * $0 * (1 + tanh(root * ($0 + 0.044715 * $0 * $0 * $0))) }
  }

  /// A function that is computed for floats alone.
  mutating func compileFloatFunction(_ node: Node, _ function: some FloatFunction) throws(CompilationError) {
    let source = try input(0, of: node)
    let value = self[source]
    try node.checkType(value.type == .float32, "operands of \(value.type) are not computed here")
    let result = try define(of: node, type: .float32, shape: value.shape)
    let step = FloatMap(source: source, result: result, count: value.elementCount, function: function)
    try emit(step, reading: [source], writing: [result])
  }

  /// RELU and its like as operators of their own.
  mutating func compileClamp(_ node: Node, activation: Activation) throws(CompilationError) {
    let limits = try floatRange(activation, node)
    let source = try storedInput(0, of: node)
    if self[source].type == .float32 {
      return try emitFloatFunction(MASKD_MAXIMUM, of: source, limits: limits, node)
    }
    try compileUnary(
      node, float: FloatClamp(range: limits),
      table: { [self] from, to throws(CompilationError) in
        let scale = try multiplier(Double(from.scale / to.scale), node)
        let range = try activationRange(activation, of: to, node)
        return LookupTable { value in
          let steps = to.zeroPoint &+ scale.roundingTwice(Int32(value) - from.zeroPoint)
          return Int8(clamping: min(max(steps, range.lowerBound), range.upperBound))
        }
      })
  }

  mutating func compileLeakyRelu(_ node: Node) throws(CompilationError) {
    guard case .leakyRelu(let alpha) = node.options else { throw node.mismatch("its settings are missing") }
    try compileUnary(
      node, float: FloatLeak(alpha: alpha),
      table: { [self] from, to throws(CompilationError) in
        let identity = try multiplier(Double(from.scale / to.scale), node)
        // A negative slope is the positive one with its sign turned afterwards.
        let leak = try multiplier(Double(from.scale * abs(alpha) / to.scale), node)
        let sign: Int32 = alpha < 0 ? -1 : 1
        return LookupTable { value in
          let offset = Int32(value) - from.zeroPoint
          let steps = offset >= 0 ? identity.roundingTwice(offset) : sign &* leak.roundingTwice(offset)
          return Int8(clamping: to.zeroPoint &+ steps)
        }
      })
  }

  /// ABS.
  mutating func compileMagnitude(_ node: Node) throws(CompilationError) {
    try compileUnary(
      node, float: FloatMagnitude(),
      table: { [self] from, to throws(CompilationError) in
        let scale = try multiplier(Double(from.scale / to.scale), node)
        return LookupTable { Int8(clamping: scale.roundingTwice(abs(Int32($0) - from.zeroPoint)) &+ to.zeroPoint) }
      })
  }

  /// RSQRT. What is not positive has the largest result in int8, where the reference kernel gives up below zero.
  mutating func compileInverseSquareRoot(_ node: Node) throws(CompilationError) {
    try compileUnary(
      node, float: FloatInverseRoot(),
      table: { [self] from, to throws(CompilationError) in
        let scale = try multiplier(1 / Double(from.scale.squareRoot() * to.scale), node)
        return LookupTable { step in
          let value = Int32(step) - from.zeroPoint
          guard value > 0 else { return Int8.max }
          // 20 more bits, so that the inverse is a whole number.
          let inverse = fixedPointInverseSquareRoot(value)
          let fine = FixedPointMultiplier(multiplier: inverse.multiplier, shift: inverse.shift + 20).roundingTwice(1)
          let steps = FixedPointMultiplier(multiplier: scale.multiplier, shift: scale.shift - 20).roundingTwice(fine)
          return Int8(clamping: steps &+ to.zeroPoint)
        }
      })
  }

  mutating func compileHardSwish(_ node: Node) throws(CompilationError) {
    let source = try storedInput(0, of: node)
    if self[source].type == .float32 {
      return try emitFloatFunction(
        MASKD_HARD_SWISH, of: source, limits: -Float.infinity...Float.infinity, node)
    }
    try compileUnary(
      node, float: FloatHardSwish(),
      table: { [self] from, to throws(CompilationError) in
        // The value with 7 more bits; the gate is in units of 3 / 32768.
        let fine = from.scale / 128
        let value = try multiplier(Double(fine / to.scale), node)
        let gate = try multiplier(Double(fine / (3 / 32768)), node)
        return LookupTable { Self.hardSwish(Int16($0) - Int16(from.zeroPoint), value: value, gate: gate, to) }
      })
  }

  private static func hardSwish(
    _ offset: Int16, value: FixedPointMultiplier, gate: FixedPointMultiplier, _ result: Affine
  ) -> Int8 {
    let fine = offset * 128
    let scaled = roundingDoublingHighMultiply(fine, value.shortened)
    var open = gate.shift > 0 ? saturatingLeftShift(fine, by: gate.shift - 1) : fine
    open = roundingDoublingHighMultiply(open, gate.shortened)
    if gate.shift > 0 { open = saturatingLeftShift(open, by: 1) }
    if gate.shift < 0 { open = roundingRightShift(open, by: min(15, -gate.shift)) }
    // -1...1 in 15 bits becomes 0...1.
    let share = Int16((Int32(open) + 32768) >> 1)
    let product = Int16(clamping: Int32(share) * Int32(scaled) / 32768)
    let steps =
      value.shift < 0
      ? roundingRightShift(product, by: min(15, -value.shift)) : saturatingLeftShift(product, by: value.shift)
    return Int8(clamping: Int32(steps) + result.zeroPoint)
  }

  /// Defines the result in the operand's shape and type, and appends the step for that type.
  private mutating func compileUnary(
    _ node: Node, float: some FloatFunction,
    table: (Affine, Affine) throws(CompilationError) -> LookupTable
  ) throws(CompilationError) {
    let source = try storedInput(0, of: node)
    let value = self[source]
    switch value.type {
    case .float32:
      let result = try define(of: node, type: .float32, shape: value.shape)
      let step = FloatMap(source: source, result: result, count: value.elementCount, function: float)
      try emit(step, reading: [source], writing: [result])
    case .int8:
      let result = try define(of: node, type: .int8, shape: value.shape, like: source)
      chooseForm(of: result)
      let entries = try table(try affine(of: source, node), try affine(of: result, node))
      try emitLookup(entries, source: source, result: result)
    default: throw node.unsupported("operands of \(value.type) are not computed here")
    }
  }
}
