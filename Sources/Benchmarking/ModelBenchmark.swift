import Inference

/// A model that is run again and again on the same random input.
public final class ModelBenchmark {
  /// What is run.
  public let program: Program
  private let session: Session
  /// Of each input; made for the first run, not for loading.
  private lazy var patterns = program.inputs.map(Self.pattern)

  /// Makes the model ready to run.
  public init(_ program: Program) {
    self.program = program
    session = Session(program)
  }

  /// What a number of runs took.
  public struct Runs: Sendable {
    /// The time of each.
    public let timing: Timing
    /// Milliseconds of processors that a run took, by all threads together.
    public let processor: Double
    /// What other work did meanwhile.
    public let disturbance: Disturbance
  }

  /// Fills the inputs, which a program need not keep from run to run: with the same bytes each time. Quantized models take
  /// them as they are, float inputs get values from -1 to 1, others zeros.
  private func fillInputs() {
    for (index, pattern) in patterns.enumerated() {
      session.withInput(index) { bytes in
        for start in stride(from: 0, to: bytes.count, by: pattern.count) {
          let rest = UnsafeMutableRawBufferPointer(rebasing: bytes[start...])
          rest.copyBytes(from: pattern.prefix(rest.count))
        }
      }
    }
  }

  /// What an input is filled with, over and over. It is short, for memory is measured too.
  private static func pattern(of input: TensorDescription) -> [UInt8] {
    var generator = SplitMix64(state: 1)
    if input.type == .float32 {
      return (0..<1024).flatMap { _ in
        let value = Float(Int32(truncatingIfNeeded: generator.next())) / 0x1p31
        return withUnsafeBytes(of: value, Array.init)
      }
    }
    guard input.byteCount == input.elementCount else { return [UInt8](repeating: 0, count: 4096) }
    return (0..<4096).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
  }

  /// One run: its time in milliseconds.
  public func run() -> Double {
    fillInputs()
    let began = Clock.wall
    session.invoke()
    return Clock.wall - began
  }

  /// Runs `count` times, once at least.
  public func run(count: Int) -> Runs {
    var times = [Double](repeating: 0, count: max(1, count))
    let before = SystemCounters.current
    var processor = 0.0
    for index in times.indices {
      fillInputs()
      let (processorBegan, began) = (Clock.processor, Clock.wall)
      session.invoke()
      times[index] = Clock.wall - began
      processor += (Clock.processor - processorBegan) / Double(times.count)
    }
    let after = SystemCounters.current
    let timing = Timing(times)
    return Runs(
      timing: timing, processor: processor,
      disturbance: after.disturbance(since: before, timing: timing, threadCount: program.threadCount))
  }

  /// Runs `count` times, step by step. `peak` is the rate that `MultiplyPeak` measured.
  public func profile(count: Int, peak: Double?) -> OperatorProfile {
    var times = StepTimes(for: program)
    for _ in 0..<max(1, count) {
      fillInputs()
      session.invoke(recording: &times)
    }
    return OperatorProfile(steps: program.stepDescriptions, bestNanoseconds: times.best, peak: peak)
  }
}

/// A small generator whose sequence is the same everywhere.
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
    return word ^ word >> 31
  }
}
