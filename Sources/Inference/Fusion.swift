/// Brings neighbouring steps together in one, where the value between them has no other reader: it is then never whole in
/// memory, and threads wait for one another less often.
extension Compiler {
  /// Fuses the steps of a finished program. `outputs` are what clients read.
  mutating func fuseSteps(outputs: [Operand]) {
    fuseSums(outputs)
    fuseDepthwiseBlocks(outputs)
  }

  // MARK: Convolution, ADD

  /// Gives sums to the convolutions in front of them.
  private mutating func fuseSums(_ outputs: [Operand]) {
    let flow = Flow(self, outputs)
    var joined = Joined()
    for (time, planned) in steps.enumerated() {
      guard let sum = planned.step as? Elementwise<QuantizedSum>, sum.walk.isPlain else { continue }
      let sides = [(sum.left, sum.right, isLeft: true), (sum.right, sum.left, isLeft: false)]
      let candidates = sides.compactMap { own, other, isLeft -> (writer: Int, step: Convolution)? in
        guard root(of: own) != root(of: other), let writer = flow.onlyWriter(of: own), flow.onlyReader(of: own) == time,
          !joined.taken.contains(writer), var convolution = steps[writer].step as? Convolution, convolution.isWhole,
          convolution.sum == nil
        else { return nil }
        convolution.sum = TileSum(
          other: other, isLeft: isLeft, isOverwritable: root(of: other) != root(of: convolution.source),
          operation: sum.operation)
        convolution.result = sum.result
        return (writer, convolution)
      }
      // Where both operands come from convolutions the sum goes to the later one.
      guard let (writer, step) = candidates.max(by: { $0.writer < $1.writer }) else { continue }
      replace([writer, time], by: step, &joined)
    }
    steps = steps.enumerated().filter { !joined.gone.contains($0.offset) }.map(\.element)
  }

  // MARK: Convolution, depthwise convolution, convolution

  /// Bytes of weights that a pointwise convolution may have, for each band reads them all.
  private static var bandWeightByteCountMax: Int { 128 << 10 }

  /// A depthwise convolution with its neighbours, by number.
  private struct Block {
    let step: DepthwiseBlock
    let steps: [Int]
    /// Bytes that need no place any more.
    let savedByteCount: Int
  }

  /// Bytes between layers from which on fusing them pays. One thread gains where they leave half of the smallest second
  /// cache among the boards in mind (512 KiB). Several gain sooner: they need not wait for one another between the
  /// layers, nor fetch what others wrote; but rows at the edges of shares are computed twice.
  private var fusedByteCountMin: Int { options.fusedByteCountMin ?? (options.threadCount > 1 ? 24 << 10 : 256 << 10) }

  /// Fuses depthwise convolutions with their neighbours where there is enough between them.
  private mutating func fuseDepthwiseBlocks(_ outputs: [Operand]) {
    let flow = Flow(self, outputs)
    var blocks: [Block] = []
    for (time, planned) in steps.enumerated() {
      guard let depthwise = planned.step as? DepthwiseConvolution else { continue }
      let expansion = expansion(of: depthwise, at: time, flow)
      let projection = projection(of: depthwise, flow)
      if expansion != nil { blocks.append(block(expansion, (depthwise, time), nil)) }
      if projection != nil { blocks.append(block(nil, (depthwise, time), projection)) }
      if expansion != nil, projection != nil { blocks.append(block(expansion, (depthwise, time), projection)) }
    }
    var joined = Joined()
    for block in blocks.sorted(by: { $0.savedByteCount > $1.savedByteCount })
    where block.savedByteCount >= fusedByteCountMin && joined.taken.isDisjoint(with: block.steps) {
      replace(block.steps, by: block.step, &joined)
    }
    steps = steps.enumerated().filter { !joined.gone.contains($0.offset) }.map(\.element)
  }

