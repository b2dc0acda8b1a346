import CKernels
import TFLite

/// Makes the steps of a program from the operators of a model, in the order of the file.
///
/// Shapes and types of computed tensors follow from the operators, not from what the file declares of them. The
/// operators themselves are extensions of this type, beside their steps.
struct Compiler {
  /// A step with what it touches.
  struct PlannedStep {
    let step: any Step
    let reads: [Operand]
    let writes: [Operand]
    /// The operators of the graph that it computes: none for what the engine adds itself, several where it fuses them.
    var operators: [OperatorPlace] = []
    /// Multiply-accumulates of one run.
    var multiplyCount = 0
  }

  /// A PAD of a picture's edges with the zero point, left to the operator that reads it.
  struct AbsorbedPad {
    let source: Operand
    let top: Int
    let bottom: Int
    let left: Int
    let right: Int
  }

  /// Operators of one graph; above any classifier that was seen (about 300), and small enough to plan quickly.
  static let operatorLimit = 10_000
  /// Computed tensors of one graph; placing them takes a time that grows with the square of their number.
  static let computedTensorLimit = 20_000
  /// Dimensions of a tensor, as many as a file may declare.
  static let dimensionLimit = ModelLimits.dimensions

  let model: Model
  let options: CompilerOptions
  let family: KernelFamily
  /// The tensors of the file first, at their own indices.
  var values: [Value]
  var steps: [PlannedStep] = []
  /// Steps of earlier operators that the operator in work took back, to emit them with its own.
  private var takenBack: [PlannedStep] = []
  /// For each tensor of the file the number of operators, and of graph outputs, that read it.
  let readerCounts: [Int]
  /// PADs that the convolutions behind them do themselves, by the padded operand.
  var absorbedPads: [Operand: AbsorbedPad] = [:]
  /// The other form of a value, with the activation offset or without it, where some step has made it.
  var otherForms: [Operand: Operand] = [:]
  /// Where the ranges of float values are noted that dynamic range layers read.
  var rangeSinks: [Operand: RangeSink] = [:]
  /// The values that hold ranges: each thread that runs a step writes a place of its own there.
  var rangePlaces: Set<Operand> = []
  /// Float values quantized while the model runs, for the layers that read them so.
  var dynamicForms: [DynamicFormKey: DynamicForm] = [:]
  /// How many sums may still be proven: more than networks have, so that a file full of them is not compiled for minutes.
  var sumProofsLeft = 256
  /// Packed weights, from a cache or made here.
  var packed: PackedConstants
  /// Through which weights pass on their way there.
  let readBuffer = ReadBuffer()
  /// Bytes of packed weights and constants so far.
  private(set) var constantByteCount = 0
  /// Multiplications and element accesses of one run so far, those done at compilation included.
  private(set) var workCount = 0
  /// What operators said of their multiply-accumulates so far.
  private var multiplyCount = 0

  init(
    model: Model, options: CompilerOptions, family: KernelFamily, packed: PackedConstants
  ) throws(CompilationError) {
    self.model = model
    self.options = options
    self.family = family
    self.packed = packed
    values = model.main.tensors.map(Value.init)
    var counts = [Int](repeating: 0, count: values.count)
    for operation in model.main.operators { for case let input? in operation.inputs { counts[input] += 1 } }
    for output in model.main.outputs { counts[output] += 1 }
    readerCounts = counts
  }

  // MARK: Values

  subscript(operand: Operand) -> Value { values[operand.index] }

  /// An operand that must be there, with one element at least.
  mutating func input(_ position: Int, of node: Node) throws(CompilationError) -> Operand {
    try withoutOffset(storedInput(position, of: node), node)
  }

  /// An operand that may be left out.
  mutating func optionalInput(_ position: Int, of node: Node) throws(CompilationError) -> Operand? {
    guard let operand = try storedOptionalInput(position, of: node) else { return nil }
    return try withoutOffset(operand, node)
  }

  /// An operand that must be there, in the form in which it is stored: perhaps with an offset.
  func storedInput(_ position: Int, of node: Node) throws(CompilationError) -> Operand {
    guard let operand = try storedOptionalInput(position, of: node) else {
      throw node.mismatch("operand \(position) is missing")
    }
    // Only a constant can have none: the shapes of inputs and results are checked.
    try node.check(
      !self[operand].shape.contains(0),
      "operand \(position) has the shape \(self[operand].shape), which has no element")
    return operand
  }

