/// A FlatBuffer inside a file, from which nothing outside of `range` is ever read.
///
/// Format: an offset is a 32-bit number relative to where it stands; a table begins with the distance to its vtable,
/// which holds for each field its distance from the table, or 0 where the field is absent.
final class FlatBuffer {
  let range: Range<Int>
  private let pages: PageCache
  /// Bytes that may still be decoded, see `ModelLimits.sharedByteCount`.
  private var budget: Int

  /// `range` lies within `bytes`.
  init(_ bytes: ModelBytes, in range: Range<Int>) {
    pages = PageCache(bytes)
    self.range = range
    budget = range.count + ModelLimits.sharedByteCount
  }

  /// The table that the first four bytes name.
  func root(_ place: ModelError.Place) throws(ModelError) -> FlatBufferTable {
    try table(at: target(ofOffsetAt: range.lowerBound, "the root table", place), named: range.lowerBound, place)
  }

  /// Reads a little-endian number at any alignment.
  func load<Value: FixedWidthInteger & BitwiseCopyable>(
    _ type: Value.Type, at position: Int, _ what: String, _ place: ModelError.Place
  ) throws(ModelError) -> Value {
    try check(position, byteCount: MemoryLayout<Value>.size, named: position, what, place)
    return pages.load(type, at: position)
  }

  /// Copies numbers out; all of them must lie in the buffer.
  func numbers<Value: FixedWidthInteger & BitwiseCopyable>(_ vector: FlatBufferVector, as type: Value.Type) -> [Value] {
    [Value](unsafeUninitializedCapacity: vector.count) { buffer, count in
      let numbers = UnsafeMutableBufferPointer(rebasing: buffer[..<vector.count])
      pages.copy(from: vector.start, to: UnsafeMutableRawBufferPointer(numbers))
      for index in numbers.indices { numbers[index] = Value(littleEndian: numbers[index]) }
      count = vector.count
    }
  }

  /// Follows the offset that stands at `position`.
  func target(
    ofOffsetAt position: Int, _ what: String, _ place: ModelError.Place
  ) throws(ModelError) -> Int {
    let offset = try load(UInt32.self, at: position, what, place)
    let target = position + Int(offset)
    // What an offset leads to begins with four bytes at least: a table's vtable offset or a vector's count.
    try check(target, byteCount: 4, named: position, what, place)
    return target
  }

  /// The table at `position`, with its vtable checked.
  func table(at position: Int, named origin: Int, _ place: ModelError.Place) throws(ModelError) -> FlatBufferTable {
    let distance = try load(Int32.self, at: position, "a table", place)
    let vtable = position - Int(distance)
    try check(vtable, byteCount: 4, named: origin, "a vtable", place)
    let count = Int(try load(UInt16.self, at: vtable, "a vtable", place))
    try check(vtable, byteCount: max(count, 4), named: origin, "a vtable", place)
    try charge(count + 16, place)
    return FlatBufferTable(buffer: self, position: position, vtable: vtable, vtableByteCount: count, place: place)
  }

  /// Throws unless `byteCount` bytes at `position` lie in the buffer. `origin` is where the file names them.
  func check(
    _ position: Int, byteCount: Int, named origin: Int, _ what: String, _ place: ModelError.Place
  ) throws(ModelError) {
    let (end, overflow) = position.addingReportingOverflow(byteCount)
    guard position >= range.lowerBound, !overflow, end - range.lowerBound <= ModelLimits.byteCount else {
      throw .offsetOutOfBounds(place, what: what, offset: origin, byteCount: range.upperBound)
    }
    guard end <= range.upperBound else {
      throw .cutShort(place, what: what, offset: origin, end: end, byteCount: range.upperBound)
    }
  }

  /// Takes decoded bytes from the budget.
  func charge(_ byteCount: Int, _ place: ModelError.Place) throws(ModelError) {
    guard byteCount <= budget else {
      let limit = range.count + ModelLimits.sharedByteCount
      throw .tooBig(place, what: "What the file's lists add up to", count: limit - budget + byteCount, limit: limit)
    }
    budget -= byteCount
  }
}

/// A vector whose bytes lie in the buffer.
struct FlatBufferVector {
  let buffer: FlatBuffer
  /// Where the first element stands.
  let start: Int
  let count: Int
  let place: ModelError.Place
}

/// A table; its fields are named by their index in the schema.
struct FlatBufferTable {
  let buffer: FlatBuffer
  let position: Int
  let vtable: Int
  let vtableByteCount: Int
  let place: ModelError.Place

  /// Where a field stands; nil where it is absent and has its default.
  func field(_ index: Int) throws(ModelError) -> Int? {
    let slot = 4 + 2 * index
    guard slot + 2 <= vtableByteCount else { return nil }
    let distance = try buffer.load(UInt16.self, at: vtable + slot, "a vtable", place)
    return distance == 0 ? nil : position + Int(distance)
  }

