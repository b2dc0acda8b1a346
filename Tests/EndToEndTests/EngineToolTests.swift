import FoundationEssentials
import Glibc
import Testing

/// `maskctl run` and `maskctl benchmark`.
@Suite struct EngineToolTests {
  private let folder: TemporaryFolder
  private let goldens = packageFolder + "/Tests/Fixtures/goldens"

  init() throws { folder = try TemporaryFolder() }

  private func maskctl(
    _ arguments: [String], environment: [String: String] = [:]
  ) throws -> (status: CInt, output: String, complaint: String) {
    let program = try Program("maskctl", arguments, environment: environment, log: folder.path + "/log")
    let status = program.waitForExit()
    return (status, program.output, program.log)
  }

  @Test(arguments: ["1", "3"])
  func runGivesTheRecordedBytes(threads: String) throws {
    let name = "detector_96_int8"
    let out = try folder.makeFolder("out")
    let (status, _, complaint) = try maskctl([
      "run", "--model", "\(goldens)/\(name).tflite", "--input", "\(goldens)/\(name).in0.bin", "--output-dir", out,
      "--threads", threads,
    ])
    #expect(status == 0, "\(complaint)")
    for index in 0...1 {
      #expect(try readBytes("\(out)/out\(index).bin") == readBytes("\(goldens)/\(name).out\(index).bin"))
    }
  }

  @Test func runSaysWhatIsMissing() throws {
    let model = "\(goldens)/fomo_face_int8.tflite"
    let input = "\(goldens)/fomo_face_int8.in0.bin"
    let noInputs = try maskctl(["run", "--model", model, "--output-dir", folder.path])
    #expect(noInputs.status == 64)
    #expect(noInputs.complaint.contains("has 1 inputs; 0 files are given"))
    let noFolder = try maskctl(["run", "--model", model, "--input", input, "--output-dir", folder.path + "/none"])
    #expect(noFolder.status == 73)
    let noKernels = try maskctl(
      ["run", "--model", model, "--input", input, "--output-dir", folder.path],
      environment: ["MASKD_KERNELS": "quantum"])
    #expect(noKernels.status == 64)
    #expect(noKernels.complaint.contains("there is no kernel family \"quantum\" here; available: "))
    #expect(try maskctl(["run", "--threads", "0", "--model", model, "--output-dir", folder.path]).status == 64)
  }

  @Test func benchmarkPrintsOneLineOfFigures() throws {
    let (status, output, complaint) = try maskctl([
      "benchmark", "--model", "\(goldens)/fomo_face_int8.tflite", "--threads", "2", "--runs", "3", "--warmup", "1",
    ])
    #expect(status == 0, "\(complaint)")
    let figures = try JSONDecoder().decode([String: Double].self, from: Data(output.utf8))
    let names = ["load_ms", "first_ms", "median_ms", "p90_ms", "min_ms", "cpu_ms", "peak_rss_kb"]
    #expect(Set(figures.keys) == Set(names))
    #expect(figures.values.allSatisfy { $0 > 0 })
    #expect(figures["min_ms", default: 1] <= figures["median_ms", default: 0])
  }

  @Test func benchmarkSaysWhereTheTimeGoes() throws {
    let model = "\(goldens)/fomo_face_int8.tflite"
    let (status, output, complaint) = try maskctl(["benchmark", model, "--runs", "3", "--profile"])
    #expect(status == 0, "\(complaint)")
    for word in ["median", "99th", "memory", "peak", "OPERATOR", "CONV_2D", "DEPTHWISE_CONV_2D", "OF PEAK"] {
      #expect(output.contains(word), "\(word)")
    }
  }

