/// A table of numbers alone, kept as the file has it: an operator's options that nothing here needs to understand.
public struct FlatTable: Sendable, Equatable {
  /// The distance of each field from the table's start, 0 where it is absent.
  let slots: [UInt16]
  /// The table without its first four bytes.
  let bytes: [UInt8]
  /// Where the table stood, modulo 8: its numbers are aligned as long as it stands so again.
  let phase: Int
}

extension FlatTable {
  /// Copies a table. Its fields must hold no references.
  init(copying table: FlatBufferTable) throws(ModelError) {
    let (buffer, position, place) = (table.buffer, table.position, table.place)
    let byteCount = max(4, Int(try buffer.load(UInt16.self, at: table.vtable + 2, "a vtable", place)))
    try buffer.check(position, byteCount: byteCount, named: table.vtable, "a table", place)
    try buffer.charge(byteCount, place)
    let content = FlatBufferVector(buffer: buffer, start: position + 4, count: byteCount - 4, place: place)
    bytes = buffer.numbers(content, as: UInt8.self)
    var slots: [UInt16] = []
    for slot in stride(from: table.vtable + 4, to: table.vtable + table.vtableByteCount - 1, by: 2) {
      slots.append(try buffer.load(UInt16.self, at: slot, "a vtable", place))
    }
    self.slots = slots
    phase = position % 8
  }
}
