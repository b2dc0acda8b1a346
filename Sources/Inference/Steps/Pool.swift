import CKernels
import TFLite

/// AVERAGE_POOL_2D, MAX_POOL_2D in int8: rows of the result.
struct Pool: Step {
  let source: Operand
  let result: Operand
  let window: Window
  let channels: Int
  let isAverage: Bool
  let parameters: maskd_pool_s8_parameters
  let kernels: KernelTable

  var partCount: Int { window.batches * window.outputHeight }
  var scratchByteCount: Int { window.tapsInside * MemoryLayout<Int>.stride }

  func run(_ parts: Range<Int>, in arena: Arena) {
    let table = kernels.pointer.pointee
    var parameters = parameters
    let input = UnsafePointer(arena.int8(source))
    let pointers = arena.scratch.assumingMemoryBound(to: UnsafePointer<Int8>?.self)
    for part in parts {
      for x in 0..<window.outputWidth {
        let target = arena.int8(result) + (part * window.outputWidth + x) * channels
        let taps = window.pointInside(pointers, input, channels: channels, row: part, x: x)
        if isAverage {
          table.average_pool_s8(channels, taps, pointers, target, &parameters)
        } else {
          table.max_pool_s8(channels, taps, pointers, target, &parameters)
        }
      }
    }
  }
}

/// The same in float32. The rows under a window are brought together first, for all windows of a row of results; then
/// the columns.
struct FloatPool: Step {
  let source: Operand
  /// Makes the rows of the picture; nil where they lie in `source`.
  let producer: (any RowSource)?
  let result: Operand
  let window: Window
  let channels: Int
  let isAverage: Bool
  let limits: ClosedRange<Float>
  /// Where the range of the results goes, if somebody wants it.
  let range: RangeSink?
  let kernels: KernelTable

  var partCount: Int { window.batches * window.outputHeight }
  private var inputRowCount: Int { window.inputWidth * channels }
  private var rowByteCount: Int { Arena.aligned(inputRowCount * MemoryLayout<Float>.stride) }
  private var heldByteCount: Int { Arena.aligned(window.height * MemoryLayout<Int>.stride) }
  /// A row of the picture; where rows are made, those under a window, which of them are there, and what making them
  /// takes.
  var scratchByteCount: Int {
    rowByteCount + (producer == nil ? 0 : heldByteCount + window.height * rowByteCount + producer.scratchByteCount)
  }

  func run(_ parts: Range<Int>, in arena: Arena) {
    let seen = range?.begin(in: arena)
    guard let producer else {
      let input = UnsafePointer(arena.float(source))
      return pool(parts, in: arena, seen) { input + $0 * inputRowCount }
    }
    let held = (arena.scratch + rowByteCount).assumingMemoryBound(to: Int.self)
    held.update(repeating: -1, count: window.height)
    let made = arena.scratch + rowByteCount + heldByteCount
    let maker = RowProducer(producer, in: arena, scratch: made + window.height * rowByteCount)
    pool(parts, in: arena, seen) { row in
      let slot = row % window.height
      let place = (made + slot * rowByteCount).assumingMemoryBound(to: Float.self)
      if held[slot] != row { maker.write(row: row, columns: window.inputWidth, to: place) }
      held[slot] = row
      return UnsafePointer(place)
    }
  }

  /// Computes rows of results; `row` brings a row of the picture, counted through all pictures.
  @inline(__always)
  private func pool(
    _ parts: Range<Int>, in arena: Arena, _ seen: UnsafeMutablePointer<Float>?, row: (Int) -> UnsafePointer<Float>
  ) {
    let column = arena.scratch.assumingMemoryBound(to: Float.self)
    let rowCount = window.outputWidth * channels
    for part in parts {
      let (batch, y) = part.quotientAndRemainder(dividingBy: window.outputHeight)
      let rows = window.rowsInside(y)
      combine(rows, each: inputRowCount, to: column) { row(batch * window.inputHeight + $0) }
      let target = arena.float(result) + part * rowCount
      for x in 0..<window.outputWidth {
        let columns = window.columnsInside(x)
        combine(columns, each: channels, to: target + x * channels) { UnsafePointer(column) + $0 * channels }
        finish(target + x * channels, taps: rows.count * columns.count)
      }
      if let seen { kernels.pointer.pointee.range_f32(rowCount, target, seen) }
    }
  }

  /// Brings runs of `count` floats together in one.
  @inline(__always)
  private func combine(
    _ runs: Range<Int>, each count: Int, to target: UnsafeMutablePointer<Float>, _ find: (Int) -> UnsafePointer<Float>
  ) {
    guard !runs.isEmpty else { return target.update(repeating: 0, count: count) }
    let arithmetic = kernels.pointer.pointee.arithmetic_f32
    target.update(from: find(runs.lowerBound), count: count)
    var shape = maskd_broadcast(
      runs: 1, count: count, left_step: 1, left_stride: 0, right_step: 1, right_stride: 0,
      result_stride: count)
    for run in runs.dropFirst() {
      arithmetic?(
        isAverage ? MASKD_ADD : MASKD_MAXIMUM, &shape, target, find(run), -Float.infinity, Float.infinity, target, nil)
    }
  }

