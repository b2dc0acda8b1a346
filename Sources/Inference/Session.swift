/// The memory in which a program runs, with its inputs and outputs.
///
/// A session is used by one thread at a time: it is not `Sendable`. Inputs keep what was written until they are
/// written again, unless the program was compiled otherwise; outputs keep the last run's results until the next.
public final class Session {
  /// What is run.
  public let program: Program

  private let steps: StepList
  private let memory: AlignedMemory
  private let scratch: AlignedMemory
  private let addresses: UnsafeMutableBufferPointer<UnsafeMutableRawPointer>
  private let arena: Arena
  /// The other threads; nil where the caller works alone.
  private let team: Team?

  /// Takes all the memory that running needs, and starts the threads that the program asks for; where the system
  /// gives none, the caller works alone.
  public init(_ program: Program) {
    self.program = program
    steps = StepList(program)
    memory = AlignedMemory(byteCount: program.arenaByteCount)
    let scratchByteCount = ArenaPlan.aligned(program.scratchByteCount)
    scratch = AlignedMemory(byteCount: scratchByteCount * program.threadCount)
    addresses = .allocate(capacity: max(1, program.placements.count))
    addresses.initialize(repeating: memory.start)
    for (index, placement) in program.placements.enumerated() {
      switch placement {
      case .arena(let offset): addresses[index] = memory.start + offset
      case .constant(let constant): addresses[index] = constant.start
      case .nowhere: break
      }
    }
    let table = UnsafePointer(addresses.baseAddress.unsafelyUnwrapped)
    let scratch = scratch.start
    let arenas = (0..<program.threadCount).map {
      Arena(
        addresses: table, scratch: scratch + $0 * scratchByteCount, thread: $0, threadCount: program.threadCount)
    }
    team = Team(steps: steps, arenas: arenas)
    arena = team == nil ? Arena(addresses: table, scratch: scratch) : arenas[0]
  }

  deinit {
    team?.stop()
    addresses.deallocate()
  }

  /// Calls `body` with the bytes of an input, `program.inputs[index].byteCount` of them, to be filled.
  public func withInput<R>(_ index: Int, _ body: (UnsafeMutableRawBufferPointer) -> R) -> R {
    body(.init(start: arena.bytes(program.inputOperands[index]), count: program.inputs[index].byteCount))
  }

  /// Calls `body` with the bytes of an output, `program.outputs[index].byteCount` of them, as the last run left them.
  public func withOutput<R>(_ index: Int, _ body: (UnsafeRawBufferPointer) -> R) -> R {
    body(.init(start: arena.bytes(program.outputOperands[index]), count: program.outputs[index].byteCount))
  }

  /// Computes the outputs from the inputs. Allocates nothing and cannot fail.
  public func invoke() { runSteps { _ in } }

  /// Computes the outputs as `invoke()` does, and notes how long each step took.
  public func invoke(recording times: inout StepTimes) {
    times.begin()
    runSteps { times.didRun($0) }
    times.end()
  }

  /// Inlined into both callers: without times there is nothing to call between steps.
  @inline(__always)
  private func runSteps(didRun: (Int) -> Void) {
    if let team { return team.invoke(didRun: didRun) }
    for index in 0..<steps.count {
      steps.run(index, 0..<steps.parts(of: index).count, in: arena)
      didRun(index)
    }
  }
}
