import TFLite

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Between which two rows (or columns) a result lies, and how near to the second.
struct Interpolation<Weight: BitwiseCopyable & Sendable>: Sendable {
  let lower: Int
  let upper: Int
  let weight: Weight
}

/// RESIZE_BILINEAR in int8, in 10-bit fixed point.
struct ResizeInt8: Step {
  let source: Operand
  let result: Operand
  let shape: [Int]
  let rows: [Interpolation<Int32>]
  let columns: [Interpolation<Int32>]

  var partCount: Int { shape[0] * rows.count }

  func run(_ parts: Range<Int>, in arena: Arena) {
    let (width, channels) = (shape[2], shape[3])
    for part in parts {
      let (batch, y) = part.quotientAndRemainder(dividingBy: rows.count)
      let picture = arena.int8(source) + batch * shape[1] * width * channels
      var target = arena.int8(result) + part * columns.count * channels
      // All weights together are 2^20, so that sums of int8 have 28 bits.
      let (row, down) = (rows[y], rows[y].weight)
      for x in columns.indices {
        let column = columns[x]
        let across = column.weight
        let upperLeft = picture + (row.lower * width + column.lower) * channels
        let upperRight = picture + (row.lower * width + column.upper) * channels
        let lowerLeft = picture + (row.upper * width + column.lower) * channels
        let lowerRight = picture + (row.upper * width + column.upper) * channels
        for channel in 0..<channels {
          let upper = Int32(upperLeft[channel]) * (1024 - across) + Int32(upperRight[channel]) * across
          let lower = Int32(lowerLeft[channel]) * (1024 - across) + Int32(lowerRight[channel]) * across
          let sum = upper &* (1024 - down) &+ lower &* down
          target[channel] = Int8(truncatingIfNeeded: (sum &+ (sum > 0 ? 1 << 19 : -(1 << 19))) / (1 << 20))
        }
        target += channels
      }
    }
  }
}

/// An element that RESIZE_BILINEAR computes in floats.
protocol RealElement: BitwiseCopyable, Sendable {
  var real: Float { get }
  static func stored(_ real: Float) -> Self
  /// One pixel of the result: a requirement for the reason that `FloatFunction` gives.
  static func blend(
    _ corners: Corners<Self>, down: Float, across: Float, channels: Int, to target: UnsafeMutablePointer<Self>)
}

/// The four pixels between which one of the result lies.
struct Corners<Element> {
  let upperLeft: UnsafePointer<Element>
  let upperRight: UnsafePointer<Element>
  let lowerLeft: UnsafePointer<Element>
  let lowerRight: UnsafePointer<Element>
}

extension RealElement {
  static func blend(
    _ corners: Corners<Self>, down: Float, across: Float, channels: Int, to target: UnsafeMutablePointer<Self>
  ) {
    for channel in 0..<channels {
      target[channel] = stored(
        corners.upperLeft[channel].real * (1 - down) * (1 - across)
          + corners.lowerLeft[channel].real * down * (1 - across)
          + corners.upperRight[channel].real * (1 - down) * across + corners.lowerRight[channel].real * down * across)
    }
  }
}

extension Float: RealElement {
  static func stored(_ real: Float) -> Float { real }
}

/// The twin of a legacy uint8 value, which is cut off after a half is added.
struct LegacyElement: RealElement {
  let twin: Int8
  var real: Float { Float(Int(twin) + 128) }
  static func stored(_ real: Float) -> LegacyElement { LegacyElement(twin: Int8(clamping: Int(real + 0.5) - 128)) }
}

/// RESIZE_BILINEAR in float32, and of uint8 through floats.
struct ResizeFloat<Element: RealElement>: Step {
  let source: Operand
  let result: Operand
  let shape: [Int]
  let rows: [Interpolation<Float>]
  let columns: [Interpolation<Float>]

  var partCount: Int { shape[0] * rows.count }

  func run(_ parts: Range<Int>, in arena: Arena) {
    let (width, channels) = (shape[2], shape[3])
    for part in parts {
      let (batch, y) = part.quotientAndRemainder(dividingBy: rows.count)
      let picture = arena.elements(source, as: Element.self) + batch * shape[1] * width * channels
      var target = arena.elements(result, as: Element.self) + part * columns.count * channels
      let (row, down) = (rows[y], rows[y].weight)
      for x in columns.indices {
        let column = columns[x]
        let corners = Corners(
          upperLeft: UnsafePointer(picture + (row.lower * width + column.lower) * channels),
          upperRight: UnsafePointer(picture + (row.lower * width + column.upper) * channels),
          lowerLeft: UnsafePointer(picture + (row.upper * width + column.lower) * channels),
          lowerRight: UnsafePointer(picture + (row.upper * width + column.upper) * channels))
        Element.blend(corners, down: down, across: column.weight, channels: channels, to: target)
        target += channels
      }
    }
  }
}

extension Compiler {
  /// What both ways of resizing need.
  private struct Resizing {
    let source: Operand
    let shape: [Int]
    let height: Int
    let width: Int
    let alignsCorners: Bool
    let hasHalfPixelCenters: Bool
  }

