/// Writes FlatBuffers from a description, right and wrong ones, so that tests name exactly what is odd in a file.
indirect enum Written {
  case table([Int: Field])
  case string(String)
  case bytes([UInt8])
  case int32s([Int32])
  case int64s([Int64])
  case floats([Float])
  case tables([Written])
  /// A vector that says it has more elements than follow.
  case falseCount(UInt32)

  enum Field {
    case byte(UInt8)
    case int32(Int32)
    case uint64(UInt64)
    case reference(Written)
    /// An offset that is written as it is.
    case rawOffset(UInt32)
  }
}

struct FlatBufferWriter {
  private var bytes: [UInt8] = []

  /// A whole file with `root` as its root table.
  static func file(_ root: Written, identifier: String = "TFL3") -> [UInt8] {
    var writer = FlatBufferWriter()
    writer.append(UInt32(0))
    writer.bytes += Array(identifier.utf8)
    let position = writer.write(root)
    writer.patch(at: 0, to: position)
    return writer.bytes
  }

  private mutating func append<Value: FixedWidthInteger>(_ value: Value) {
    withUnsafeBytes(of: value.littleEndian) { bytes += Array($0) }
  }

  private mutating func patch(at position: Int, to target: Int) {
    withUnsafeBytes(of: UInt32(target - position).littleEndian) {
      bytes.replaceSubrange(position..<position + 4, with: Array($0))
    }
  }

  /// Writes a node and everything under it; returns where it stands.
  private mutating func write(_ node: Written) -> Int {
    switch node {
    case .table(let fields): return writeTable(fields)
    case .string(let text): return writeVector(Array(text.utf8), count: text.utf8.count)
    case .bytes(let content): return writeVector(content, count: content.count)
    case .int32s(let values): return writeNumbers(values)
    case .int64s(let values): return writeNumbers(values)
    case .floats(let values): return writeNumbers(values.map(\.bitPattern))
    case .falseCount(let count): return writeVector([], count: Int(count))
    case .tables(let nodes):
      let position = bytes.count
      append(UInt32(nodes.count))
      bytes += [UInt8](repeating: 0, count: 4 * nodes.count)
      for (index, node) in nodes.enumerated() { patch(at: position + 4 + 4 * index, to: write(node)) }
      return position
    }
  }

  private mutating func writeVector(_ content: [UInt8], count: Int) -> Int {
    let position = bytes.count
    append(UInt32(count))
    bytes += content
    return position
  }

  private mutating func writeNumbers<Value: FixedWidthInteger>(_ values: [Value]) -> Int {
    let position = bytes.count
    append(UInt32(values.count))
    for value in values { append(value) }
    return position
  }

  private mutating func writeTable(_ fields: [Int: Written.Field]) -> Int {
    let slots = (fields.keys.max() ?? -1) + 1
    let vtable = bytes.count
    append(UInt16(4 + 2 * slots))
    append(UInt16(0))
    bytes += [UInt8](repeating: 0, count: 2 * slots)
    let table = bytes.count
    append(Int32(table - vtable))
    var references: [(Int, Written)] = []
    for (index, field) in fields.sorted(by: { $0.key < $1.key }) {
      let distance = UInt16(bytes.count - table)
      bytes[vtable + 4 + 2 * index] = UInt8(truncatingIfNeeded: distance)
      bytes[vtable + 5 + 2 * index] = UInt8(distance >> 8)
      switch field {
      case .byte(let value): append(value)
      case .int32(let value): append(value)
      case .uint64(let value): append(value)
      case .rawOffset(let value): append(value)
      case .reference(let node):
        references.append((bytes.count, node))
        append(UInt32(0))
      }
    }
    for (position, node) in references { patch(at: position, to: write(node)) }
    return table
  }
}

/// A small model of which a test changes what it is about.
struct ModelWriter {
  /// Fields of the tensors; 0 is the input, 1 a constant of four bytes, 2 the output.
  var tensors: [[Int: Written.Field]] = [
    [0: .reference(.int32s([1, 4])), 1: .byte(9), 2: .int32(0), 3: .reference(.string("in"))],
    [0: .reference(.int32s([4])), 1: .byte(9), 2: .int32(1), 3: .reference(.string("weights"))],
    [0: .reference(.int32s([1, 4])), 1: .byte(9), 2: .int32(0), 3: .reference(.string("out"))],
  ]
  var operators: [[Int: Written.Field]] = [
    [1: .reference(.int32s([0, 1])), 2: .reference(.int32s([2]))]
  ]
  /// The code of the operator: ADD where the table is empty.
  var code: [Int: Written.Field] = [:]
  var buffers: [[Int: Written.Field]] = [[:], [0: .reference(.bytes([1, 2, 3, 4]))]]
  var inputs: [Int32] = [0]
  var outputs: [Int32] = [2]
  /// More fields of the root table, over those made of the above.
  var root: [Int: Written.Field] = [:]

  var bytes: [UInt8] {
    let subgraph = Written.table([
      0: .reference(.tables(tensors.map { .table($0) })), 1: .reference(.int32s(inputs)),
      2: .reference(.int32s(outputs)), 3: .reference(.tables(operators.map { .table($0) })),
    ])
    var fields: [Int: Written.Field] = [
      0: .int32(3), 1: .reference(.tables([.table(code)])), 2: .reference(.tables([subgraph])),
      4: .reference(.tables(buffers.map { .table($0) })),
    ]
    fields.merge(root) { $1 }
    return FlatBufferWriter.file(.table(fields))
  }

  /// The model with one change.
  static func changed(_ change: (inout ModelWriter) -> Void) -> [UInt8] {
    var writer = ModelWriter()
    change(&writer)
    return writer.bytes
  }
}
