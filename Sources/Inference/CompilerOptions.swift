/// How a model is compiled, and within which limits.
public struct CompilerOptions: Sendable {
  /// Threads that work on one `Session.invoke`, the caller's among them; from 1 to 64.
  /// The results are the same for any number.
  public var threadCount = 1
  /// Whether inputs keep what was written from one run to the next. Else their bytes serve other values once they are
  /// read, and must be written again before each run.
  public var keepsInputs = true
  /// The kernel family by name; nil takes the environment's `MASKD_KERNELS`, or else the best one.
  public var kernelFamily: String?
  /// Bytes that all computed tensors of one session may take together.
  public var arenaByteLimit = 512 << 20
  /// Bytes that one tensor may take.
  public var tensorByteLimit = 256 << 20
  /// Bytes that all weights and constants of a program may take together, in the form that the kernels read.
  public var constantByteLimit = 1 << 30

  /// Multiplications of one run, with the elements read and written: 64 times those of ResNet-50, and half a minute of a
  /// processor.
  public var workLimit = 1 << 38

  /// Bytes between layers from which on they are fused around a depthwise convolution; nil chooses.
  var fusedByteCountMin: Int?
  /// Results of a step, with the time of its multiply-accumulates counted as results, below which threads do not share
  /// it: handing over what others have written and waiting for them would take about as long.
  var sharedWorkMin = 5000

  /// Makes the default options.
  public init() {}
}
