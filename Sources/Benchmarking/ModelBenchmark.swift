import Inference

/// A model that is run again and again on the same random input.
public final class ModelBenchmark {
  /// What is run.
  public let program: Program
  private let session: Session
  /// What the inputs are filled with before each run: a program need not keep them.
  private var inputs: [[UInt8]] = []

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

  /// Chooses what the inputs are filled with, the same bytes each time: quantized models take them as they are, float
  /// inputs get values from -1 to 1.
  public func fillInputs() {
    var generator = SplitMix64(state: 1)
    inputs = program.inputs.map { input in
      var bytes = [UInt8](repeating: 0, count: input.byteCount)
      bytes.withUnsafeMutableBytes { bytes in
        if input.type == .float32 {
          for float in 0..<input.elementCount {
            let value = Float(Int32(truncatingIfNeeded: generator.next())) / 0x1p31
            bytes.storeBytes(of: value, toByteOffset: float * 4, as: Float.self)
          }
        } else if input.byteCount == input.elementCount {
          for byte in 0..<input.byteCount { bytes[byte] = UInt8(truncatingIfNeeded: generator.next()) }
        }
      }
      return bytes
    }
    writeInputs()
  }

  private func writeInputs() {
    for (index, bytes) in inputs.enumerated() { session.withInput(index) { $0.copyBytes(from: bytes) } }
  }

  /// One run: its time in milliseconds.
  public func run() -> Double {
    writeInputs()
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
      writeInputs()
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
      writeInputs()
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
