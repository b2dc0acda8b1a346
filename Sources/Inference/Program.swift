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
  /// Whether the weights came packed from a cache.
  public let hasCachedWeights: Bool
  /// The kernel family in use, for example "avx2".
  public let kernelFamily: String
  /// Threads that work on one `Session.invoke`.
  public let threadCount: Int
  /// What each step is, in the order in which they run. Put together when it is asked for: most programs are never asked.
  public var stepDescriptions: [StepDescription] {
    zip(steps, labels).map { StepDescription(step: $0, label: $1) }
  }

  let steps: [any Step]
  /// Whether each step is worth sharing among threads.
  let sharedSteps: [Bool]
  private let labels: [StepLabel]
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
  /// is not needed afterwards. Where a cache has the weights packed they are taken from there, and where it has not they
  /// are put there.
  public init(
    compiling model: Model, options: CompilerOptions = .init(), cache: PackedWeightsCache? = nil
  ) throws(CompilationError) {
    let parts = try CompiledParts(model, options, cache)
    inputs = parts.inputs.map { parts.compiler.description(of: $0) }
    outputs = parts.outputs.map { parts.compiler.description(of: $0) }
    inputOperands = parts.inputs
    outputOperands = parts.outputs
    arenaByteCount = parts.layout.arenaByteCount
    placements = parts.layout.placements
    packedByteCount = parts.compiler.constantByteCount
    hasCachedWeights = parts.compiler.packed.areFilled
    kernelFamily = parts.compiler.family.name
    threadCount = parts.threadCount
    scratchByteCount = parts.scratchByteCount
    steps = parts.compiler.steps.map(\.step)
    sharedSteps = parts.compiler.steps.map { parts.compiler.isWorthSharing($0) }
    labels = parts.compiler.steps.map { parts.compiler.label(of: $0) }
  }
}

extension Subgraph {
  /// Bytes of all constants of 8 bits, which is what packed weights are made of.
  fileprivate var weightByteCount: Int {
    tensors.reduce(0) { sum, tensor in
      tensor.type.byteCount == 1 && tensor.sparsity == nil ? sum + (tensor.constant?.count ?? 0) : sum
    }
  }
}

/// A compiler that came to its end, and what it found out.
private struct CompiledParts {
  private(set) var compiler: Compiler
  private(set) var inputs: [Operand] = []
  private(set) var outputs: [Operand] = []
  private(set) var layout = Compiler.Layout(placements: [], arenaByteCount: 0)
  let threadCount: Int

  var scratchByteCount: Int { compiler.steps.map(\.step.scratchByteCount).max() ?? 0 }

  /// Compiles, with packed weights from the cache where it has them and they fit.
  init(_ model: Model, _ options: CompilerOptions, _ cache: PackedWeightsCache?) throws(CompilationError) {
    let family = try KernelFamily.named(options.kernelFamily)
    if let stored = cache?.load(family: family.name) {
      let parts = try CompiledParts(model, options, family, PackedConstants(stored))
      guard !parts.compiler.packed.isFaithful else {
        self = parts
        return
      }
    }
    // Many tensors may name the same bytes of a file.
    let expected = min(options.constantByteLimit, model.main.weightByteCount * family.weightByteCount)
    self = try CompiledParts(model, options, family, PackedConstants(expecting: expected))
    cache?.store(compiler.packed.memories, family: family.name)
  }

  private init(
    _ model: Model, _ options: CompilerOptions, _ family: KernelFamily, _ packed: PackedConstants
  ) throws(CompilationError) {
    threadCount = min(max(1, options.threadCount), 64)
    compiler = try Compiler(model: model, options: options, family: family, packed: packed)
    inputs = try compiler.addInputs()
    try compiler.compileOperators()
    outputs = try compiler.addOutputs()
    compiler.fuseSteps(outputs: outputs)
    layout = try compiler.layOut(inputs: inputs, outputs: outputs)
    guard model.bytes.isWhole else {
      throw .unsupportedModel("the file became shorter while it was read, or could not be read to its end")
    }
    guard layout.arenaByteCount + scratchByteCount * threadCount <= options.arenaByteLimit else {
      throw .tooBig(
        "the model takes \(layout.arenaByteCount) bytes and \(scratchByteCount) a thread while it runs; the limit is "
          + "\(options.arenaByteLimit)")
    }
  }
}
