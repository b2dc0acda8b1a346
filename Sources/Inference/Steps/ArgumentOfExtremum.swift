import TFLite

/// An element that ARG_MAX and ARG_MIN compare.
protocol ComparedElement: BitwiseCopyable, Comparable, Sendable {
  /// The index of the first of the largest (or least) of some elements, `step` apart: a requirement for the reason that
  /// `FloatFunction` gives. What is not a number is never better, and anything is better than it.
  static func extremum(of elements: UnsafePointer<Self>, count: Int, step: Int, isMaximum: Bool) -> Int
}

extension ComparedElement {
  static func extremum(of elements: UnsafePointer<Self>, count: Int, step: Int, isMaximum: Bool) -> Int {
    var (best, place) = (elements[0], 0)
    for index in 1..<max(1, count) {
      let element = elements[index * step]
      guard element == element else { continue }
      if best != best || (isMaximum ? element > best : element < best) { (best, place) = (element, index) }
    }
    return place
  }
}

extension Float: ComparedElement {}
extension Int8: ComparedElement {}
extension Int16: ComparedElement {}
extension Int32: ComparedElement {}

/// ARG_MAX, ARG_MIN: at which index along one dimension the first of the largest (or least) elements lies.
struct ArgumentOfExtremum<Element: ComparedElement>: Step {
  let source: Operand
  let result: Operand
  let outerCount: Int
  let count: Int
  let innerCount: Int
  let isMaximum: Bool
  /// Whether the result is of int64, else of int32.
  let isWide: Bool

  var partCount: Int { outerCount }

  func run(_ parts: Range<Int>, in arena: Arena) {
    for outer in parts {
      let block = UnsafePointer(arena.elements(source, as: Element.self) + outer * count * innerCount)
      for inner in 0..<innerCount {
        let place = Element.extremum(of: block + inner, count: count, step: innerCount, isMaximum: isMaximum)
        let position = outer * innerCount + inner
        if isWide {
          arena.elements(result, as: Int64.self)[position] = Int64(place)
        } else {
          arena.elements(result, as: Int32.self)[position] = Int32(truncatingIfNeeded: place)
        }
      }
    }
  }
}

extension Compiler {
  mutating func compileArgument(_ node: Node, isMaximum: Bool) throws(CompilationError) {
    guard case .argument(let type) = node.options else { throw node.mismatch("its settings are missing") }
    try node.checkType(type == .int32 || type == .int64, "a result of \(type) is not computed here")
    let source = try input(0, of: node)
    let axes = try integers(of: 1, node)
    try node.check(axes.count == 1, "it wants one axis, not \(axes.count)")
    let shape = self[source].shape
    let axis = try axis(axes[0], rank: shape.count, node)
    var kept = shape
    kept.remove(at: axis)
    let result = try define(of: node, type: type, shape: kept)
    switch self[source].type {
    case .float32: try emitArgument(of: Float.self, source, result: result, axis: axis, isMaximum: isMaximum)
    case .int8: try emitArgument(of: Int8.self, source, result: result, axis: axis, isMaximum: isMaximum)
    case .int16: try emitArgument(of: Int16.self, source, result: result, axis: axis, isMaximum: isMaximum)
    case .int32: try emitArgument(of: Int32.self, source, result: result, axis: axis, isMaximum: isMaximum)
    default: throw node.unsupported("operands of \(self[source].type) are not computed here")
    }
  }

  private mutating func emitArgument<Element: ComparedElement>(
    of _: Element.Type, _ source: Operand, result: Operand, axis: Int, isMaximum: Bool
  ) throws(CompilationError) {
    let shape = self[source].shape
    let step = ArgumentOfExtremum<Element>(
      source: source, result: result, outerCount: shape[..<axis].reduce(1, *), count: shape[axis],
      innerCount: shape[(axis + 1)...].reduce(1, *), isMaximum: isMaximum, isWide: self[result].type == .int64)
    try emit(step, reading: [source], writing: [result])
  }
}
