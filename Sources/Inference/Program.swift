import TFLite

/// A model made ready to run: steps bound to kernels, packed weights, and a plan of the memory that a session takes.
///
/// A program is never changed after it is made; any number of sessions may use it at once.
public final class Program: Sendable {
  /// The model's inputs, in the order of the file.
  public let inputs: [TensorDescription]
  /// The model's outputs, in the order of the file.
  public let outputs: [TensorDescription]
  /// Bytes that the computed tensors of one session take.
  public let arenaByteCount: Int
  /// Bytes of packed weights and constants.
  public let packedByteCount: Int
  /// The kernel family in use, for example "avx2".
  public let kernelFamily: String
  /// Threads that work on one `Session.invoke`.
  public let threadCount: Int
  /// What each step is, in the order in which they run.
  public let stepDescriptions: [StepDescription]

  let steps: [any Step]
  let placements: [Placement]
  let inputOperands: [Operand]
  let outputOperands: [Operand]
  let scratchByteCount: Int

  /// Where an operand's bytes lie.
  enum Placement: Sendable {
    case arena(offset: Int)
    case constant(AlignedMemory)
    /// No step touches it.
    case nowhere
  }

  /// Checks a model as a whole and makes the program that runs its first graph. Packs the weights: the model itself
  /// is not needed afterwards.
  public init(compiling model: Model, options: CompilerOptions = .init()) throws(CompilationError) {
    var compiler = try Compiler(model: model, options: options)
    inputOperands = try compiler.addInputs()
    try compiler.compileOperators()
    outputOperands = try compiler.addOutputs()
    let layout = try compiler.layOut(inputs: inputOperands, outputs: outputOperands)
    guard model.bytes.isWhole else {
      throw .unsupportedModel("the file became shorter while it was read, or could not be read to its end")
    }

    inputs = inputOperands.map { compiler.description(of: $0) }
    outputs = outputOperands.map { compiler.description(of: $0) }
    arenaByteCount = layout.arenaByteCount
    placements = layout.placements
    packedByteCount = compiler.constantByteCount
    kernelFamily = compiler.family.name
    threadCount = min(max(1, options.threadCount), 64)
    steps = compiler.steps.map(\.step)
    stepDescriptions = compiler.steps.map { compiler.description(of: $0) }
    scratchByteCount = steps.map(\.scratchByteCount).max() ?? 0
    guard arenaByteCount + scratchByteCount * threadCount <= options.arenaByteLimit else {
      throw .tooBig(
        "the model takes \(arenaByteCount) bytes and \(scratchByteCount) a thread while it runs; the limit is "
          + "\(options.arenaByteLimit)")
    }
  }
}
