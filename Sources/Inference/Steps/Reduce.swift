import CKernels
import FixedPoint
import TFLite

/// What a reduction does with each element.
protocol ReductionOperation: Sendable {
  associatedtype Element: BitwiseCopyable
  associatedtype Accumulator: BitwiseCopyable
  var initial: Accumulator { get }
  func combine(_ accumulator: Accumulator, _ element: Element) -> Accumulator
  func finish(_ accumulator: Accumulator) -> Element
  /// The loops over a run of elements and over the results, requirements for the reason that `FloatFunction` gives. A
  /// step of 0 takes all elements into one accumulator.
  func take(_ from: UnsafePointer<Element>, count: Int, into to: UnsafeMutablePointer<Accumulator>, step: Int)
  func write(_ from: UnsafePointer<Accumulator>, count: Int, to result: UnsafeMutablePointer<Element>)
}

extension ReductionOperation {
  func take(_ from: UnsafePointer<Element>, count: Int, into to: UnsafeMutablePointer<Accumulator>, step: Int) {
    if step == 1 {
      for index in 0..<count { to[index] = combine(to[index], from[index]) }
    } else {
      for index in 0..<count { to[index * step] = combine(to[index * step], from[index]) }
    }
  }

  func write(_ from: UnsafePointer<Accumulator>, count: Int, to result: UnsafeMutablePointer<Element>) {
    for index in 0..<count { result[index] = finish(from[index]) }
  }
}

/// MEAN in int8, and SUM of legacy uint8: in fixed point.
struct QuantizedMean: ReductionOperation {
  /// The zero points of all elements of a sum.
  let offset: Int32
  let scale: FixedPointMultiplier
  let zeroPoint: Int32
  var initial: Int32 { 0 }
  func combine(_ sum: Int32, _ element: Int8) -> Int32 { sum &+ Int32(element) }
  func finish(_ sum: Int32) -> Int8 { Int8(clamping: Int64(scale.roundingTwice(sum &- offset)) + Int64(zeroPoint)) }
}

/// SUM in int8. As TFLite's optimised kernel scales it, in floats: its reference kernel gives wrong sums where the
/// scales of operand and result differ.
struct QuantizedTotal: ReductionOperation {
  let scale: Float
  /// What the zero points of all elements contribute.
  let bias: Float
  let zeroPoint: Int32
  var initial: Int32 { 0 }
  func combine(_ sum: Int32, _ element: Int8) -> Int32 { sum &+ Int32(element) }
  func finish(_ sum: Int32) -> Int8 {
    let steps = (Float(sum) * scale + bias).rounded(.toNearestOrAwayFromZero)
    return Int8(saturating: steps + Float(zeroPoint))
  }
}

/// REDUCE_MAX and REDUCE_MIN.
struct Extremum<Element: BitwiseCopyable & Comparable & Sendable>: ReductionOperation {
  let isMaximum: Bool
  let initial: Element
  func combine(_ best: Element, _ element: Element) -> Element { isMaximum == (element > best) ? element : best }
  func finish(_ best: Element) -> Element { best }
}

/// Brings the elements along some dimensions together.
///
/// The operand is read once from first to last; each element is taken into the accumulator of its result.
struct Reduction<Operation: ReductionOperation>: Step {
  let source: Operand
  let result: Operand
  /// The operand's loops, with zero for the accumulators along a reduced dimension.
  let walk: BroadcastWalk
  let resultCount: Int
  let operation: Operation

  var scratchByteCount: Int { resultCount * MemoryLayout<Operation.Accumulator>.stride }

  func run(_ parts: Range<Int>, in arena: Arena) {
    let input = arena.elements(source, as: Operation.Element.self)
    let accumulators = arena.scratch.assumingMemoryBound(to: Operation.Accumulator.self)
    accumulators.update(repeating: operation.initial, count: resultCount)
    for run in 0..<walk.runs {
      let start = walk.offsets(ofRun: run)
      operation.take(input + start.left, count: walk.count, into: accumulators + start.right, step: walk.rightStep)
    }
    operation.write(accumulators, count: resultCount, to: arena.elements(result, as: Operation.Element.self))
  }
}

