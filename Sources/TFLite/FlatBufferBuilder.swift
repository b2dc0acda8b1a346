/// What a FlatBuffer is made of, to be written by `FlatBufferBuilder`.
indirect enum FlatBufferNode {
  case table([FlatBufferField])
  /// A table without references, exactly as another file had it.
  case copy(FlatTable)
  case string(String)
  case uint16s([Int32])
  case int32s([Int])
  case int64s([Int64])
  case floats([Float])
  case bytes([UInt8])
  /// Bytes that readers may ask to lie at a multiple of 16.
  case data(ModelBytes, Range<Int>)
  case tables([FlatBufferNode])
}

/// One field of a table that is written.
struct FlatBufferField {
  enum Value {
    /// A number of 1, 2, 4 or 8 bytes.
    case number(UInt64, width: Int)
    case reference(FlatBufferNode)

    /// Bytes in the table.
    var width: Int {
      switch self {
      case .number(_, let width): width
      case .reference: 4
      }
    }
  }

  /// The field's place in the schema.
  let index: Int
  let value: Value

  /// A number; nil where it has its default, which files leave out.
  static func number<Value: FixedWidthInteger>(
    _ index: Int, _ value: Value, default defaultValue: Value = 0
  ) -> FlatBufferField? {
    guard value != defaultValue else { return nil }
    return FlatBufferField(
      index: index, value: .number(UInt64(truncatingIfNeeded: value), width: MemoryLayout<Value>.size))
  }

  static func number(_ index: Int, _ value: Float) -> FlatBufferField? { number(index, value.bitPattern) }

  static func truth(_ index: Int, _ value: Bool, default defaultValue: Bool = false) -> FlatBufferField? {
    number(index, UInt8(value ? 1 : 0), default: defaultValue ? 1 : 0)
  }

  static func reference(_ index: Int, _ node: FlatBufferNode?) -> FlatBufferField? {
    node.map { FlatBufferField(index: index, value: .reference($0)) }
  }
}

extension FlatBufferNode {
  /// A table of those fields that are not left out.
  static func table(_ fields: FlatBufferField?...) -> FlatBufferNode { .table(fields.compactMap { $0 }) }
}

/// Writes a FlatBuffer from its beginning to its end: what is referred to follows what refers to it.
///
/// Equal lists of numbers are one at the end of the file. Shapes repeat, and the zero points of weights with a scale for
/// each channel, all 0, are a tenth of a small network.
struct FlatBufferBuilder {
  private var bytes: [UInt8] = []
  /// Where each vtable stands: tables with the same fields share one.
  private var vtables: [[UInt16]: Int] = [:]
  /// Lists that are still to be written, and the place of each in `lists`.
  private var lists: [(list: NumberList, positions: [Int])] = []
  private var places: [NumberList: Int] = [:]

  private struct NumberList: Hashable {
    let count: Int
    let width: Int
    let bytes: [UInt8]
  }

  /// A whole file with `root` as its root table.
  static func file(_ root: FlatBufferNode, identifier: String, byteCount: Int) -> [UInt8] {
    var builder = FlatBufferBuilder()
    builder.bytes.reserveCapacity(byteCount)
    builder.append(UInt32(0))
    builder.bytes += Array(identifier.utf8)
    builder.write(root, for: 0)
    builder.writeLists()
    builder.align(to: 4)
    return builder.bytes
  }

  /// Writes a node and all under it, and lets the offset at `position` lead there.
  private mutating func write(_ node: FlatBufferNode, for position: Int) {
    switch node {
    case .table(let fields): writeTable(fields, for: position)
    case .copy(let table): writeCopy(table, for: position)
    case .string(let text):
      beginVector(count: text.utf8.count, alignment: 4, for: position)
      bytes += Array(text.utf8)
      bytes.append(0)
    case .uint16s(let values): writeNumbers(values.map { UInt16(truncatingIfNeeded: $0) }, for: position)
    case .int32s(let values): writeNumbers(values.map { Int32(truncatingIfNeeded: $0) }, for: position)
    case .int64s(let values): writeNumbers(values, for: position)
    case .floats(let values): writeNumbers(values.map(\.bitPattern), for: position)
    case .bytes(let values):
      beginVector(count: values.count, alignment: 4, for: position)
      bytes += values
    case .data(let source, let range):
      beginVector(count: range.count, alignment: 16, for: position)
      source.withUnsafeBytes(in: range) { bytes += $0 }
    case .tables(let nodes):
      beginVector(count: nodes.count, alignment: 4, for: position)
      let start = bytes.count
      bytes += [UInt8](repeating: 0, count: 4 * nodes.count)
      for (index, node) in nodes.enumerated() { write(node, for: start + 4 * index) }
    }
  }