  /// Divides a sum by the number of its pixels, and applies the activation.
  private func finish(_ target: UnsafeMutablePointer<Float>, taps: Int) {
    guard isAverage || limits != -Float.infinity...Float.infinity else { return }
    var shape = maskd_broadcast(
      runs: 1, count: channels, left_step: 1, left_stride: 0, right_step: 0, right_stride: 0,
      result_stride: channels)
    withUnsafePointer(to: isAverage ? Float(max(1, taps)) : 1) {
      kernels.pointer.pointee.arithmetic_f32(
        MASKD_DIVIDE, &shape, target, $0, limits.lowerBound, limits.upperBound, target, nil)
    }
  }
}

extension Window {
  /// The most taps of one window that can lie inside the picture.
  var tapsInside: Int { min(height, inputHeight) * min(width, inputWidth) }

  /// The rows of the picture under a row of results.
  func rowsInside(_ y: Int) -> Range<Int> {
    let first = y * strideHeight - top
    return max(0, first)..<max(max(0, first), min(inputHeight, first + height))
  }

  /// The columns of the picture under a column of results.
  func columnsInside(_ x: Int) -> Range<Int> {
    let first = x * strideWidth - left
    return max(0, first)..<max(max(0, first), min(inputWidth, first + width))
  }

  /// Points to the input pixels of a window that lie inside the picture; returns how many there are.
  @inline(__always)
  func pointInside<Element>(
    _ pointers: UnsafeMutablePointer<UnsafePointer<Element>?>, _ input: UnsafePointer<Element>, channels: Int, row: Int,
    x: Int
  ) -> Int {
    let (batch, y) = row.quotientAndRemainder(dividingBy: outputHeight)
    var count = 0
    for inputY in rowsInside(y) {
      for inputX in columnsInside(x) {
        pointers[count] = input + ((batch * inputHeight + inputY) * inputWidth + inputX) * channels
        count += 1
      }
    }
    return count
  }
}

extension Compiler {
  mutating func compilePool(_ node: Node, isAverage: Bool) throws(CompilationError) {
    guard case .pool(let options) = node.options else { throw node.mismatch("its settings are missing") }
    let (source, input, pad) = try picture(0, of: node)
    let value = self[input]
    let settings = ConvolutionOptions(
      padding: options.padding, strideHeight: options.strideHeight, strideWidth: options.strideWidth, dilationHeight: 1,
      dilationWidth: 1, activation: options.activation)
    let window = try Window(
      input: self[source].shape, height: options.filterHeight, width: options.filterWidth, options: settings,
      absorbed: pad, node)
    try node.check(window.tapsInside < 1 << 23, "a window of more than \(1 << 23) pixels is not computed here")
    let channels = value.shape[3]
    try countWork(window.outputPixels, window.tapsInside, channels)
    let shape = [window.batches, window.outputHeight, window.outputWidth, channels]
    switch value.type {
    case .int8:
      let result = try define(of: node, type: .int8, shape: shape, like: input)
      chooseForm(of: result)
      let range = try activationRange(options.activation, of: try affine(of: result, node), node)
      let parameters = maskd_pool_s8_parameters(
        minimum: range.lowerBound, maximum: range.upperBound,
        rounding: value.isTwin ? MASKD_AVERAGE_HALF_UP : MASKD_AVERAGE_HALF_AWAY_FROM_ZERO,
        operand_flip: flip(of: source), result_flip: flip(of: result))
      let step = Pool(
        source: source, result: result, window: window, channels: channels, isAverage: isAverage,
        parameters: parameters, kernels: family.table)
      try emit(step, reading: [source], writing: [result])
    case .float32:
      let result = try define(of: node, type: .float32, shape: shape)
      // Rows that are made stay until the last window has seen them: too many would be the picture again.
      let producer = 2 * window.height <= window.inputHeight ? takeRows(of: source) : nil
      let range = try rangeSink(for: result, partCount: window.batches * window.outputHeight, node)
      let step = FloatPool(
        source: source, producer: producer, result: result, window: window, channels: channels, isAverage: isAverage,
        limits: try floatRange(options.activation, node), range: range, kernels: family.table)
      try emitFused(step, reading: producer == nil ? [source] : [], writing: [result] + range.operands)
    case .int16:
      let result = try define(of: node, type: .int16, shape: shape)
      let step = Int16Pool(
        source: source, result: result, window: window, channels: channels, isAverage: isAverage,
        range: try int16Range(options.activation, scale: try int16Scale(of: result, node), node))
      try emit(step, reading: [source], writing: [result])
    default: throw node.unsupported("operands of \(value.type) are not computed here")
    }
  }
}
