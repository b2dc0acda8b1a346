import ArgumentParser
import Benchmarking
import Inference

/// `maskctl benchmark`: how long a model takes, where the time goes, and how much memory.
struct Benchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Time a model on random input.",
    discussion: """
      Runs the model with the engine of the daemon, and says where the time goes: for each operator its time, how many \
      multiply-accumulates a second that is, and what share of the most that the processor can do. Where other work \
      disturbed the measurement, a warning on standard error says so. With --model, one line of JSON with the times \
      alone is printed, so that other programs can call it.

      With the word "kernels" for the model, every family of kernels that this processor has is timed on layers of real \
      networks instead: the best of interleaved runs in milliseconds, and how much longer the first family, which the \
      engine chooses, takes than the fastest.

      Example: maskctl benchmark mask.tflite --runs 100 --threads 2 --profile
      Example: maskctl benchmark kernels --assert
      """)

  /// What stands for a model where kernels are to be timed; a file of that name is ./kernels.
  private static let kernels = "kernels"

  @Argument(help: ArgumentHelp("The model, or the word kernels.", valueName: "file.tflite"))
  var file: String?

  @Option(name: .customLong("model"), help: ArgumentHelp("The model, with a line of JSON.", valueName: "file.tflite"))
  var modelOption: String?

  @Option(help: "Timed runs, 1 to 1000000.")
  var runs = 50

  @Option(help: "Runs before them, 0 to 1000000.")
  var warmup = 5

  @Option(help: "Threads that compute.")
  var threads = 1

  @Option(help: "The family of kernels, for example avx2. Default: the best that this processor has.")
  var family: String?

  @Option(
    help: ArgumentHelp("Another model, timed in turns with the first.", valueName: "other.tflite"))
  var compare: String?

  @Flag(help: "Keep the packed weights beside the model, and take them from there the next time.")
  var cache = false

  @Flag(help: "With kernels: exit with 70 where a family is faster than the chosen one by more than 5 %.")
  var assert = false

  @Flag(help: "Show every step, not only the sums of each kind of operator.")
  var profile = false

  @Flag(help: "Print one line of JSON with all that was measured.")
  var json = false

  func validate() throws {
    try checkThreads(threads)
    guard (file == nil) != (modelOption == nil) else { throw ValidationError("Name one model.") }
    guard (1...1_000_000).contains(runs) else { throw ValidationError("--runs must be 1 to 1000000") }
    guard (0...1_000_000).contains(warmup) else { throw ValidationError("--warmup must be 0 to 1000000") }
    guard !assert || file == Self.kernels else { throw ValidationError("--assert is for: maskctl benchmark kernels") }
    guard modelOption == nil || (compare == nil && !profile) else {
      throw ValidationError("--model prints the times alone; name the model without it")
    }
  }

  func run() throws {
    try Failure.exiting { () throws(Failure) in
      if let modelOption {
        let (measured, _) = try measure(modelOption)
        try Terminal.write(measured.timesJSON + "\n")
      } else if file == Self.kernels {
        try BenchmarkKernels.run(asserts: assert)
      } else if let file {
        try report(file)
      }
    }
  }

  private func report(_ path: String) throws(Failure) {
    let (measured, model) = try measure(path)
    let report = BenchmarkReport(
      measured: measured, program: model.program, machine: MachineState(), profile: profileOf(model),
      comparison: try compare.map { other throws(Failure) in (other, try compared(model, with: other)) })
    try Terminal.write(json ? report.json + "\n" : report.text(withSteps: profile))
    if let warning = report.warning { Terminal.complain("maskctl: \(warning)") }
  }

  private func measure(_ path: String) throws(Failure) -> (BenchmarkFigures, ModelBenchmark) {
    let bare = ProcessMemory.current.peakKilobytes
    let began = Clock.wall
    let model = ModelBenchmark(
      try compiledModel(path: path, threads: threads, family: family, keepsPacked: cache))
    let load = Clock.wall - began
    let first = model.run()
    for _ in 0..<warmup { _ = model.run() }
    let measured = BenchmarkFigures(
      load: load, first: first, runs: model.run(count: runs), peakKilobytes: ProcessMemory.current.peakKilobytes,
      bareKilobytes: bare)
    return (measured, model)
  }

  /// The profile takes a run's time and more: as many runs as find each step undisturbed once.
  private func profileOf(_ model: ModelBenchmark) -> (peak: Double?, profile: OperatorProfile) {
    let family = KernelFamily.available.first { $0.name == model.program.kernelFamily }
    let peak = family.flatMap { MultiplyPeak.measure($0, threads: model.program.threadCount) }
    return (peak, model.profile(count: min(runs, 50), peak: peak))
  }

  private func compared(_ model: ModelBenchmark, with path: String) throws(Failure) -> Comparison {
    let other = ModelBenchmark(try compiledModel(path: path, threads: threads, family: family))
    _ = other.run()
    return Comparison.measure(model, other, runs: runs)
  }
}
