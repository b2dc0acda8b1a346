import CKernels
import TFLite

/// The scale and zero point that a float tensor gets while the model runs, as TFLite chooses them for layers with int8
/// weights: zero is always a step.
struct DynamicScale: BitwiseCopyable {
  var scale: Float
  /// 1 / scale, as TFLite rounds it.
  var inverse: Float
  var zeroPoint: Int32

  /// Ranges are cut off here, so that no scale becomes infinite.
  private static let limit: Float = 0x1p120

  /// Chooses for a range that includes zero.
  init(least: Float, greatest: Float, isSymmetric: Bool) {
    let (low, high) = (max(least, -Self.limit), min(greatest, Self.limit))
    (scale, inverse, zeroPoint) = (1, 1, 0)
    // Below this the inverse would be infinite.
    guard low < high, high - low > 0x1p-110 else { return }
    if isSymmetric {
      (scale, inverse) = (max(-low, high) / 127, 127 / max(-low, high))
      return
    }
    // TFLite takes the difference in float32 and divides in float64.
    let step = Double(high - low) / 255
    // Measured from whichever end the rounding error is smaller at.
    let (fromLow, fromHigh) = (-128 - Double(low) / step, 127 - Double(high) / step)
    let isLowNearer = 128 + abs(Double(low) / step) < 127 + abs(Double(high) / step)
    let real = (isLowNearer ? fromLow : fromHigh).rounded(.toNearestOrAwayFromZero)
    scale = Float(step)
    inverse = 1 / scale
    zeroPoint = Int32(min(max(real, -128), 127))
  }
}

/// Where a layer with int8 weights finds its activations.
enum DynamicSource: Sendable {
  /// Quantized, with a `DynamicScale` for each batch.
  case quantized(Operand, scales: Operand)
  /// One picture of floats and their range: the layer quantizes them itself, as much as it needs at a time.
  case floats(Operand, range: RangeSink, isSymmetric: Bool)

  var operands: [Operand] {
    switch self {
    case .quantized(let operand, let scales): [operand, scales]
    case .floats(let operand, let range, _): [operand, range.operand]
    }
  }

  /// The floats, if they are not quantized yet.
  func floats(in arena: Arena) -> UnsafePointer<Float>? {
    guard case .floats(let operand, _, _) = self else { return nil }
    return UnsafePointer(arena.float(operand))
  }

  /// The quantized values, if there are any.
  func bytes(in arena: Arena) -> UnsafeRawPointer? {
    guard case .quantized(let operand, _) = self else { return nil }
    return UnsafeRawPointer(arena.bytes(operand))
  }

  func scale(ofBatch batch: Int, in arena: Arena) -> DynamicScale {
    switch self {
    case .quantized(_, let scales): return arena.elements(scales, as: DynamicScale.self)[batch]
    case .floats(_, let range, let isSymmetric):
      let (least, greatest) = range.total(in: arena)
      return DynamicScale(least: least, greatest: greatest, isSymmetric: isSymmetric)
    }
  }
}

/// Finds the range of a float tensor whose writer does not.
struct FindRange: Step {
  let source: Operand
  let count: Int
  let sink: RangeSink
  let kernels: KernelTable

  var partCount: Int { Chunks.count(of: count) }

  func run(_ parts: Range<Int>, in arena: Arena) {
    let seen = sink.begin(in: arena)
    let range = Chunks.range(of: parts, in: count)
    if !range.isEmpty {
      kernels.pointer.pointee.range_f32(range.count, arena.float(source) + range.lowerBound, seen)
    }
  }
}

/// Quantizes a float tensor with the scale that its range asks for.
struct QuantizeDynamically: Step {
  let source: Operand
  let result: Operand
  /// The scale goes here as well, for the layers that read the result.
  let scale: Operand
  let count: Int
  let range: RangeSink
  let isSymmetric: Bool
  let hasOffset: Bool
  let kernels: KernelTable

