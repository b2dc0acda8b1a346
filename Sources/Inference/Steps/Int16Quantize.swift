import FixedPoint
import TFLite

/// QUANTIZE from float32 to int16.
struct QuantizeFloatToInt16: Step {
  let source: Operand
  let result: Operand
  let count: Int
  let scale: Float

  var partCount: Int { Chunks.count(of: count) }

  func run(_ parts: Range<Int>, in arena: Arena) {
    let (from, target) = (arena.float(source), arena.elements(result, as: Int16.self))
    for index in Chunks.range(of: parts, in: count) {
      target[index] = Int16(saturating: (from[index] / scale).rounded(.toNearestOrAwayFromZero))
    }
  }
}

/// QUANTIZE from one integer type to another, of which one is int16 or int32.
struct Requantize<
  From: FixedWidthInteger & BitwiseCopyable & Sendable, To: FixedWidthInteger & BitwiseCopyable & Sendable
>:
  Step
{
  let source: Operand
  let result: Operand
  let count: Int
  let scale: FixedPointMultiplier
  let sourceZeroPoint: Int32
  let zeroPoint: Int32

  var partCount: Int { Chunks.count(of: count) }

  func run(_ parts: Range<Int>, in arena: Arena) {
    let (from, target) = (arena.elements(source, as: From.self), arena.elements(result, as: To.self))
    for index in Chunks.range(of: parts, in: count) {
      let steps = scale.roundingTwice(Int32(truncatingIfNeeded: from[index]) &- sourceZeroPoint)
      target[index] = To(clamping: Int64(steps) + Int64(zeroPoint))
    }
  }
}

/// DEQUANTIZE from int16: the product in double precision, as the reference has it.
struct DequantizeInt16: Step {
  let source: Operand
  let result: Operand
  let count: Int
  let scale: Float

  var partCount: Int { Chunks.count(of: count) }

  func run(_ parts: Range<Int>, in arena: Arena) {
    let (from, target) = (arena.elements(source, as: Int16.self), arena.float(result))
    for index in Chunks.range(of: parts, in: count) { target[index] = Float(Double(scale) * Double(from[index])) }
  }
}

extension Compiler {
  /// QUANTIZE where operand or result is of int16 or int32. Returns false for others.
  mutating func compileInt16Quantize(_ node: Node) throws(CompilationError) -> Bool {
    let source = try input(0, of: node)
    let (value, wanted) = (self[source], node.outputs.first.map { model.main.tensors[$0].type })
    switch (value.type, wanted) {
    case (.float32, .int16):
      let result = try define(of: node, type: .int16, shape: value.shape)
      let step = QuantizeFloatToInt16(
        source: source, result: result, count: value.elementCount, scale: try int16Scale(of: result, node))
      try emit(step, reading: [source], writing: [result])
    case (.int16, .int16): try emitRequantize(node, source, as: (Int16.self, Int16.self), type: .int16)
    case (.int16, .int8): try emitRequantize(node, source, as: (Int16.self, Int8.self), type: .int8)
    case (.int16, .int32): try emitRequantize(node, source, as: (Int16.self, Int32.self), type: .int32)
    case (.int8, .int16): try emitRequantize(node, source, as: (Int8.self, Int16.self), type: .int16)
    case (.int32, .int16): try emitRequantize(node, source, as: (Int32.self, Int16.self), type: .int16)
    case (.int32, .int8): try emitRequantize(node, source, as: (Int32.self, Int8.self), type: .int8)
    default: return false
    }
    return true
  }

  private mutating func emitRequantize<From, To>(
    _ node: Node, _ source: Operand, as types: (From.Type, To.Type), type: ElementType
  ) throws(CompilationError)
  where From: FixedWidthInteger & BitwiseCopyable & Sendable, To: FixedWidthInteger & BitwiseCopyable & Sendable {
    let result = try define(of: node, type: type, shape: self[source].shape)
    let (from, to) = (try wideAffine(of: source, node), try wideAffine(of: result, node))
    let step = Requantize<From, To>(
      source: source, result: result, count: self[source].elementCount,
      scale: try multiplier(Double(from.scale) / Double(to.scale), node), sourceZeroPoint: from.zeroPoint,
      zeroPoint: to.zeroPoint)
    try emit(step, reading: [source], writing: [result])
  }

  /// Scale and zero point of an operand of any integer type.
  private func wideAffine(of operand: Operand, _ node: Node) throws(CompilationError) -> Affine {
    switch self[operand].type {
    case .int8: return try affine(of: operand, node)
    default: return Affine(scale: try int16Scale(of: operand, node), zeroPoint: 0)
    }
  }

  mutating func emitDequantizeInt16(_ node: Node, source: Operand, result: Operand) throws(CompilationError) {
    let step = DequantizeInt16(
      source: source, result: result, count: self[source].elementCount, scale: try int16Scale(of: source, node))
    try emit(step, reading: [source], writing: [result])
  }
}