  /// An operand that may be left out, in the form in which it is stored.
  func storedOptionalInput(_ position: Int, of node: Node) throws(CompilationError) -> Operand? {
    guard position < node.inputs.count, let index = node.inputs[position] else { return nil }
    guard values[index].isDefined || absorbedPads[Operand(index: index)] != nil else {
      throw node.mismatch(
        "operand \(position) (tensor \(index), \"\(values[index].name)\") is read before it is written")
    }
    try checkConstant(Operand(index: index), node)
    return Operand(index: index)
  }

  /// Gives a result of an operator its type and shape.
  ///
  /// `source` is the operand whose form (int8, or the twin of uint8) the result takes; the quantization is what the
  /// file declares for the result.
  mutating func define(
    output position: Int = 0, of node: Node, type: ElementType, shape: [Int], like source: Operand? = nil
  ) throws(CompilationError) -> Operand {
    guard position < node.outputs.count else { throw node.mismatch("result \(position) is missing") }
    let index = node.outputs[position]
    guard !values[index].isDefined else {
      throw node.mismatch("result \(position) (tensor \(index), \"\(values[index].name)\") already has a value")
    }
    try checkSize(of: shape, type: type, node)
    let isTwin = type == .int8 && (source.map { values[$0.index].isTwin } ?? (values[index].type == .uint8))
    values[index].type = type
    values[index].shape = shape
    values[index].isDefined = true
    values[index].hasOffset = false
    values[index].isTwin = isTwin
    if isTwin { values[index].shiftZeroPoints() }
    return Operand(index: index)
  }

  /// Adds a value that the file does not have.
  mutating func makeValue(_ value: Value, _ node: Node?) throws(CompilationError) -> Operand {
    if let node { try checkSize(of: value.shape, type: value.type, node) }
    values.append(value)
    values[values.count - 1].isDefined = true
    return Operand(index: values.count - 1)
  }

  /// Lets a result be another view of an operand's bytes.
  mutating func share(_ source: Operand, with result: Operand) throws(CompilationError) {
    if values[source.index].constant != nil {
      values[result.index].constant = .memory(try materialize(source))
    } else {
      values[result.index].storage = root(of: source)
    }
  }

  /// The value that owns the bytes of an operand.
  func root(of operand: Operand) -> Operand { values[operand.index].storage ?? operand }

  private func checkSize(of shape: [Int], type: ElementType, _ node: Node) throws(CompilationError) {
    guard let size = type.byteCount, [.float32, .int8, .int16, .int32, .int64, .bool, .uint8].contains(type) else {
      throw node.unsupported("tensors of \(type) cannot be computed here")
    }
    try node.check(
      shape.count <= Self.dimensionLimit, "a result of \(shape.count) dimensions; the limit is \(Self.dimensionLimit)")
    var total = size
    for dimension in shape {
      guard dimension > 0 else { throw node.mismatch("the result's shape \(shape) has no element") }
      let (product, overflow) = total.multipliedReportingOverflow(by: dimension)
      total = overflow ? .max : product
    }
    guard total <= options.tensorByteLimit else {
      throw .tooBig(
        "operator \(node.place.index) (\(node.place.name)): a result of shape \(shape) takes more than the limit of "
          + "\(options.tensorByteLimit) bytes")
    }
  }

  // MARK: Steps

  /// Appends a step; where all that it reads is constant, runs it now instead.
  mutating func emit(_ step: some Step, reading reads: [Operand], writing writes: [Operand]) throws(CompilationError) {
    try emit([step], reading: reads, writing: writes)
  }

  /// Appends a step that computes what was taken back as well, and reads what that read.
  mutating func emitFused(
    _ step: some Step, reading reads: [Operand], writing writes: [Operand]
  ) throws(CompilationError) {
    try emit([step], reading: takenBack.flatMap(\.reads) + reads, writing: writes)
  }