  /// Notes numbers, to be written after all that refers to them.
  private mutating func writeNumbers<Value: FixedWidthInteger>(_ values: [Value], for position: Int) {
    let bytes = values.flatMap { withUnsafeBytes(of: $0.littleEndian) { Array($0) } }
    let list = NumberList(count: values.count, width: MemoryLayout<Value>.size, bytes: bytes)
    let place = places[list] ?? lists.count
    if place == lists.count {
      lists.append((list, []))
      places[list] = place
    }
    lists[place].positions.append(position)
  }

  private mutating func writeLists() {
    for (list, positions) in lists {
      align(to: max(4, list.width), behind: 4)
      for position in positions { refer(from: position) }
      append(UInt32(list.count))
      bytes += list.bytes
    }
  }

  /// Writes a count such that the elements after it lie at a multiple of `alignment`.
  private mutating func beginVector(count: Int, alignment: Int, for position: Int) {
    align(to: alignment, behind: 4)
    refer(from: position)
    append(UInt32(count))
  }

  /// Wide fields first, so that no gaps are needed between them.
  private mutating func writeTable(_ fields: [FlatBufferField], for position: Int) {
    let ordered = fields.sorted { ($1.value.width, $0.index) < ($0.value.width, $1.index) }
    var slots = [UInt16](repeating: 0, count: 1 + (fields.map(\.index).max() ?? -1))
    var distance = 4
    for field in ordered {
      slots[field.index] = UInt16(distance)
      distance += field.value.width
    }
    let vtable = vtable(tableByteCount: distance, slots: slots)
    align(to: max(4, ordered.first?.value.width ?? 4), behind: 4)
    refer(from: position)
    let table = bytes.count
    append(Int32(table - vtable))
    for field in ordered {
      switch field.value {
      case .number(let bits, let width):
        for byte in 0..<width { bytes.append(UInt8(truncatingIfNeeded: bits >> (8 * byte))) }
      case .reference: append(UInt32(0))
      }
    }
    for field in ordered.sorted(by: { $0.index < $1.index }) {
      guard case .reference(let node) = field.value else { continue }
      write(node, for: table + Int(slots[field.index]))
    }
  }

  private mutating func writeCopy(_ copy: FlatTable, for position: Int) {
    let vtable = vtable(tableByteCount: 4 + copy.bytes.count, slots: copy.slots)
    while bytes.count % 8 != copy.phase { bytes.append(0) }
    refer(from: position)
    append(Int32(bytes.count - vtable))
    bytes += copy.bytes
  }

  /// Where such a vtable stands: an earlier one, or one written now.
  private mutating func vtable(tableByteCount: Int, slots: [UInt16]) -> Int {
    let content = [UInt16(4 + 2 * slots.count), UInt16(tableByteCount)] + slots
    if let position = vtables[content] { return position }
    align(to: 2)
    let position = bytes.count
    for number in content { append(number) }
    vtables[content] = position
    return position
  }

  private mutating func append<Value: FixedWidthInteger>(_ value: Value) {
    withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
  }

  /// Pads until what follows the next `offset` bytes lies at a multiple of `alignment`.
  private mutating func align(to alignment: Int, behind offset: Int = 0) {
    while (bytes.count + offset) % alignment != 0 { bytes.append(0) }
  }

  /// Lets the offset at `position` lead to what is written next.
  private mutating func refer(from position: Int) {
    withUnsafeBytes(of: UInt32(bytes.count - position).littleEndian) {
      for (index, byte) in $0.enumerated() { bytes[position + index] = byte }
    }
  }
}
