import TFLite

/// ARG_MAX, ARG_MIN: at which index along one dimension the first of the largest (or least) elements lies.
struct ArgumentOfExtremum<Element: BitwiseCopyable & Comparable & Sendable, Index: FixedWidthInteger & BitwiseCopyable>:
  Step
{
  let source: Operand
  let result: Operand
  let outerCount: Int
  let count: Int
  let innerCount: Int
  let isMaximum: Bool

  var partCount: Int { outerCount }

  func run(_ parts: Range<Int>, in arena: Arena) {
    let target = arena.elements(result, as: Index.self)
    for outer in parts {
      let block = arena.elements(source, as: Element.self) + outer * count * innerCount
      for inner in 0..<innerCount {
        var (best, place) = (block[inner], 0)
        for index in 1..<max(1, count) {
          let element = block[index * innerCount + inner]
          if isBetter(element, than: best) { (best, place) = (element, index) }
        }
        target[outer * innerCount + inner] = Index(truncatingIfNeeded: place)
      }
    }
  }

  /// What is not a number is never better, and anything is better than it.
  private func isBetter(_ element: Element, than best: Element) -> Bool {
    guard element == element else { return false }
    return best != best || (isMaximum ? element > best : element < best)
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

  private mutating func emitArgument<Element: BitwiseCopyable & Comparable & Sendable>(
    of _: Element.Type, _ source: Operand, result: Operand, axis: Int, isMaximum: Bool
  ) throws(CompilationError) {
    let shape = self[source].shape
    let (outer, inner) = (shape[..<axis].reduce(1, *), shape[(axis + 1)...].reduce(1, *))
    if self[result].type == .int32 {
      let step = ArgumentOfExtremum<Element, Int32>(
        source: source, result: result, outerCount: outer, count: shape[axis], innerCount: inner, isMaximum: isMaximum)
      try emit(step, reading: [source], writing: [result])
    } else {
      let step = ArgumentOfExtremum<Element, Int64>(
        source: source, result: result, outerCount: outer, count: shape[axis], innerCount: inner, isMaximum: isMaximum)
      try emit(step, reading: [source], writing: [result])
    }
  }
}
