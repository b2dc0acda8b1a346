/// Reads how a sparse constant is laid out.
///
/// Checked here: the traversal order is a permutation, block dimensions name dimensions of the shape, segments rise
/// and stay within the indices. That the segments of one dimension are as many as the entries of the one before is
/// for the code that walks them.
struct SparsityReader {
  let table: FlatBufferTable
  /// The dense shape.
  let shape: [Int]

  func read() throws(ModelError) -> Sparsity {
    let limit = 2 * ModelLimits.dimensions
    let order = try table.ints(0, "the traversal order", limit: limit) ?? []
    let blockMap = try table.ints(1, "the block map", limit: limit) ?? []
    let place = table.place
    guard order.count == shape.count + blockMap.count, order.sorted() == Array(0..<order.count) else {
      throw .mismatch(place, what: "The sparsity's traversal order \(order) does not fit the shape \(shape)")
    }
    guard blockMap.allSatisfy(shape.indices.contains) else {
      throw .mismatch(place, what: "The sparsity's block map \(blockMap) does not fit the shape \(shape)")
    }
    var dimensions: [Sparsity.Dimension] = []
    for dimension in try table.tables(2, "sparse dimensions", limit: limit, place: { _ in place }) {
      dimensions.append(try readDimension(dimension))
    }
    guard dimensions.count == order.count else {
      throw .mismatch(place, what: "The sparsity describes \(dimensions.count) dimensions of \(order.count)")
    }
    return Sparsity(traversalOrder: order, blockMap: blockMap, dimensions: dimensions)
  }

  private func readDimension(_ table: FlatBufferTable) throws(ModelError) -> Sparsity.Dimension {
    let format = try table.scalar(0, "the dimension's format", default: Int8(0))
    switch format {
    case 0:
      let size = try table.int(1, "the dimension's size")
      guard size > 0 else { throw .mismatch(table.place, what: "A dense dimension of its sparsity has size \(size)") }
      return .dense(size: size)
    case 1:
      let segments = try readIndices(table, typeField: 2, "the segments")
      let indices = try readIndices(table, typeField: 4, "the indices")
      let isRising = zip(segments, segments.dropFirst()).allSatisfy { $0 <= $1 }
      guard segments.first == 0, isRising, Int(segments.last ?? 0) <= indices.count,
        indices.allSatisfy({ $0 >= 0 })
      else {
        throw .mismatch(table.place, what: "The segments of its sparsity do not fit its indices")
      }
      return .sparse(segments: segments, indices: indices)
    default:
      throw .unsupported(table.place, what: "The sparse format with number \(format)")
    }
  }

  /// A union of three list types: 32-bit, 16-bit and 8-bit numbers.
  private func readIndices(
    _ table: FlatBufferTable, typeField: Int, _ what: String
  ) throws(ModelError) -> [Int32] {
    let width = try table.scalar(typeField, what, default: UInt8(0))
    guard let list = try table.table(typeField + 1, what) else {
      throw .missing(table.place, what: "The list of \(what) of its sparsity")
    }
    switch width {
    case 1: return try list.numbers(0, what, as: Int32.self) ?? []
    case 2: return try list.numbers(0, what, as: UInt16.self)?.map { Int32($0) } ?? []
    case 3: return try list.numbers(0, what, as: UInt8.self)?.map { Int32($0) } ?? []
    default: throw .unsupported(table.place, what: "The sparse index type with number \(width)")
    }
  }
}
