/// Reads one tensor and checks that its shape, constant bytes and quantization fit together.
struct TensorReader {
  let table: FlatBufferTable
  /// The bytes of each buffer of the file.
  let buffers: [Range<Int>?]

  func read() throws(ModelError) -> Tensor {
    let type = try table.elementType(1, "the element type")
    let shape = try table.ints(0, "the number of dimensions", limit: ModelLimits.dimensions)
    let elementCount = try Self.elementCount(shape ?? [], type, table.place)
    let sparsity = try table.table(6, "the sparsity").map { table throws(ModelError) in
      try SparsityReader(table: table, shape: shape ?? []).read()
    }
    return Tensor(
      name: try table.string(3, "the name") ?? "", type: type, shape: shape ?? [], hasShape: shape != nil,
      shapeSignature: try table.ints(7, "the number of dimensions", limit: ModelLimits.dimensions),
      constant: try constant(type, elementCount: elementCount, isSparse: sparsity != nil),
      quantization: try quantization(type, shape: shape ?? []),
      sparsity: sparsity, isVariable: try table.bool(5, "the variable flag"))
  }

  /// The product of the dimensions, within the limit for a tensor's bytes.
  private static func elementCount(
    _ shape: [Int], _ type: ElementType, _ place: ModelError.Place
  ) throws(ModelError) -> Int {
    if let negative = shape.first(where: { $0 < 0 }) {
      throw .mismatch(place, what: "The shape \(shape) has the negative dimension \(negative)")
    }
    guard !shape.contains(0) else { return 0 }
    var count = 1
    for dimension in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
      guard !overflow, product <= ModelLimits.tensorByteCount / (type.byteCount ?? 1) else {
        throw .mismatch(
          place, what: "The shape \(shape) stands for more than \(ModelLimits.tensorByteCount) bytes, the limit")
      }
      count = product
    }
    return count
  }

  /// The constant bytes, at least as many as type and shape ask for; fewer where they are stored sparsely.
  private func constant(_ type: ElementType, elementCount: Int, isSparse: Bool) throws(ModelError) -> Range<Int>? {
    let index = Int(try table.scalar(2, "the buffer", default: UInt32(0)))
    // Buffer 0 means no constant, even where a file does not list it.
    guard index != 0 else { return nil }
    guard index < buffers.count else {
      throw .indexOutOfBounds(table.place, what: "buffer", index: index, count: buffers.count)
    }
    guard let range = buffers[index], !range.isEmpty || elementCount == 0 else { return nil }
    let expected: Int
    switch type {
    case .int4: expected = (elementCount + 1) / 2
    case .string, .resource, .variant: return range
    default: expected = elementCount * (type.byteCount ?? 1)
    }
    guard isSparse ? range.count <= expected : range.count >= expected else {
      throw .mismatch(
        table.place, what: "Its constant has \(range.count) bytes, type \(type) and shape ask for \(expected)")
    }
    // TensorFlow Lite takes a buffer that is too long and looks at its beginning.
    return isSparse ? range : range.lowerBound..<range.lowerBound + expected
  }

  private func quantization(_ type: ElementType, shape: [Int]) throws(ModelError) -> Quantization? {
    guard let table = try table.table(4, "the quantization") else { return nil }
    guard try table.scalar(4, "the quantization's form", default: UInt8(0)) == 0 else {
      throw .unsupported(table.place, what: "Quantization other than by scale and zero point (blockwise or custom)")
    }
    let scaleBits = try table.numbers(2, "the scales", as: UInt32.self) ?? []
    guard !scaleBits.isEmpty else { return nil }
    let scales = scaleBits.map { Float(bitPattern: $0) }
    if let bad = scales.first(where: { !($0 > 0 && $0.isFinite) }) {
      throw .mismatch(table.place, what: "The scale \(bad) is not a positive number")
    }
    var zeroPoints = try table.numbers(3, "the zero points", as: Int64.self) ?? []
    if zeroPoints.count == 1 { zeroPoints = Array(repeating: zeroPoints[0], count: scales.count) }
    guard zeroPoints.count == scales.count else {
      throw .mismatch(table.place, what: "It has \(scales.count) scales and \(zeroPoints.count) zero points")
    }
    let zeroPointRange = Self.zeroPointRange(type)
    if let bad = zeroPoints.first(where: { !zeroPointRange.contains($0) }) {
      throw .mismatch(table.place, what: "The zero point \(bad) does not fit the type \(type)")
    }
    let axis = try axis(of: table, scaleCount: scales.count, shape: shape)
    return Quantization(scales: scales, zeroPoints: zeroPoints, axis: axis)
  }

  /// The dimension that several scales run along. With one dimension there is no choice, whatever the file says:
  /// TFLite Micro's person detection names dimension 3 for its one-dimensional biases.
  private func axis(of table: FlatBufferTable, scaleCount: Int, shape: [Int]) throws(ModelError) -> Int {
    guard scaleCount > 1 else { return 0 }
    let axis = shape.count == 1 ? 0 : try table.int(6, "the quantized dimension")
    guard shape.indices.contains(axis), shape[axis] == scaleCount else {
      throw .mismatch(
        table.place, what: "It has \(scaleCount) scales along dimension \(axis), which the shape \(shape) does not fit")
    }
    return axis
  }

  private static func zeroPointRange(_ type: ElementType) -> ClosedRange<Int64> {
    switch type {
    case .int8: -128...127
    case .uint8: 0...255
    case .int16: -32_768...32_767
    case .uint16: 0...65_535
    case .int4: -8...7
    default: Int64(Int32.min)...Int64(Int32.max)
    }
  }
}

extension FlatBufferTable {
  /// An element type by its number in the schema.
  func elementType(_ index: Int, _ name: String) throws(ModelError) -> ElementType {
    let number = Int(try scalar(index, name, default: Int8(0)))
    guard let type = ElementType(rawValue: number) else {
      throw .unsupported(place, what: "The element type with number \(number)")
    }
    return type
  }
}