  /// A number.
  func scalar<Value: FixedWidthInteger & BitwiseCopyable>(
    _ index: Int, _ name: String, default defaultValue: Value
  ) throws(ModelError) -> Value {
    guard let position = try field(index) else { return defaultValue }
    return try buffer.load(Value.self, at: position, name, place)
  }

  /// A 32-bit signed number.
  func int(_ index: Int, _ name: String, default defaultValue: Int32 = 0) throws(ModelError) -> Int {
    Int(try scalar(index, name, default: defaultValue))
  }

  /// A truth value; most of the schema's defaults are false.
  func bool(_ index: Int, _ name: String, default defaultValue: Bool = false) throws(ModelError) -> Bool {
    try scalar(index, name, default: UInt8(defaultValue ? 1 : 0)) != 0
  }

  /// A 32-bit floating-point number; the schema's defaults are 0.
  func float(_ index: Int, _ name: String) throws(ModelError) -> Float {
    Float(bitPattern: try scalar(index, name, default: UInt32(0)))
  }

  /// Another table; nil where it is absent.
  func table(_ index: Int, _ name: String) throws(ModelError) -> FlatBufferTable? {
    guard let position = try field(index) else { return nil }
    let target = try buffer.target(ofOffsetAt: position, name, place)
    return try buffer.table(at: target, named: position, place)
  }

  /// A vector of elements of `width` bytes; nil where it is absent.
  func vector(_ index: Int, _ name: String, width: Int) throws(ModelError) -> FlatBufferVector? {
    guard let position = try field(index) else { return nil }
    let target = try buffer.target(ofOffsetAt: position, name, place)
    let count = Int(try buffer.load(UInt32.self, at: target, name, place))
    try buffer.check(target + 4, byteCount: count * width, named: position, name, place)
    return FlatBufferVector(buffer: buffer, start: target + 4, count: count, place: place)
  }

  /// A list of numbers; nil where it is absent.
  func numbers<Value: FixedWidthInteger & BitwiseCopyable>(
    _ index: Int, _ name: String, as type: Value.Type, limit: Int = .max
  ) throws(ModelError) -> [Value]? {
    let width = MemoryLayout<Value>.size
    guard let vector = try vector(index, name, width: width) else { return nil }
    try within(vector.count, limit: limit, name)
    try buffer.charge(vector.count * width, place)
    return buffer.numbers(vector, as: type)
  }

  /// A list of 32-bit signed numbers; nil where it is absent.
  func ints(_ index: Int, _ name: String, limit: Int) throws(ModelError) -> [Int]? {
    try numbers(index, name, as: Int32.self, limit: limit)?.map { Int($0) }
  }

  /// A text, with what is no UTF-8 replaced, and spaces for control characters: names end up in lines of logs and on
  /// terminals. Nil where it is absent.
  func string(
    _ index: Int, _ name: String, limit: Int = ModelLimits.nameByteCount
  ) throws(ModelError) -> String? {
    guard let vector = try vector(index, name, width: 1) else { return nil }
    try within(vector.count, limit: limit, "the length of \(name)")
    try buffer.charge(vector.count, place)
    let bytes = buffer.numbers(vector, as: UInt8.self)
    let text = String(decoding: bytes, as: UTF8.self)
    // Control characters are single bytes, or begin with this one.
    guard bytes.contains(where: { $0 < 0x20 || $0 == 0x7F || $0 == 0xC2 }) else { return text }
    func isControl(_ scalar: Unicode.Scalar) -> Bool { scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) }
    return String(String.UnicodeScalarView(text.unicodeScalars.map { isControl($0) ? " " : $0 }))
  }

  /// A list of tables, each with the place that `place` gives it; empty where it is absent.
  func tables(
    _ index: Int, _ name: String, limit: Int, place: (Int) -> ModelError.Place
  ) throws(ModelError) -> [FlatBufferTable] {
    try tables(index, name, limit: limit, place: place) { $0 }
  }

  /// What `read` makes of each of a list of tables. All that there is to read of one comes before the next: they lie far
  /// apart in the file.
  func tables<Result>(
    _ index: Int, _ name: String, limit: Int, place: (Int) -> ModelError.Place,
    read: (FlatBufferTable) throws(ModelError) -> Result
  ) throws(ModelError) -> [Result] {
    guard let vector = try vector(index, name, width: 4) else { return [] }
    try within(vector.count, limit: limit, "the number of \(name)")
    var results: [Result] = []
    results.reserveCapacity(vector.count)
    for entry in 0..<vector.count {
      let position = vector.start + 4 * entry
      let target = try buffer.target(ofOffsetAt: position, name, place(entry))
      results.append(try read(try buffer.table(at: target, named: position, place(entry))))
    }
    return results
  }

  private func within(_ count: Int, limit: Int, _ name: String) throws(ModelError) {
    guard count <= limit else { throw .tooBig(place, what: name, count: count, limit: limit) }
  }
}