  @Test func benchmarkTellsProgramsAllOfIt() throws {
    let model = "\(goldens)/fomo_face_int8.tflite"
    let (status, output, complaint) = try maskctl([
      "benchmark", model, "--runs", "3", "--json", "--family", "generic", "--compare",
      "\(goldens)/detector_96_int8.tflite",
    ])
    #expect(status == 0, "\(complaint)")
    #expect(output.filter { $0 == "\n" }.count == 1)
    let figures = try JSONDecoder().decode(BenchmarkJSON.self, from: Data(output.utf8))
    #expect(figures.kernels == "generic")
    #expect(figures.runs == 3)
    #expect(figures.min_ms <= figures.median_ms && figures.median_ms <= figures.p99_ms)
    #expect(abs(figures.steps.reduce(0) { $0 + $1.share } - 1) < 1e-6)
    #expect(figures.steps.count >= figures.operators.count && figures.operators.contains { $0.name == "CONV_2D" })
    #expect(figures.quiet == (figures.warning == nil))
    // The warning that people get is in the object as well.
    #expect(complaint.contains("too busy") == (figures.warning != nil))
    #expect(figures.compare.min_ratio > 0)
  }

  @Test func benchmarkSaysWhatItCannotDo() throws {
    let model = "\(goldens)/fomo_face_int8.tflite"
    let noFamily = try maskctl(["benchmark", model, "--family", "quantum"])
    #expect(noFamily.status == 64)
    #expect(noFamily.complaint.contains("there is no kernel family \"quantum\" here; available: "))
    #expect(try maskctl(["benchmark", model, "--compare", "\(folder.path)/none.tflite"]).status == 66)
    #expect(try maskctl(["benchmark", "--model", model, "--profile"]).status == 64)
    #expect(try maskctl(["benchmark"]).status == 64)
  }

  /// Weights that are kept beside the model, and a file beside it that nobody has to believe.
  @Test func benchmarkKeepsPackedWeightsBesideTheModel() throws {
    let model = folder.path + "/model.tflite"
    try write(readBytes(packageFolder + "/models/mask_mobilenetv2_int8.tflite"), to: model)
    func isCached(_ arguments: [String] = ["--cache"]) throws -> Bool {
      // The output file is appended to.
      unlink(folder.path + "/log.out")
      let (status, output, complaint) = try maskctl(["benchmark", model, "--runs", "1", "--json"] + arguments)
      #expect(status == 0, "\(complaint)")
      return output.contains("\"cached\":true")
    }
    #expect(!(try isCached([])))
    #expect(!(try isCached()))
    #expect(try isCached())
    #expect(!(try isCached([])))
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    let cache = try #require(files.first { $0.hasSuffix(".packed") })
    try write([1, 2, 3], to: "\(folder.path)/\(cache)")
    #expect(!(try isCached()))
    #expect(try isCached())
  }

  @Test func benchmarkComparesTheFamiliesOfKernels() throws {
    let (status, output, complaint) = try maskctl(["benchmark", "kernels"])
    #expect(status == 0, "\(complaint)")
    #expect(try maskctl(["benchmark", "\(goldens)/fomo_face_int8.tflite", "--assert"]).status == 64)
    for word in ["GENERIC", "LOSS", "DEPTHWISE_CONV_2D 3x3", "HARD_SWISH"] { #expect(output.contains(word)) }
  }

  @Test func theExampleOfTheLibraryRuns() throws {
    let text = try readText(packageFolder + "/docs/library.md")
    #expect(text.contains("```swift\n\(try readText(packageFolder + "/Examples/RunModel/main.swift"))```"))
    let program = try Program(
      "run-model", ["\(goldens)/detector_96_int8.tflite"], environment: [:], log: folder.path + "/log")
    #expect(program.waitForExit() == 0)
    #expect(program.output.contains("input 0: ") && program.output.contains("output 1: "))
    let missing = try Program("run-model", ["/nonexistent"], environment: [:], log: folder.path + "/other")
    #expect(missing.waitForExit() == 65)
    #expect(missing.output == "/nonexistent: No such file or directory\n")
  }
}

/// The members of `maskctl benchmark --json` that the test looks at, by their own names.
private struct BenchmarkJSON: Decodable {
  struct Row: Decodable {
    let name: String
    let share: Double
  }
  struct Ratio: Decodable {
    let min_ratio: Double
  }
  let kernels: String
  let runs: Int
  let min_ms, median_ms, p99_ms: Double
  let operators, steps: [Row]
  let quiet: Bool
  let warning: String?
  let compare: Ratio
}
