import TFLite

/// SLICE, STRIDED_SLICE, SPLIT, SPLIT_V, UNPACK: parts of an operand.
extension Compiler {
  mutating func compileSlice(_ node: Node) throws(CompilationError) {
    let source = try input(0, of: node)
    let shape = self[source].shape
    let begin = try integers(of: 1, node)
    let sizes = try integers(of: 2, node)
    try node.check(begin.count == shape.count && sizes.count == shape.count, "begin and size must fit \(shape)")
    var counts = sizes
    for index in shape.indices {
      try node.check((0...shape[index]).contains(begin[index]), "begin \(begin) lies outside \(shape)")
      if sizes[index] == -1 { counts[index] = shape[index] - begin[index] }
      try node.check(
        counts[index] > 0 && counts[index] <= shape[index] - begin[index],
        "a slice from \(begin) of \(sizes) does not lie in \(shape)")
    }
    try cut(source, output: 0, begin: begin, counts: counts, node)
  }

  mutating func compileStridedSlice(_ node: Node) throws(CompilationError) {
    guard case .stridedSlice(let options) = node.options else { throw node.mismatch("its settings are missing") }
    let source = try input(0, of: node)
    let (shape, _) = try movable(source, node)
    let (begin, end, steps) = (try integers(of: 1, node), try integers(of: 2, node), try integers(of: 3, node))
    try node.check(
      begin.count <= shape.count && begin.count == end.count && begin.count == steps.count,
      "begin, end and strides must have one number for each dimension of \(shape)")
    try node.checkType(
      options.ellipsisMask == 0 && options.newAxisMask == 0 && !options.offset,
      "ellipsis, new axes and offset ends are not computed here")
    var starts = [Int](repeating: 0, count: shape.count)
    var counts = shape
    var strides = [Int](repeating: 1, count: shape.count)
    var kept: [Int] = []
    for index in shape.indices {
      if index < begin.count {
        let shrinks = options.shrinkAxisMask >> index & 1 == 1
        let range = try Self.span(
          size: shape[index], begin: options.beginMask >> index & 1 == 1 ? nil : begin[index],
          end: options.endMask >> index & 1 == 1 ? nil : end[index], step: steps[index], shrinks: shrinks, node)
        (starts[index], counts[index], strides[index]) = (range.start, range.count, steps[index])
        if shrinks {
          strides[index] = 1
          continue
        }
      }
      kept.append(counts[index])
    }
    try cut(source, output: 0, begin: starts, counts: counts, steps: strides, shape: kept, node)
  }

  /// Where a strided slice begins along one dimension, and how many elements it takes.
  private static func span(
    size: Int, begin: Int?, end: Int?, step: Int, shrinks: Bool, _ node: Node
  ) throws(CompilationError) -> (start: Int, count: Int) {
    try node.check(step != 0 && step.magnitude <= 1 << 30, "a stride is 0 or absurd")
    func clamped(_ position: Int) -> Int {
      let index = position < 0 ? position + size : position
      return step > 0 ? min(max(index, 0), size) : min(max(index, -1), size - 1)
    }
    let start = begin.map(clamped) ?? (step > 0 ? 0 : size - 1)
    if shrinks {
      try node.check((0..<size).contains(start), "index \(begin ?? 0) lies outside a dimension of \(size)")
      return (start, 1)
    }
    let stop = end.map(clamped) ?? (step > 0 ? size : -1)
    let count = step > 0 ? (stop - start + step - 1) / step : (start - stop - step - 1) / -step
    try node.check(count > 0, "the slice is empty")
    return (start, count)
  }

  mutating func compileSplit(_ node: Node) throws(CompilationError) {
    guard case .split(let count) = node.options else { throw node.mismatch("its settings are missing") }
    let source = try input(1, of: node)
    let axes = try integers(of: 0, node)
    try node.check(axes.count == 1, "it wants one axis, not \(axes.count)")
    let shape = self[source].shape
    let axis = try axis(axes[0], rank: shape.count, node)
    try node.check(
      count > 0 && node.outputs.count == count && shape[axis] % count == 0,
      "\(shape[axis]) elements cannot be split into \(count) equal parts")
    try split(source, axis: axis, sizes: [Int](repeating: shape[axis] / count, count: count), node)
  }

  mutating func compileSplitByLengths(_ node: Node) throws(CompilationError) {
    let source = try input(0, of: node)
    var sizes = try integers(of: 1, node, limit: node.outputs.count)
    let axes = try integers(of: 2, node)
    try node.check(axes.count == 1, "it wants one axis, not \(axes.count)")
    let axis = try axis(axes[0], rank: self[source].shape.count, node)
    let total = self[source].shape[axis]
    try node.check(
      sizes.allSatisfy { (-1...total).contains($0) } && sizes.count { $0 == -1 } <= 1, "a length is wrong")
    if let rest = sizes.firstIndex(of: -1) { sizes[rest] = total - sizes.reduce(1, +) }
    try node.check(
      sizes.reduce(0, +) == total && sizes.count == node.outputs.count && sizes.allSatisfy { $0 > 0 },
      "the lengths do not make up \(total)")
    try split(source, axis: axis, sizes: sizes, node)
  }

  private mutating func split(_ source: Operand, axis: Int, sizes: [Int], _ node: Node) throws(CompilationError) {
    var begin = [Int](repeating: 0, count: self[source].shape.count)
    for (output, size) in sizes.enumerated() {
      var counts = self[source].shape
      counts[axis] = size
      try cut(source, output: output, begin: begin, counts: counts, node)
      begin[axis] += size
    }
  }

  mutating func compileUnpack(_ node: Node) throws(CompilationError) {
    guard case .unpack(let number, let count) = node.options else { throw node.mismatch("its settings are missing") }
    let source = try input(0, of: node)
    let shape = self[source].shape
    let axis = try axis(number, rank: shape.count, node)
    try node.check(count == shape[axis] && count == node.outputs.count, "\(shape) does not unpack into \(count)")
    var counts = shape
    counts[axis] = 1
    var begin = [Int](repeating: 0, count: shape.count)
    var kept = shape
    kept.remove(at: axis)
    for output in 0..<count {
      begin[axis] = output
      try cut(source, output: output, begin: begin, counts: counts, shape: kept, node)
    }
  }

  /// Defines a result as a block of the operand: `counts` elements from `begin` on, `steps` apart.
  private mutating func cut(
    _ source: Operand, output: Int, begin: [Int], counts: [Int], steps: [Int]? = nil, shape: [Int]? = nil, _ node: Node
  ) throws(CompilationError) {
    let (whole, size) = try movable(source, node)
    let result = try define(
      output: output, of: node, type: self[source].type, shape: shape ?? counts, like: source)
    let from = Rearrangement.strides(of: whole, elementByteCount: size)
    let to = Rearrangement.strides(of: counts, elementByteCount: size)
    try rearrange(
      source, to: result,
      axes: counts.indices.map {
        .init(count: counts[$0], sourceStride: from[$0] * (steps?[$0] ?? 1), resultStride: to[$0])
      },
      sourceOffset: begin.indices.reduce(0) { $0 + begin[$1] * from[$1] }, node)
  }
}