  /// The convolution that computes the picture of a depthwise convolution, for nobody else. Not one with a sum: that is
  /// added to whole tiles of its result, which then has a place in the arena.
  private func expansion(
    of depthwise: DepthwiseConvolution, at time: Int, _ flow: Flow
  ) -> (step: Convolution, time: Int)? {
    guard let writer = flow.onlyWriter(of: depthwise.source), flow.onlyReader(of: depthwise.source) == time,
      let step = steps[writer].step as? Convolution, step.isWhole, step.sum == nil,
      step.outputChannels == depthwise.channels, isSmall(step)
    else { return nil }
    return (step, writer)
  }

  /// The pointwise convolution that alone reads the results of a depthwise convolution.
  private func projection(of depthwise: DepthwiseConvolution, _ flow: Flow) -> (step: Convolution, time: Int)? {
    guard let reader = flow.onlyReader(of: depthwise.result), flow.onlyWriter(of: depthwise.result) != nil,
      let step = steps[reader].step as? Convolution, step.isWhole, step.window.isPointwise,
      step.inputChannels == depthwise.channels, root(of: step.source) == root(of: depthwise.result), isSmall(step)
    else { return nil }
    return (step, reader)
  }

  private func isSmall(_ step: Convolution) -> Bool { step.matrix.memory.byteCount <= Self.bandWeightByteCountMax }

  private func block(
    _ expansion: (step: Convolution, time: Int)?, _ middle: (step: DepthwiseConvolution, time: Int),
    _ projection: (step: Convolution, time: Int)?
  ) -> Block {
    var depthwise = middle.step
    depthwise.rows.areComputed = expansion != nil
    var saved = 0
    if expansion != nil { saved += self[depthwise.source].byteCount }
    if projection != nil { saved += self[depthwise.result].byteCount }
    return Block(
      step: DepthwiseBlock(expansion: expansion?.step, depthwise: depthwise, projection: projection?.step),
      steps: [expansion?.time, middle.time, projection?.time].compactMap { $0 }, savedByteCount: saved)
  }

  // MARK: Both

  /// Puts one step in the place of the last of some, and notes that the others are no longer needed.
  private mutating func replace(_ times: [Int], by step: any Step, _ joined: inout Joined) {
    guard let last = times.last else { return }
    let written = Set(times.dropLast().flatMap { steps[$0].writes.map { root(of: $0) } })
    var fused = PlannedStep(
      step: step, reads: times.flatMap { steps[$0].reads }.filter { !written.contains(root(of: $0)) },
      writes: steps[last].writes)
    fused.operators = times.flatMap { steps[$0].operators }
    fused.multiplyCount = times.reduce(0) { $0 + steps[$1].multiplyCount }
    joined.taken.formUnion(times)
    joined.gone.formUnion(times.dropLast())
    steps[last] = fused
  }
}

/// Steps, by number, that are part of a fused one, and those of them that are no longer there.
private struct Joined {
  var taken: Set<Int> = []
  var gone: Set<Int> = []
}

/// Which steps write and read the bytes of each value.
private struct Flow {
  private var writers: [Int: [Int]] = [:]
  private var readers: [Int: [Int]] = [:]
  /// What clients read.
  private let seen: Set<Int>
  /// The owner of each value's bytes.
  private let owners: [Int]

  init(_ compiler: Compiler, _ outputs: [Operand]) {
    let owners = compiler.values.indices.map { compiler.root(of: Operand(index: $0)).index }
    self.owners = owners
    seen = Set(outputs.map { owners[$0.index] })
    for (time, step) in compiler.steps.enumerated() {
      for owner in Set(step.writes.map { owners[$0.index] }) { writers[owner, default: []].append(time) }
      for owner in Set(step.reads.map { owners[$0.index] }) { readers[owner, default: []].append(time) }
    }
  }

  /// The step that alone writes a value; nil where there are several, or none.
  func onlyWriter(of operand: Operand) -> Int? { only(writers[owners[operand.index]]) }

  /// The step that alone reads a value; nil where there are several, or a client does.
  func onlyReader(of operand: Operand) -> Int? {
    seen.contains(owners[operand.index]) ? nil : only(readers[owners[operand.index]])
  }

  private func only(_ steps: [Int]?) -> Int? { steps?.count == 1 ? steps?.first : nil }
}