  private mutating func resizing(_ node: Node) throws(CompilationError) -> Resizing {
    guard case .resize(let alignsCorners, let hasHalfPixelCenters) = node.options else {
      throw node.mismatch("its settings are missing")
    }
    let source = try input4D(0, of: node)
    let size = try integers(of: 1, node)
    try node.check(
      size.count == 2 && size.allSatisfy { (1...65_536).contains($0) }, "the new size \(size) is not height and width")
    // The fixed-point positions have 10 bits after the point.
    try node.check(self[source].shape.allSatisfy { $0 <= 65_536 }, "a picture of \(self[source].shape) is too large")
    return Resizing(
      source: source, shape: self[source].shape, height: size[0], width: size[1], alignsCorners: alignsCorners,
      hasHalfPixelCenters: hasHalfPixelCenters)
  }

  mutating func compileResizeBilinear(_ node: Node) throws(CompilationError) {
    let resizing = try resizing(node)
    let (source, shape) = (resizing.source, resizing.shape)
    let output = [shape[0], resizing.height, resizing.width, shape[3]]
    let type = self[source].type
    try node.checkType(type == .int8 || type == .float32, "operands of \(type) are not computed here")
    let result = try define(of: node, type: type, shape: output, like: source)
    guard type == .float32 || self[source].isTwin else {
      let step = ResizeInt8(
        source: source, result: result, shape: shape,
        rows: Self.fixedPoint(from: shape[1], to: resizing.height, resizing),
        columns: Self.fixedPoint(from: shape[2], to: resizing.width, resizing))
      try emit(step, reading: [source], writing: [result])
      return
    }
    let rows = Self.real(from: shape[1], to: resizing.height, resizing)
    let columns = Self.real(from: shape[2], to: resizing.width, resizing)
    if type == .float32 {
      let step = ResizeFloat<Float>(
        source: source, result: result, shape: shape, rows: rows, columns: columns)
      try emit(step, reading: [source], writing: [result])
    } else {
      let step = ResizeFloat<LegacyElement>(
        source: source, result: result, shape: shape, rows: rows, columns: columns)
      try emit(step, reading: [source], writing: [result])
    }
  }

  private static func fixedPoint(from size: Int, to count: Int, _ resizing: Resizing) -> [Interpolation<Int32>] {
    var scale = (1024 * size + count / 2) / count
    if resizing.alignsCorners, count > 1 { scale = (1024 * (size - 1) + (count - 1) / 2) / (count - 1) }
    return (0..<count).map { index in
      let position = resizing.hasHalfPixelCenters ? index * scale + scale / 2 - 512 : index * scale
      let lower = max(position / 1024, 0)
      let upper = min((position + 1023) / 1024, size - 1)
      return Interpolation(lower: min(lower, size - 1), upper: max(upper, 0), weight: Int32(position - 1024 * lower))
    }
  }

  private static func real(from size: Int, to count: Int, _ resizing: Resizing) -> [Interpolation<Float>] {
    var scale = Float(size) / Float(count)
    if resizing.alignsCorners, count > 1 { scale = Float(size - 1) / Float(count - 1) }
    return (0..<count).map { index in
      let position = resizing.hasHalfPixelCenters ? (Float(index) + 0.5) * scale - 0.5 : Float(index) * scale
      let lower = max(Int(position.rounded(.down)), 0)
      let upper = min(Int(position.rounded(.up)), size - 1)
      return Interpolation(lower: min(lower, size - 1), upper: max(upper, 0), weight: position - Float(lower))
    }
  }

  mutating func compileResizeNearest(_ node: Node) throws(CompilationError) {
    let resizing = try resizing(node)
    let (shape, size) = try movable(resizing.source, node)
    let output = [shape[0], resizing.height, resizing.width, shape[3]]
    let result = try define(of: node, type: self[resizing.source].type, shape: output, like: resizing.source)
    let from = Rearrangement.strides(of: shape, elementByteCount: size)
    let to = Rearrangement.strides(of: output, elementByteCount: size)
    let axes = output.indices.map { index in
      let nearest =
        index == 1 || index == 2
        ? Self.nearest(from: shape[index], to: output[index], resizing).map { $0 * from[index] } : nil
      return Rearrangement.Axis(
        count: output[index], sourceStride: from[index], resultStride: to[index], sourceOffsets: nearest)
    }
    try rearrange(resizing.source, to: result, axes: axes, node)
  }

  private static func nearest(from size: Int, to count: Int, _ resizing: Resizing) -> [Int] {
    let scale =
      resizing.alignsCorners && count > 1 ? Float(size - 1) / Float(count - 1) : Float(size) / Float(count)
    return (0..<count).map { index in
      let position = (Float(index) + (resizing.hasHalfPixelCenters ? 0.5 : 0)) * scale
      let rounded = position.rounded(resizing.alignsCorners ? .toNearestOrAwayFromZero : .down)
      return max(0, min(Int(rounded), size - 1))
    }
  }
}
