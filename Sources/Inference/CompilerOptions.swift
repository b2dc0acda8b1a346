/// How a model is compiled, and within which limits.
public struct CompilerOptions: Sendable {
  /// Threads that work on one `Session.invoke`, the caller's among them; from 1 to 64.
  /// The results are the same for any number.
  public var threadCount = 1
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

  /// Bytes that fusing layers around a depthwise convolution must keep out of memory: those of values that would leave
  /// half of the smallest second cache among the boards in mind (512 KiB).
  var fusedByteCountMin = 256 << 10

  /// Makes the default options.
  public init() {}
}
