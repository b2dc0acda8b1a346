import TFLite

/// TRANSPOSE, DEPTH_TO_SPACE, SPACE_TO_DEPTH, TILE, BROADCAST_TO, GATHER: the same elements in another order.
extension Compiler {
  mutating func compileTranspose(_ node: Node) throws(CompilationError) {
    let source = try input(0, of: node)
    let (shape, size) = try movable(source, node)
    let order = try integers(of: 1, node)
    try node.check(
      order.count == shape.count && Set(order.map { $0 < 0 ? $0 + shape.count : $0 }) == Set(shape.indices),
      "\(order) is no order of the dimensions of \(shape)")
    let positions = order.map { $0 < 0 ? $0 + shape.count : $0 }
    let turned = positions.map { shape[$0] }
    let result = try define(of: node, type: self[source].type, shape: turned, like: source)
    let from = Rearrangement.strides(of: shape, elementByteCount: size)
    let to = Rearrangement.strides(of: turned, elementByteCount: size)
    let axes = turned.indices.map {
      Rearrangement.Axis(count: turned[$0], sourceStride: from[positions[$0]], resultStride: to[$0])
    }
    try rearrange(source, to: result, axes: axes, node)
  }

  mutating func compileDepthToSpace(_ node: Node, isInverse: Bool) throws(CompilationError) {
    guard case .blockSize(let block) = node.options else { throw node.mismatch("its settings are missing") }
    let source = try input4D(0, of: node)
    let (shape, size) = try movable(source, node)
    try node.check(
      (1...4096).contains(block)
        && (isInverse ? shape[1] % block == 0 && shape[2] % block == 0 : shape[3] % (block * block) == 0),
      "blocks of \(block) do not fit the shape \(shape)")
    let output =
      isInverse
      ? [shape[0], shape[1] / block, shape[2] / block, shape[3] * block * block]
      : [shape[0], shape[1] * block, shape[2] * block, shape[3] / (block * block)]
    let result = try define(of: node, type: self[source].type, shape: output, like: source)
    let (wide, deep) = isInverse ? (shape, output) : (output, shape)
    let inWide = Rearrangement.strides(of: wide, elementByteCount: size)
    let inDeep = Rearrangement.strides(of: deep, elementByteCount: size)
    let blockRow = block * wide[3] * size
    // Batch, row, row in block, column, column in block, channel: strides in the wide and in the deep form.
    let loops = [
      (deep[0], inWide[0], inDeep[0]), (deep[1], inWide[1] * block, inDeep[1]), (block, inWide[1], blockRow),
      (deep[2], inWide[2] * block, inDeep[2]), (block, inWide[2], wide[3] * size), (wide[3], size, size),
    ]
    let axes = loops.map { count, wide, deep in
      Rearrangement.Axis(count: count, sourceStride: isInverse ? wide : deep, resultStride: isInverse ? deep : wide)
    }
    try rearrange(source, to: result, axes: axes, node)
  }

  mutating func compileTile(_ node: Node) throws(CompilationError) {
    let source = try input(0, of: node)
    let (shape, size) = try movable(source, node)
    let times = try integers(of: 1, node)
    try node.check(
      times.count == shape.count && times.allSatisfy { (1...1 << 20).contains($0) },
      "the multiples \(times) do not fit the shape \(shape)")
    let output = zip(shape, times).map { $0 * $1 }
    let result = try define(of: node, type: self[source].type, shape: output, like: source)
    let from = Rearrangement.strides(of: shape, elementByteCount: size)
    let to = Rearrangement.strides(of: output, elementByteCount: size)
    let axes = shape.indices.flatMap { index in
      [
        Rearrangement.Axis(count: times[index], sourceStride: 0, resultStride: shape[index] * to[index]),
        Rearrangement.Axis(count: shape[index], sourceStride: from[index], resultStride: to[index]),
      ]
    }
    try rearrange(source, to: result, axes: axes, node)
  }

  mutating func compileBroadcast(_ node: Node) throws(CompilationError) {
    let source = try input(0, of: node)
    let (shape, size) = try movable(source, node)
    let output = try integers(of: 1, node)
    let missing = output.count - shape.count
    try node.check(
      missing >= 0 && shape.indices.allSatisfy { [1, output[$0 + missing]].contains(shape[$0]) },
      "the shape \(shape) does not broadcast to \(output)")
    let result = try define(of: node, type: self[source].type, shape: output, like: source)
    let from = Rearrangement.strides(of: shape, elementByteCount: size)
    let to = Rearrangement.strides(of: output, elementByteCount: size)
    let axes = output.indices.map { index in
      let own = index - missing
      return Rearrangement.Axis(
        count: output[index], sourceStride: own >= 0 && shape[own] != 1 ? from[own] : 0, resultStride: to[index])
    }
    try rearrange(source, to: result, axes: axes, node)
  }

  mutating func compileGather(_ node: Node) throws(CompilationError) {
    var (number, batches) = (0, 0)
    if case .gather(let axis, let batchDimensions) = node.options { (number, batches) = (axis, batchDimensions) }
    try node.checkType(batches == 0, "batch dimensions are not computed here")
    let source = try input(0, of: node)
    let (shape, size) = try movable(source, node)
    let axis = try axis(number, rank: shape.count, node)
    let indices = try integers(of: 1, node, limit: .max)
    try node.check(
      indices.allSatisfy { (0..<shape[axis]).contains($0) }, "an index lies outside a dimension of \(shape[axis])")
    var counts = shape
    counts[axis] = indices.count
    let indexShape = self[try input(1, of: node)].shape
    let output = Array(shape[..<axis]) + indexShape + Array(shape[(axis + 1)...])
    let result = try define(of: node, type: self[source].type, shape: output, like: source)
    let from = Rearrangement.strides(of: shape, elementByteCount: size)
    let to = Rearrangement.strides(of: counts, elementByteCount: size)
    let axes = counts.indices.map {
      Rearrangement.Axis(
        count: counts[$0], sourceStride: from[$0], resultStride: to[$0],
        sourceOffsets: $0 == axis ? indices.map { $0 * from[axis] } : nil)
    }
    try rearrange(source, to: result, axes: axes, node)
  }
}