extension BroadcastWalk {
  /// Whether, seen as the walk of a reduction, each of its innermost two loops goes over columns whose elements come
  /// together, and no other loop does.
  var reducesColumns: Bool {
    guard let rows = outer.last, leftStep == 1, rightStep == 1, rows.right == 0 else { return false }
    return outer.dropLast().allSatisfy { $0.right != 0 }
  }
}

/// MEAN in int8 over the columns of matrices, such as the pixels of pictures.
struct ColumnMean: Step {
  let source: Operand
  let result: Operand
  /// A loop over matrices, one over rows, one over columns.
  let walk: BroadcastWalk
  let parameters: maskd_mean_s8_parameters
  let kernels: KernelTable

  /// Columns of a part: less than this is not worth a thread's while.
  private static let columns = 256

  /// The loop over rows; there is one (`reducesColumns`). Not `last`, which allocates in a debug build.
  private var rows: (count: Int, left: Int, right: Int) { walk.outer[walk.outer.count - 1] }
  private var partsOfMatrix: Int { (walk.count + Self.columns - 1) / Self.columns }
  var partCount: Int { walk.runs / rows.count * partsOfMatrix }

  func run(_ parts: Range<Int>, in arena: Arena) {
    let (rows, partsOfMatrix) = (rows, partsOfMatrix)
    var parameters = parameters
    for part in parts {
      let start = walk.offsets(ofRun: part / partsOfMatrix * rows.count)
      let column = part % partsOfMatrix * Self.columns
      kernels.pointer.pointee.mean_s8(
        min(Self.columns, walk.count - column), rows.count, rows.left, arena.int8(source) + start.left + column,
        arena.int8(result) + start.right + column, &parameters)
    }
  }
}

extension Compiler {
  /// What is reduced, and into what shape.
  private struct ReducedShape {
    let walk: BroadcastWalk
    let output: [Int]
    /// How many elements come together in one result.
    let count: Int
    let resultCount: Int
  }

  private func reducedShape(_ shape: [Int], _ node: Node) throws(CompilationError) -> ReducedShape {
    var keepsDimensions = false
    if case .reduce(let keeps) = node.options { keepsDimensions = keeps }
    var reduced: Set<Int> = []
    for number in try integers(of: 1, node) { reduced.insert(try axis(number, rank: shape.count, node)) }
    let narrow = shape.indices.map { reduced.contains($0) ? 1 : shape[$0] }
    let output = keepsDimensions ? narrow : shape.indices.filter { !reduced.contains($0) }.map { shape[$0] }
    let resultCount = narrow.reduce(1, *)
    return ReducedShape(
      walk: BroadcastWalk(left: shape, right: narrow, result: shape), output: output,
      count: shape.reduce(1, *) / resultCount, resultCount: resultCount)
  }

  /// MEAN and SUM.
  mutating func compileMean(_ node: Node, isSum: Bool) throws(CompilationError) {
    let stored = try storedInput(0, of: node)
    let value = self[stored]
    let shape = try reducedShape(value.shape, node)
    if value.type == .int8, !isSum || value.isTwin {
      try compileInt8Mean(node, stored, shape, isSum: isSum)
      return
    }
    let source = try input(0, of: node)
    switch value.type {
    case .float32:
      let result = try define(of: node, type: .float32, shape: shape.output)
      let mean = FloatMean(
        source: source, result: result, walk: shape.walk, isOfColumns: shape.walk.reducesColumns,
        resultCount: shape.resultCount, divisor: isSum ? 1 : Float(shape.count), kernels: family.table)
      try emit(mean, reading: [source], writing: [result])
    case .int8:
      let result = try define(of: node, type: .int8, shape: shape.output, like: source)
      let (from, to) = (try affine(of: source, node), try affine(of: result, node))
      let scale = from.scale / to.scale
      // No sum may become infinite: what the zero points contribute is subtracted from it.
      try node.checkType(
        (scale * 256 * Float(shape.count)).isFinite, "the scales of operand and result make the factor \(scale)")
      let total = QuantizedTotal(
        scale: scale, bias: -Float(from.zeroPoint) * scale * Float(shape.count), zeroPoint: to.zeroPoint)
      try emit(total, shape, source: source, result: result)
    case .int16:
      let result = try define(of: node, type: .int16, shape: shape.output)
      let scale = try multiplier(
        Double(try int16Scale(of: source, node)) / Double(try int16Scale(of: result, node)), node)
      try emit(
        Int16Mean(scale: isSum ? scale : Self.divided(scale, by: shape.count)), shape, source: source, result: result)
    default: throw node.unsupported("operands of \(value.type) are not computed here")
    }
  }

