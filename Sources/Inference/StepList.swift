/// The steps of a program as threads call them, many times a millisecond: nothing is counted up and down on the way, which
/// would take longer than a short step where several threads do it to the same references.
final class StepList: @unchecked Sendable {
  /// How many there are.
  let count: Int
  private let steps: UnsafeMutablePointer<Unmanaged<BoundStep>>

  /// Takes the steps of a program in the order in which they run.
  init(_ program: Program) {
    count = program.steps.count
    steps = .allocate(capacity: max(1, count))
    for (index, step) in program.steps.enumerated() {
      (steps + index).initialize(to: .passRetained(bind(step, isShared: program.sharedSteps[index])))
    }
  }

  deinit {
    for index in 0..<count { steps[index].release() }
    steps.deallocate()
  }

  /// Into how many parts a step can be cut, and whether that is worth the threads' while.
  @inline(__always)
  func parts(of index: Int) -> (count: Int, areShared: Bool) {
    steps[index]._withUnsafeGuaranteedRef { ($0.partCount, $0.isShared) }
  }

  /// Does some parts of a step.
  @inline(__always)
  func run(_ index: Int, _ parts: Range<Int>, in arena: Arena) {
    steps[index]._withUnsafeGuaranteedRef { $0.run(parts, in: arena) }
  }
}

/// A step behind a reference that need not be counted.
private class BoundStep {
  let partCount: Int
  let isShared: Bool

  init(partCount: Int, isShared: Bool) {
    self.partCount = partCount
    self.isShared = isShared
  }

  func run(_ parts: Range<Int>, in arena: Arena) {}
}

private final class TypedStep<Wrapped: Step>: BoundStep {
  private let step: Wrapped

  init(_ step: Wrapped, isShared: Bool) {
    self.step = step
    super.init(partCount: step.partCount, isShared: isShared && step.partCount > 1)
  }

  override func run(_ parts: Range<Int>, in arena: Arena) { step.run(parts, in: arena) }
}

private func bind(_ step: some Step, isShared: Bool) -> BoundStep { TypedStep(step, isShared: isShared) }
