import TFLite

/// An element of a type that CAST knows.
protocol CastElement: BitwiseCopyable, Sendable {
  /// What another element is in this type: cut off towards zero, and for floats beyond the range, the nearest end.
  static func cast(_ element: some CastElement) -> Self
  /// The number as an integer; what is not a number is the largest.
  var whole: Int64 { get }
  var real: Float { get }
  static var isReal: Bool { get }
}

extension CastElement where Self: FixedWidthInteger {
  static func cast(_ element: some CastElement) -> Self {
    // Floats saturate, integers keep their low bits.
    type(of: element).isReal ? Self(clamping: element.whole) : Self(truncatingIfNeeded: element.whole)
  }
  var whole: Int64 { Int64(truncatingIfNeeded: self) }
  var real: Float { Float(self) }
  static var isReal: Bool { false }
}

extension Int8: CastElement {}
extension UInt8: CastElement {}
extension Int16: CastElement {}
extension Int32: CastElement {}
extension Int64: CastElement {}

extension Float: CastElement {
  static func cast(_ element: some CastElement) -> Float { element.real }
  var whole: Int64 {
    if isNaN { return .max }
    return self >= 0x1p63 ? .max : (self < -0x1p63 ? .min : Int64(self))
  }
  var real: Float { self }
  static var isReal: Bool { true }
}

/// A byte that is 0 or 1.
struct TruthValue: CastElement {
  private let byte: UInt8
  static func cast(_ element: some CastElement) -> TruthValue { TruthValue(byte: element.real != 0 ? 1 : 0) }
  var whole: Int64 { byte != 0 ? 1 : 0 }
  var real: Float { byte != 0 ? 1 : 0 }
  static var isReal: Bool { false }
}

/// CAST.
struct Cast<From: CastElement, To: CastElement>: Step {
  let source: Operand
  let result: Operand
  let count: Int

  var partCount: Int { Chunks.count(of: count) }

  func run(_ parts: Range<Int>, in arena: Arena) {
    let (from, to) = (arena.elements(source, as: From.self), arena.elements(result, as: To.self))
    for index in Chunks.range(of: parts, in: count) { to[index] = To.cast(from[index]) }
  }
}

extension Compiler {
  /// CAST: numbers as they are stored, whatever scales say. The type is the one that the file declares for the result.
  mutating func compileCast(_ node: Node) throws(CompilationError) {
    var source = try input(0, of: node)
    guard let output = node.outputs.first else { throw node.mismatch("its result is missing") }
    let (shape, count) = (self[source].shape, self[source].elementCount)
    let wanted = model.main.tensors[output].type
    if self[source].isTwin {
      let raw = try makeValue(Value(name: self[source].name, type: .uint8, shape: shape), node)
      try emit(FlipSign(source: source, result: raw, count: count), reading: [source], writing: [raw])
      source = raw
    }
    let result = try define(of: node, type: wanted == .uint8 ? .int8 : wanted, shape: shape)
    guard self[result].isTwin else { return try emitCast(source, to: result, type: wanted, node) }
    let raw = try makeValue(Value(name: self[result].name, type: .uint8, shape: shape), node)
    try emitCast(source, to: raw, type: .uint8, node)
    try emit(FlipSign(source: raw, result: result, count: count), reading: [raw], writing: [result])
  }

  private mutating func emitCast(
    _ source: Operand, to result: Operand, type: ElementType, _ node: Node
  ) throws(CompilationError) {
    switch self[source].type {
    case .float32: try emitCast(from: Float.self, source, to: result, type: type, node)
    case .int8: try emitCast(from: Int8.self, source, to: result, type: type, node)
    case .uint8: try emitCast(from: UInt8.self, source, to: result, type: type, node)
    case .int16: try emitCast(from: Int16.self, source, to: result, type: type, node)
    case .int32: try emitCast(from: Int32.self, source, to: result, type: type, node)
    case .int64: try emitCast(from: Int64.self, source, to: result, type: type, node)
    case .bool: try emitCast(from: TruthValue.self, source, to: result, type: type, node)
    default: throw node.unsupported("operands of \(self[source].type) are not computed here")
    }
  }

  private mutating func emitCast<From: CastElement>(
    from _: From.Type, _ source: Operand, to result: Operand, type: ElementType, _ node: Node
  ) throws(CompilationError) {
    let count = self[source].elementCount
    let step: any Step
    switch type {
    case .float32: step = Cast<From, Float>(source: source, result: result, count: count)
    case .int8: step = Cast<From, Int8>(source: source, result: result, count: count)
    case .uint8: step = Cast<From, UInt8>(source: source, result: result, count: count)
    case .int16: step = Cast<From, Int16>(source: source, result: result, count: count)
    case .int32: step = Cast<From, Int32>(source: source, result: result, count: count)
    case .int64: step = Cast<From, Int64>(source: source, result: result, count: count)
    case .bool: step = Cast<From, TruthValue>(source: source, result: result, count: count)
    default: throw node.unsupported("a result of \(type) is not computed here")
    }
    try emit([step], reading: [source], writing: [result])
  }
}
