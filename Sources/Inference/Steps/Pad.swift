import TFLite

/// PAD, PADV2, MIRROR_PAD.
extension Compiler {
  mutating func compilePad(_ node: Node) throws(CompilationError) {
    let stored = try storedInput(0, of: node)
    let (shape, size) = try movable(stored, node)
    let pads = try paddings(shape: shape, node)
    let type = self[stored].type
    var padded = shape
    for index in shape.indices { padded[index] += pads[index].before + pads[index].after }
    let result = try define(of: node, type: type, shape: padded, like: stored)

    var element = [UInt8](repeating: 0, count: size)
    if let fill = try optionalInput(2, of: node) {
      try node.checkType(self[fill].type == type, "the fill is of \(self[fill].type), the operand of \(type)")
      guard let bytes = try constantBytes(of: fill, node), bytes.count == size else {
        throw node.mismatch("the fill must be one constant element")
      }
      element = bytes
    } else if type == .int8, self[result].quantization != nil {
      element = [UInt8(bitPattern: Int8(try affine(of: result, node).zeroPoint))]
    }
    if try absorb(pads, source: stored, result: result, element: element, node) { return }
    let source = try withoutOffset(stored, node)
    let from = Rearrangement.strides(of: shape, elementByteCount: size)
    let to = Rearrangement.strides(of: padded, elementByteCount: size)
    let walk = Rearrangement(
      elementByteCount: size,
      axes: shape.indices.map { .init(count: shape[$0], sourceStride: from[$0], resultStride: to[$0]) },
      resultOffset: shape.indices.reduce(0) { $0 + pads[$1].before * to[$1] })
    let fill = Fill(result: result, byteCount: self[result].byteCount, element: element)
    try emit([fill, Rearrange(source: source, result: result, walk: walk)], reading: [source], writing: [result])
  }

  /// Leaves the padding to the convolutions that read the result, where nothing else does and the fill is what they
  /// take outside their pictures; and to maxima, which pass over what is outside, where the fill is the least value.
  private mutating func absorb(
    _ pads: [(before: Int, after: Int)], source: Operand, result: Operand, element: [UInt8], _ node: Node
  ) throws(CompilationError) -> Bool {
    guard pads.count == 4, pads[0] == (0, 0), pads[3] == (0, 0), self[source].constant == nil else { return false }
    switch self[source].type {
    case .int8:
      guard self[result].quantization?.scales.count == 1 else { return false }
      let zeroPoint = try affine(of: result, node).zeroPoint
      guard element == [UInt8(bitPattern: Int8(zeroPoint))] else { return false }
    case .float32: guard element == [0, 0, 0, 0] else { return false }
    case .int16: guard element == [0, 0] else { return false }
    default: return false
    }
    let readers = model.main.operators.count { operation in
      guard operation.inputs.first == result.index, !operation.inputs.dropFirst().contains(result.index) else {
        return false
      }
      switch (operation.code, operation.options) {
      case (.builtin(.convolution2D), _), (.builtin(.depthwiseConvolution2D), _): return true
      case (.builtin(.maxPool2D), .pool(let pool)):
        // Each window must see some of the picture.
        return (element == [UInt8(bitPattern: Int8.min)] || isNeverNegative(source)) && pool.padding == .valid
          && max(pads[1].before, pads[1].after) < pool.filterHeight
          && max(pads[2].before, pads[2].after) < pool.filterWidth
      default: return false
      }
    }
    guard readers == readerCounts[result.index] else { return false }
    absorbedPads[result] = AbsorbedPad(
      source: source, top: pads[1].before, bottom: pads[1].after, left: pads[2].before, right: pads[2].after)
    return true
  }

  /// Whether an activation keeps all values of a float tensor from falling below zero.
  private func isNeverNegative(_ operand: Operand) -> Bool {
    guard self[operand].type == .float32,
      let writer = model.main.operators.first(where: { $0.outputs.contains(operand.index) })
    else { return false }
    switch writer.options {
    case .convolution(let options): return [.relu, .relu6].contains(options.activation)
    case .arithmetic(let activation, _): return [.relu, .relu6].contains(activation)
    default: return false
    }
  }

  mutating func compileMirrorPad(_ node: Node) throws(CompilationError) {
    let source = try input(0, of: node)
    let (shape, size) = try movable(source, node)
    let pads = try paddings(shape: shape, node)
    guard case .mirrorPad(let isSymmetric) = node.options else { throw node.mismatch("its settings are missing") }
    // Symmetric repeats the edge, reflect does not.
    let skip = isSymmetric ? 0 : 1
    var padded = shape
    for index in shape.indices {
      let (before, after) = pads[index]
      try node.check(
        before <= shape[index] - skip && after <= shape[index] - skip,
        "a padding of \(before) and \(after) is more than \(shape[index]) elements can mirror")
      padded[index] += before + after
    }
    let result = try define(of: node, type: self[source].type, shape: padded, like: source)
    let from = Rearrangement.strides(of: shape, elementByteCount: size)
    let to = Rearrangement.strides(of: padded, elementByteCount: size)
    let axes = shape.indices.map { dimension in
      let offsets = (0..<padded[dimension]).map { position in
        var index = position - pads[dimension].before
        if index < 0 { index = -index - 1 + skip }
        if index >= shape[dimension] { index = 2 * shape[dimension] - 1 - skip - index }
        return index * from[dimension]
      }
      return Rearrangement.Axis(
        count: padded[dimension], sourceStride: from[dimension], resultStride: to[dimension],
        sourceOffsets: pads[dimension] == (0, 0) ? nil : offsets)
    }
    try rearrange(source, to: result, axes: axes, node)
  }

  /// The paddings before and after each dimension, checked.
  private func paddings(shape: [Int], _ node: Node) throws(CompilationError) -> [(before: Int, after: Int)] {
    let numbers = try integers(of: 1, node)
    try node.check(
      numbers.count == 2 * shape.count && numbers.allSatisfy { (0...1 << 30).contains($0) },
      "the paddings must be two numbers, zero or more, for each of the \(shape.count) dimensions")
    return shape.indices.map { (numbers[2 * $0], numbers[2 * $0 + 1]) }
  }
}