  /// Appends steps that write their results together, or runs them now.
  mutating func emit(
    _ group: [any Step], reading reads: [Operand], writing writes: [Operand]
  ) throws(CompilationError) {
    for operand in reads + writes { try addWork(self[operand].elementCount) }
    guard !reads.isEmpty, reads.allSatisfy({ values[root(of: $0).index].constant != nil }) else {
      steps += group.map { PlannedStep(step: $0, reads: reads, writes: writes) }
      return
    }
    for write in writes {
      try countConstant(bytes: values[write.index].byteCount)
      values[write.index].constant = .memory(AlignedMemory(byteCount: values[write.index].byteCount))
    }
    var touched: [(operand: Operand, memory: AlignedMemory)] = []
    for operand in reads + writes { touched.append((operand, try materialize(operand))) }
    let scratchByteCount = group.map(\.scratchByteCount).max() ?? 0
    guard scratchByteCount <= options.arenaByteLimit else {
      throw .tooBig(
        "an operator on constants takes \(scratchByteCount) bytes; the limit is \(options.arenaByteLimit)")
    }
    let scratch = AlignedMemory(byteCount: scratchByteCount)
    let addresses = [UnsafeMutableRawPointer](unsafeUninitializedCapacity: values.count) { buffer, count in
      buffer.initialize(repeating: scratch.start)
      for (operand, memory) in touched { buffer[operand.index] = memory.start }
      count = values.count
    }
    addresses.withUnsafeBufferPointer {
      guard let base = $0.baseAddress else { return }
      for step in group { step.run(0..<step.partCount, in: Arena(addresses: base, scratch: scratch.start)) }
    }
    withExtendedLifetime((touched, scratch)) {}
  }

  /// Counts memory that the program will keep, and refuses what goes beyond the limit.
  mutating func countConstant(bytes: Int) throws(CompilationError) {
    constantByteCount += bytes
    guard constantByteCount <= options.constantByteLimit else {
      throw .tooBig("the constants of the model take more than the limit of \(options.constantByteLimit) bytes")
    }
  }

  /// Counts the product of `factors`, none of them negative, as multiply-accumulates of one run.
  mutating func countWork(_ factors: Int...) throws(CompilationError) {
    var work = 1
    for factor in factors {
      let (product, overflow) = work.multipliedReportingOverflow(by: factor)
      work = overflow ? .max : product
    }
    try addWork(work)
    multiplyCount += work
  }

  /// Adds to the work of one run, and refuses what goes beyond the limit.
  private mutating func addWork(_ work: Int) throws(CompilationError) {
    let (total, overflow) = workCount.addingReportingOverflow(work)
    guard !overflow, total <= options.workLimit else {
      throw .tooBig("one run of the model takes more than the limit of \(options.workLimit) multiplications")
    }
    workCount = total
  }

  /// Multiply-accumulates that are done in the time of one result.
  private static let multipliesPerResult = 32

  /// Whether threads should share a step. Where a range is wanted they must: each has a place to fill.
  func isWorthSharing(_ planned: PlannedStep) -> Bool {
    let results = planned.writes.reduce(0) { $0 + self[$1].elementCount }
    return planned.writes.contains(where: rangePlaces.contains)
      || results + planned.multiplyCount / Self.multipliesPerResult >= options.sharedWorkMin
  }

  /// The last step, if it writes nothing but an operand that one operator alone reads.
  func lastStep(writing operand: Operand) -> (any Step)? {
    guard let last = steps.last, last.writes == [operand], operand.index < readerCounts.count,
      readerCounts[operand.index] == 1
    else { return nil }
    // The padding of one picture may be left to several convolutions.
    let isPaddedOnce = absorbedPads.allSatisfy { $1.source != operand || readerCounts[$0.index] == 1 }
    return isPaddedOnce ? last.step : nil
  }

  /// Takes the last step back: the operator in work emits it with its own.
  mutating func takeBack() {
    if let last = steps.popLast() { takenBack.append(last) }
  }

  /// Makes the steps of one operator, and notes on them whose they are. The multiply-accumulates go to the last of them:
  /// those before it prepare its operands, and so do those that were taken back.
  mutating func compileLabelled(_ node: Node) throws(CompilationError) {
    let (stepsBefore, multipliesBefore) = (steps.count, multiplyCount)
    takenBack = []
    try compile(node)
    let first = stepsBefore - takenBack.count
    guard steps.count > first else { return }
    for index in first..<steps.count { steps[index].operators.append(node.place) }
    steps[steps.count - 1].multiplyCount += multiplyCount - multipliesBefore
    for step in takenBack {
      steps[steps.count - 1].operators.insert(contentsOf: step.operators, at: 0)
      steps[steps.count - 1].multiplyCount += step.multiplyCount
    }
  }
}
