/// A walk over pictures, slices, pads and the like: which bytes of an operand go where in the result.
///
/// Axes are nested loops, outermost first. All strides and offsets are in bytes.
struct Rearrangement: Sendable {
  /// One loop.
  struct Axis: Sendable {
    var count: Int
    /// From one index to the next in the operand; may be zero (repeat) or negative (backwards).
    var sourceStride: Int
    var resultStride: Int
    /// Where the operand's bytes of each index lie, for loops that no stride describes.
    var sourceOffsets: [Int]?

    init(count: Int, sourceStride: Int, resultStride: Int, sourceOffsets: [Int]? = nil) {
      self.count = count
      self.sourceStride = sourceStride
      self.resultStride = resultStride
      self.sourceOffsets = sourceOffsets
    }
  }

  /// The loops around the copied runs, neighbours merged where they are one.
  private(set) var axes: [Axis]
  /// Bytes that are copied at once.
  private(set) var runByteCount: Int
  private(set) var sourceOffset: Int
  let resultOffset: Int

  /// Makes a walk over elements of `elementByteCount` bytes.
  init(elementByteCount: Int, axes: [Axis], sourceOffset: Int = 0, resultOffset: Int = 0) {
    self.axes = []
    runByteCount = elementByteCount
    self.sourceOffset = sourceOffset
    self.resultOffset = resultOffset
    for axis in axes { append(axis) }
    while let last = self.axes.last, last.sourceOffsets == nil, last.sourceStride == runByteCount,
      last.resultStride == runByteCount
    {
      runByteCount *= last.count
      self.axes.removeLast()
    }
  }

  private mutating func append(_ axis: Axis) {
    guard axis.count != 1 else {
      sourceOffset += axis.sourceOffsets?.first ?? 0
      return
    }
    if let outer = axes.last, outer.sourceOffsets == nil, axis.sourceOffsets == nil,
      outer.sourceStride == axis.count * axis.sourceStride, outer.resultStride == axis.count * axis.resultStride
    {
      axes[axes.count - 1] = Axis(
        count: outer.count * axis.count, sourceStride: axis.sourceStride, resultStride: axis.resultStride)
    } else {
      axes.append(axis)
    }
  }

  /// The bytes from one index to the next along each dimension of a tensor without gaps.
  static func strides(of shape: [Int], elementByteCount: Int) -> [Int] {
    var strides = shape
    var stride = elementByteCount
    for index in shape.indices.reversed() {
      strides[index] = stride
      stride *= shape[index]
    }
    return strides
  }
}

/// Copies bytes from an operand to their places in the result.
struct Rearrange: Step {
  let source: Operand
  let result: Operand
  let walk: Rearrangement

  /// The outermost loop is cut.
  var partCount: Int { walk.axes.isEmpty ? 1 : walk.axes[0].count }

  func run(_ parts: Range<Int>, in arena: Arena) {
    let from = UnsafeRawPointer(arena.bytes(source)) + walk.sourceOffset
    let to = arena.bytes(result) + walk.resultOffset
    walk.axes.withUnsafeBufferPointer { copy($0, level: 0, parts, from, to) }
  }

  /// The loop of one axis and those inside it.
  private func copy(
    _ axes: UnsafeBufferPointer<Rearrangement.Axis>, level: Int, _ indices: Range<Int>, _ from: UnsafeRawPointer,
    _ to: UnsafeMutableRawPointer
  ) {
    guard level < axes.count else {
      to.copyMemory(from: from, byteCount: walk.runByteCount)
      return
    }
    let axis = axes[level]
    let isInnermost = level == axes.count - 1
    if isInnermost, axis.sourceOffsets == nil, walk.runByteCount == 1 {
      for index in indices {
        to.storeBytes(
          of: from.load(fromByteOffset: index * axis.sourceStride, as: UInt8.self),
          toByteOffset: index * axis.resultStride, as: UInt8.self)
      }
      return
    }
    let innerIndices = 0..<(isInnermost ? 1 : axes[level + 1].count)
    for index in indices {
      let offset = axis.sourceOffsets?[index] ?? index * axis.sourceStride
      copy(axes, level: level + 1, innerIndices, from + offset, to + index * axis.resultStride)
    }
  }
}

/// Fills the result with one element: what PAD leaves around its operand.
struct Fill: Step {
  let result: Operand
  let byteCount: Int
  /// The bytes of one element.
  let element: [UInt8]
  private let isUniform: Bool

  init(result: Operand, byteCount: Int, element: [UInt8]) {
    self.result = result
    self.byteCount = byteCount
    self.element = element
    isUniform = Set(element).count == 1
  }

  func run(_ parts: Range<Int>, in arena: Arena) {
    let target = arena.elements(result, as: UInt8.self)
    if isUniform {
      target.update(repeating: element[0], count: byteCount)
      return
    }
    // One element, then all that is there behind itself, until it is full.
    var filled = min(element.count, byteCount)
    for index in 0..<filled { target[index] = element[index] }
    while filled < byteCount {
      let count = min(filled, byteCount - filled)
      (target + filled).update(from: target, count: count)
      filled += count
    }
  }
}

extension Compiler {
  /// Types whose bytes may be moved about.
  func movable(_ operand: Operand, _ node: Node) throws(CompilationError) -> (shape: [Int], size: Int) {
    let value = self[operand]
    guard let size = value.type.byteCount, [.float32, .int8, .int16, .int32, .int64, .bool].contains(value.type) else {
      throw node.unsupported("\"\(value.name)\" is of \(value.type), which is not computed here")
    }
    return (value.shape, size)
  }

  /// Appends a copy of the whole or parts of an operand to a result that is defined already.
  mutating func rearrange(
    _ source: Operand, to result: Operand, axes: [Rearrangement.Axis], sourceOffset: Int = 0, _ node: Node
  ) throws(CompilationError) {
    let walk = Rearrangement(
      elementByteCount: self[source].type.byteCount ?? 1, axes: axes, sourceOffset: sourceOffset)
    try emit(Rearrange(source: source, result: result, walk: walk), reading: [source], writing: [result])
  }

  /// An axis number of an operator, where negative ones count from the end.
  func axis(_ number: Int, rank: Int, _ node: Node) throws(CompilationError) -> Int {
    let axis = number < 0 ? number + rank : number
    try node.check((0..<rank).contains(axis), "axis \(number) does not exist in a tensor of \(rank) dimensions")
    return axis
  }
}