  var partCount: Int { Chunks.count(of: count) }

  func run(_ parts: Range<Int>, in arena: Arena) {
    let (least, greatest) = range.total(in: arena)
    let chosen = DynamicScale(least: least, greatest: greatest, isSymmetric: isSymmetric)
    if parts.contains(0) { arena.elements(scale, as: DynamicScale.self)[0] = chosen }
    let range = Chunks.range(of: parts, in: count)
    if range.isEmpty { return }
    chosen.quantize(
      arena.float(source) + range.lowerBound, count: range.count, to: arena.int8(result) + range.lowerBound,
      hasOffset: hasOffset, kernels)
  }
}

/// Quantizes those pixels of a float picture that a convolution of single pixels sees, with the scale that the range of
/// all of them asks for.
struct QuantizeSeenPixels: Step {
  let source: Operand
  let result: Operand
  /// The scale goes here as well, for the layers that read the result.
  let scale: Operand
  let window: Window
  let channels: Int
  let range: RangeSink
  let isSymmetric: Bool
  let hasOffset: Bool
  let kernels: KernelTable

  var partCount: Int { window.outputHeight }

  func run(_ parts: Range<Int>, in arena: Arena) {
    let (least, greatest) = range.total(in: arena)
    let chosen = DynamicScale(least: least, greatest: greatest, isSymmetric: isSymmetric)
    if parts.contains(0) { arena.elements(scale, as: DynamicScale.self)[0] = chosen }
    for y in parts {
      let row = arena.float(source) + y * window.strideHeight * window.inputWidth * channels
      let target = arena.int8(result) + y * window.outputWidth * channels
      for x in 0..<window.outputWidth {
        chosen.quantize(
          row + x * window.strideWidth * channels, count: channels, to: target + x * channels, hasOffset: hasOffset,
          kernels)
      }
    }
  }
}

/// Quantizes each row of a float tensor by itself: each picture of several, or each row of a matrix product.
struct QuantizeRows: Step {
  let source: Operand
  let result: Operand
  /// One scale a row.
  let scales: Operand
  let rows: Int
  let count: Int
  let isSymmetric: Bool
  let hasOffset: Bool
  let kernels: KernelTable

  var partCount: Int { rows }
  var scratchByteCount: Int { 2 * MemoryLayout<Float>.stride }

  func run(_ parts: Range<Int>, in arena: Arena) {
    let range = arena.scratch.assumingMemoryBound(to: Float.self)
    for row in parts {
      let values = arena.float(source) + row * count
      range.update(repeating: 0, count: 2)
      kernels.pointer.pointee.range_f32(count, values, range)
      let chosen = DynamicScale(least: range[0], greatest: range[1], isSymmetric: isSymmetric)
      arena.elements(scales, as: DynamicScale.self)[row] = chosen
      chosen.quantize(
        values, count: count, to: arena.int8(result) + row * count, hasOffset: hasOffset, kernels)
    }
  }
}

extension DynamicScale {
  func quantize(
    _ values: UnsafePointer<Float>, count: Int, to result: UnsafeMutablePointer<Int8>, hasOffset: Bool,
    _ kernels: KernelTable
  ) {
    var parameters = maskd_quantization(
      inverse_scale: inverse, zero_point: zeroPoint, flip: hasOffset ? 0x80 : 0)
    kernels.pointer.pointee.quantize_f32_s8(count, values, &parameters, result)
  }
}

extension Compiler {
  /// A float tensor in int8, with the scales that it gets while the model runs.
  struct DynamicForm {
    let operand: Operand
    /// A `DynamicScale` for each row.
    let scales: Operand
  }

  /// What a dynamic form is made of, for layers that want the same one.
  struct DynamicFormKey: Hashable {
    let source: Operand
    let rows: Int
    let isSymmetric: Bool
    /// From one pixel that it has to the next.
    var strides = [1, 1]
  }

