import TFLite

/// A function of int8 values that is another one for each channel: PRELU with its slopes, mostly.
struct ChannelTables: Step {
  let source: Operand
  let result: Operand
  let pixels: Int
  let channels: Int
  /// For each of the 256 values the results of all channels, so that one pixel reads what lies together.
  let entries: AlignedMemory

  /// Pixels of a part: enough to be worth a thread's while.
  private var pixelsOfPart: Int { max(1, Chunks.size / channels) }
  var partCount: Int { (pixels + pixelsOfPart - 1) / pixelsOfPart }

  /// Bytes of tables above which computing costs less than missing the cache.
  static let byteLimit = 1 << 18

  func run(_ parts: Range<Int>, in arena: Arena) {
    let (from, to) = (arena.elements(source, as: UInt8.self), arena.int8(result))
    let entries = entries.elements(as: Int8.self)
    for pixel in parts.lowerBound * pixelsOfPart..<min(pixels, parts.upperBound * pixelsOfPart) {
      let (values, target) = (from + pixel * channels, to + pixel * channels)
      for channel in 0..<channels { target[channel] = entries[Int(values[channel]) * channels + channel] }
    }
  }
}

extension Compiler {
  /// Appends the tables of a function of each value with the constant of its channel. Returns false where the second
  /// operand is no constant along the last dimension, or the tables would be too large.
  mutating func emitChannelTables(
    _ function: some Int8PairFunction, _ operands: BinaryOperands, result: Operand, _ node: Node
  ) throws(CompilationError) -> Bool {
    let (shape, constants) = (self[result].shape, self[operands.right].shape)
    guard let channels = shape.last, constants.last == channels, constants.dropLast().allSatisfy({ $0 == 1 }),
      self[operands.left].shape == shape, channels * 256 <= ChannelTables.byteLimit,
      let right = try constantElements(of: operands.right, as: Int8.self, node)
    else { return false }
    try countConstant(bytes: channels * 256)
    let entries = AlignedMemory(byteCount: channels * 256)
    let table = entries.elements(as: Int8.self)
    for value in Int8.min...Int8.max {
      for channel in 0..<channels {
        table[Int(UInt8(bitPattern: value)) * channels + channel] = function(value, right[channel])
      }
    }
    let step = ChannelTables(
      source: operands.left, result: result, pixels: self[result].elementCount / channels, channels: channels,
      entries: entries)
    try emit(step, reading: [operands.left], writing: [result])
    return true
  }
}
