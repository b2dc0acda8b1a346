import ArgumentParser
import Glibc
import Inference

/// `maskctl benchmark`: how long a model takes, and how much memory.
struct Benchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Time a model on random input.",
    discussion: """
      Runs the model with the engine of the daemon. With --model, one line of JSON is printed whatever else is asked,
      so that other programs can call it.

      Example: maskctl benchmark mask.tflite --runs 100 --threads 2
      """)

  @Argument(help: ArgumentHelp("The model.", valueName: "file.tflite"))
  var file: String?

  @Option(name: .customLong("model"), help: ArgumentHelp("The model, with a line of JSON.", valueName: "file.tflite"))
  var modelOption: String?

  @Option(help: "Timed runs, 1 to 1000000.")
  var runs = 50

  @Option(help: "Runs before them, 0 to 1000000.")
  var warmup = 5

  @Option(help: "Threads that compute.")
  var threads = 1

  @Flag(help: "Print one line of JSON.")
  var json = false

  func validate() throws {
    try checkThreads(threads)
    guard (file == nil) != (modelOption == nil) else { throw ValidationError("Name one model.") }
    guard (1...1_000_000).contains(runs) else { throw ValidationError("--runs must be 1 to 1000000") }
    guard (0...1_000_000).contains(warmup) else { throw ValidationError("--warmup must be 0 to 1000000") }
  }

  func run() throws {
    guard let path = modelOption ?? file else { throw ValidationError("Name one model.") }
    try Failure.exiting { () throws(Failure) in try measure(path) }
  }

  private func measure(_ path: String) throws(Failure) {
    let began = Clock.wall
    let program = try compiledModel(path: path, threads: threads)
    let session = Session(program)
    fillInputs(of: session)
    let loaded = Clock.wall
    session.invoke()
    let first = Clock.wall
    for _ in 0..<warmup { session.invoke() }

    var times = [Double](repeating: 0, count: runs)
    let processorBegan = Clock.processor
    for index in times.indices {
      let start = Clock.wall
      session.invoke()
      times[index] = Clock.wall - start
    }
    let processor = (Clock.processor - processorBegan) / Double(runs)
    times.sort()
    let figures = Figures(
      load: loaded - began, first: first - loaded, median: times[runs / 2], p90: times[min(runs - 1, runs * 9 / 10)],
      minimum: times[0], processor: processor, peakKilobytes: peakResidentKilobytes())
    try Terminal.write((json || modelOption != nil ? figures.json : figures.table(program: program)) + "\n")
  }

  /// Fills the inputs with the same bytes each time: quantized models take them as they are, float inputs get
  /// values from -1 to 1.
  private func fillInputs(of session: Session) {
    var generator = SplitMix64(state: 1)
    for (index, input) in session.program.inputs.enumerated() {
      session.withInput(index) { bytes in
        if input.type == .float32 {
          for float in 0..<input.elementCount {
            let value = Float(Int32(truncatingIfNeeded: generator.next())) / 0x1p31
            bytes.storeBytes(of: value, toByteOffset: float * 4, as: Float.self)
          }
        } else if input.byteCount == input.elementCount {
          for byte in 0..<input.byteCount { bytes[byte] = UInt8(truncatingIfNeeded: generator.next()) }
        }
      }
    }
  }
}

/// What was measured; times in milliseconds.
private struct Figures {
  let load: Double
  let first: Double
  let median: Double
  let p90: Double
  let minimum: Double
  let processor: Double
  let peakKilobytes: Int

  var json: String {
    "{\"load_ms\":\(text(load)),\"first_ms\":\(text(first)),\"median_ms\":\(text(median)),\"p90_ms\":\(text(p90)),"
      + "\"min_ms\":\(text(minimum)),\"cpu_ms\":\(text(processor)),\"peak_rss_kb\":\(peakKilobytes)}"
  }

  func table(program: Program) -> String {
    """
    kernels     \(program.kernelFamily), \(program.threadCount) thread\(program.threadCount == 1 ? "" : "s")
    load        \(text(load)) ms
    first run   \(text(first)) ms
    median      \(text(median)) ms
    90th        \(text(p90)) ms
    best        \(text(minimum)) ms
    processor   \(text(processor)) ms a run
    arena       \(program.arenaByteCount / 1024) KiB, weights \(program.packedByteCount / 1024) KiB
    peak memory \(peakKilobytes) KiB
    """
  }

  /// Three decimals: microseconds.
  private func text(_ milliseconds: Double) -> String {
    let microseconds = Int((milliseconds * 1000).rounded())
    let rest = String(microseconds % 1000)
    return "\(microseconds / 1000).\(String(repeating: "0", count: 3 - rest.count))\(rest)"
  }
}

/// Times in milliseconds.
private enum Clock {
  static var wall: Double { read(CLOCK_MONOTONIC) }
  static var processor: Double { read(CLOCK_PROCESS_CPUTIME_ID) }

  private static func read(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) / 1e6
  }
}

/// The most memory that this process has had resident (VmHWM).
private func peakResidentKilobytes() -> Int {
  var usage = rusage()
  getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  return usage.ru_maxrss
}

/// A small generator whose sequence is the same everywhere.
private struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
    return word ^ word >> 31
  }
}