  /// A float operand as a layer with int8 weights reads it: in `rows` rows, each with a scale of its own. A layer that can
  /// quantize does so where it is the only one to read the operand so.
  mutating func dynamicSource(
    of source: Operand, rows: Int, isSymmetric: Bool, quantizesItself: Bool, _ node: Node
  ) throws(CompilationError) -> DynamicSource {
    guard quantizesItself, rows == 1, dynamicReaderCount(of: source) == 1 else {
      let form = try dynamicForm(of: source, rows: rows, isSymmetric: isSymmetric, node)
      return .quantized(form.operand, scales: form.scales)
    }
    return .floats(source, range: try range(of: source, node), isSymmetric: isSymmetric)
  }

  /// The int8 form of a float operand in `rows` rows, each with a scale of its own, made once for all its readers.
  mutating func dynamicForm(
    of source: Operand, rows: Int, isSymmetric: Bool, _ node: Node
  ) throws(CompilationError) -> DynamicForm {
    let key = DynamicFormKey(source: source, rows: rows, isSymmetric: isSymmetric)
    if let known = dynamicForms[key] { return known }
    let count = self[source].elementCount
    var value = Value(name: self[source].name, type: .int8, shape: self[source].shape)
    value.hasOffset = activationOffset != 0
    let form = DynamicForm(
      operand: try makeValue(value, node),
      scales: try makeValue(Value(name: "scales", type: .int32, shape: [rows, 3]), node))
    if rows == 1 {
      let step = QuantizeDynamically(
        source: source, result: form.operand, scale: form.scales, count: count, range: try range(of: source, node),
        isSymmetric: isSymmetric, hasOffset: value.hasOffset, kernels: family.table)
      try emit(step, reading: [source, step.range.operand], writing: [form.operand, form.scales])
    } else {
      let step = QuantizeRows(
        source: source, result: form.operand, scales: form.scales, rows: rows, count: count / rows,
        isSymmetric: isSymmetric, hasOffset: value.hasOffset, kernels: family.table)
      try emit(step, reading: [source], writing: [form.operand, form.scales])
    }
    dynamicForms[key] = form
    return form
  }

  /// The int8 form of those pixels of one picture that a window of one tap sees.
  mutating func dynamicForm(
    of source: Operand, seenThrough window: Window, isSymmetric: Bool, _ node: Node
  ) throws(CompilationError) -> DynamicForm {
    let key = DynamicFormKey(
      source: source, rows: 1, isSymmetric: isSymmetric, strides: [window.strideHeight, window.strideWidth])
    if let known = dynamicForms[key] { return known }
    let channels = self[source].shape[3]
    var value = Value(
      name: self[source].name, type: .int8, shape: [1, window.outputHeight, window.outputWidth, channels])
    value.hasOffset = activationOffset != 0
    let form = DynamicForm(
      operand: try makeValue(value, node),
      scales: try makeValue(Value(name: "scales", type: .int32, shape: [1, 3]), node))
    let step = QuantizeSeenPixels(
      source: source, result: form.operand, scale: form.scales, window: window, channels: channels,
      range: try range(of: source, node), isSymmetric: isSymmetric, hasOffset: value.hasOffset, kernels: family.table)
    try emit(step, reading: [source, step.range.operand], writing: [form.operand, form.scales])
    dynamicForms[key] = form
    return form
  }

  /// The range of a float operand: as its writer noted it, or found by a step of its own.
  mutating func range(of source: Operand, _ node: Node) throws(CompilationError) -> RangeSink {
    if let known = rangeSinks[source] { return known }
    let count = self[source].elementCount
    let sink = try makeRangeSink(partCount: Chunks.count(of: count), node)
    let step = FindRange(source: source, count: count, sink: sink, kernels: family.table)
    try emit(step, reading: [source], writing: [sink.operand])
    rangeSinks[source] = sink
    return sink
  }
}
