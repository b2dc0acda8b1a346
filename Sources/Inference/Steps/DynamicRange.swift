import TFLite

/// Where a step notes the least and the greatest value that it writes, for a reader that quantizes them.
///
/// Each thread has a place of its own; together they give the same range whatever the number of threads. Zero is always
/// part of the range.
struct RangeSink: Sendable {
  /// Floats: a least and a greatest value for each thread, `stride` apart.
  let operand: Operand
  /// Whether only the first thread runs the step.
  let isSingle: Bool

  /// A cache line, so that threads do not write to the same one.
  static let stride = 16

  /// The place of the calling thread.
  func place(in arena: Arena) -> UnsafeMutablePointer<Float> { arena.float(operand) + arena.thread * Self.stride }

  /// The place of the calling thread, emptied.
  func begin(in arena: Arena) -> UnsafeMutablePointer<Float> {
    let place = place(in: arena)
    place.update(repeating: 0, count: 2)
    return place
  }

  /// The range of all threads together.
  func total(in arena: Arena) -> (least: Float, greatest: Float) {
    let places = arena.float(operand)
    var (least, greatest): (Float, Float) = (0, 0)
    for thread in 0..<(isSingle ? 1 : arena.threadCount) {
      least = min(least, places[thread * Self.stride])
      greatest = max(greatest, places[thread * Self.stride + 1])
    }
    return (least, greatest)
  }
}

extension Optional<RangeSink> {
  /// What a step writes besides its result.
  var operands: [Operand] { map { [$0.operand] } ?? [] }
}

extension Compiler {
  /// A place for the range of a float result that a dynamic range layer reads, nil where none does. The step that
  /// writes the result must fill it.
  mutating func rangeSink(
    for result: Operand, partCount: Int, _ node: Node
  ) throws(CompilationError) -> RangeSink? {
    guard self[result].type == .float32, isReadByDynamicLayer(result) else { return nil }
    let sink = try makeRangeSink(partCount: partCount, node)
    rangeSinks[result] = sink
    return sink
  }

  /// A place for a range.
  mutating func makeRangeSink(partCount: Int, _ node: Node) throws(CompilationError) -> RangeSink {
    let places = Value(name: "range", type: .float32, shape: [max(1, options.threadCount), RangeSink.stride])
    let sink = RangeSink(operand: try makeValue(places, node), isSingle: partCount <= 1)
    rangePlaces.insert(sink.operand)
    return sink
  }

  /// Whether a layer with int8 weights reads a float value.
  private func isReadByDynamicLayer(_ operand: Operand) -> Bool { dynamicReaderCount(of: operand) > 0 }

  /// How many layers with int8 weights read a float value.
  func dynamicReaderCount(of operand: Operand, throughPadding: Bool = true) -> Int {
    model.main.operators.reduce(0) { count, operation in
      guard case .builtin(let code) = operation.code, operation.inputs.first == operand.index else { return count }
      // Most padding is left to the convolution behind it.
      if code == .pad, throughPadding, let padded = operation.outputs.first {
        return count + dynamicReaderCount(of: Operand(index: padded), throughPadding: false)
      }
      guard code == .convolution2D || code == .depthwiseConvolution2D || code == .fullyConnected,
        operation.inputs.count > 1, let weights = operation.inputs[1], values[weights].type == .int8
      else { return count }
      return count + 1
    }
  }
}