  /// MEAN in int8, and SUM of legacy uint8: whole columns by a kernel, all else element by element.
  private mutating func compileInt8Mean(
    _ node: Node, _ stored: Operand, _ shape: ReducedShape, isSum: Bool
  ) throws(CompilationError) {
    let isColumnwise = shape.walk.reducesColumns
    let source = isColumnwise ? stored : try input(0, of: node)
    let result = try define(of: node, type: .int8, shape: shape.output, like: source)
    let (from, to) = (try affine(of: source, node), try affine(of: result, node))
    let whole = try multiplier(Double(from.scale) / Double(to.scale), node)
    let scale = isSum ? whole : Self.divided(whole, by: shape.count)
    let offset = Int32(truncatingIfNeeded: shape.count &* Int(from.zeroPoint))
    guard isColumnwise else {
      try emit(
        QuantizedMean(offset: offset, scale: scale, zeroPoint: to.zeroPoint), shape, source: source, result: result)
      return
    }
    chooseForm(of: result)
    let parameters = maskd_mean_s8_parameters(
      offset: offset, multiplier: scale.multiplier, shift: scale.shift, zero_point: to.zeroPoint,
      operand_flip: flip(of: source), result_flip: flip(of: result))
    let step = ColumnMean(
      source: source, result: result, walk: shape.walk, parameters: parameters, kernels: family.table)
    try emit(step, reading: [source], writing: [result])
  }

  private mutating func emit(
    _ operation: some ReductionOperation, _ shape: ReducedShape, source: Operand, result: Operand
  ) throws(CompilationError) {
    let step = Reduction(
      source: source, result: result, walk: shape.walk, resultCount: shape.resultCount, operation: operation)
    try emit(step, reading: [source], writing: [result])
  }

  /// The multiplier with the division by the number of elements inside: truncated, with as many more bits as the
  /// number has.
  private static func divided(_ scale: FixedPointMultiplier, by count: Int) -> FixedPointMultiplier {
    var bits = count.bitWidth - 1 - count.leadingZeroBitCount
    bits = max(0, min(bits, 32, 31 + Int(scale.shift)))
    return FixedPointMultiplier(
      multiplier: Int32((Int64(scale.multiplier) << Int64(bits)) / Int64(count)), shift: scale.shift - Int32(bits))
  }

  /// REDUCE_MAX, REDUCE_MIN.
  mutating func compileReducedExtremum(_ node: Node, isMaximum: Bool) throws(CompilationError) {
    let source = try input(0, of: node)
    let value = self[source]
    let shape = try reducedShape(value.shape, node)
    switch value.type {
    case .float32:
      let result = try define(of: node, type: .float32, shape: shape.output)
      let operation = Extremum<Float>(isMaximum: isMaximum, initial: isMaximum ? -.infinity : .infinity)
      try emit(operation, shape, source: source, result: result)
    case .int8:
      let result = try define(of: node, type: .int8, shape: shape.output, like: source)
      try node.checkType(
        try affine(of: source, node) == (try affine(of: result, node)),
        "operand and result must have the same scale and zero point")
      let operation = Extremum<Int8>(isMaximum: isMaximum, initial: isMaximum ? -128 : 127)
      try emit(operation, shape, source: source, result: result)
    case .int16:
      let result = try define(of: node, type: .int16, shape: shape.output)
      let operation = Extremum<Int16>(isMaximum: isMaximum, initial: isMaximum ? .min : .max)
      try emit(operation, shape, source: source, result: result)
    default: throw node.unsupported("operands of \(value.type) are not computed here")
    }
  }
}
