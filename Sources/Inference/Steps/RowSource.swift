/// A layer that can write its result row by row, for a layer behind it that takes each row while it is in the first
/// caches. The tensor between them then never exists as a whole.
protocol RowSource: Step {
  /// Whether it can: not every layer of the type.
  var writesRows: Bool { get }
  /// Bytes of scratch memory that a reader gives it.
  var rowScratchByteCount: Int { get }
  /// Called by each thread before its first row of a run. What it returns lasts as long as the scratch memory and the
  /// step.
  func rowWriter(in arena: Arena, scratch: UnsafeMutableRawPointer) -> RowWriter
}

/// A layer ready to write rows. Nothing in it is counted by reference: that would cost more than a small row.
enum RowWriter {
  case product(FloatProduct)
  case dynamicProduct(DynamicProduct)
  case depthwise(FloatDepthwiseRows)

  /// Writes the first `columns` pixels of a row of the picture, counted through all pictures.
  func write(row: Int, columns: Int, to target: UnsafeMutablePointer<Float>) {
    switch self {
    case .product(let product): product.write(row: row, columns: columns, to: target)
    case .dynamicProduct(var product): product.write(row: row, columns: columns, to: target)
    case .depthwise(let rows): rows.write(row: row, columns: columns, to: target)
    }
  }
}

/// The writer of the rows that another writer reads, kept in the scratch memory.
struct RowProducer {
  private let writer: UnsafePointer<RowWriter>

  /// Bytes of scratch memory in front of the source's own.
  static let byteCount = Arena.aligned(MemoryLayout<RowWriter>.stride)

  init(_ source: any RowSource, in arena: Arena, scratch: UnsafeMutableRawPointer) {
    let place = scratch.bindMemory(to: RowWriter.self, capacity: 1)
    place.initialize(to: source.rowWriter(in: arena, scratch: scratch + Self.byteCount))
    writer = UnsafePointer(place)
  }

  func write(row: Int, columns: Int, to target: UnsafeMutablePointer<Float>) {
    writer.pointee.write(row: row, columns: columns, to: target)
  }
}

extension Optional<any RowSource> {
  /// Bytes that a reader of its rows adds to its own scratch memory.
  var scratchByteCount: Int { map { RowProducer.byteCount + $0.rowScratchByteCount } ?? 0 }
}

extension Compiler {
  /// Takes the last step back if it writes `source`, which only the operator in work reads, and can write it row by
  /// row: that operator must then emit it with its own step.
  mutating func takeRows(of source: Operand) -> (any RowSource)? {
    guard let step = lastStep(writing: source) as? any RowSource, step.writesRows else { return nil }
    takeBack()
    return step
  }
}
