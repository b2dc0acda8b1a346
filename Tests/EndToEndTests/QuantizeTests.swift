import FoundationEssentials
import Glibc
import Testing

/// `maskctl quantize` from file to file.
@Suite struct QuantizeTests {
  private struct Report: Decodable {
    struct Pruning: Decodable {
      var sparsity: Double
      var output_sqnr_db: Double?
    }
    struct Weights: Decodable {
      var count: Int
      var sparsity: Double
      var distinct: Int
    }
    struct Candidate: Decodable { var output_sqnr_db: Double }
    struct Layer: Decodable {
      var sqnr_db: Double
      var error_in_steps: Double
    }
    var bytes_before: Int
    var bytes_after: Int
    var gzip_bytes_before: Int
    var gzip_bytes_after: Int
    var pruning: Pruning?
    var weights: [Weights]?
    var pictures: Int?
    var candidates: [Candidate]?
    var layers: [Layer]?
  }

  private let folder: TemporaryFolder
  private let fixtures = packageFolder + "/Tests/Fixtures"
  private var model: String { fixtures + "/models/mnist_cnn_float32.tflite" }

  init() throws { folder = try TemporaryFolder() }

  private func maskctl(_ arguments: [String]) throws -> (status: CInt, output: String, complaint: String) {
    try? removeLog()
    let program = try Program("maskctl", arguments, environment: [:], log: folder.path + "/log")
    let status = program.waitForExit()
    return (status, program.output, program.log)
  }

  private func removeLog() throws {
    unlink(folder.path + "/log")
    unlink(folder.path + "/log.out")
  }

  /// A folder with a folder for each class, with so many pictures in each.
  private func pictures(_ classes: [String: Int]) throws -> String {
    let root = try folder.makeFolder("pictures")
    let sources = ["rgb.png", "444.jpg", "grey.jpg", "palette.png", "wide.jpg"]
    for (name, count) in classes {
      let place = try folder.makeFolder("pictures/\(name)")
      for index in 0..<count {
        let source = sources[index % sources.count]
        symlink("\(fixtures)/imaging/\(source)", "\(place)/\(index)-\(source)")
      }
    }
    return root
  }

  /// What lies in the test's folder, but for what the test put there.
  private func leftovers() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { !$0.hasPrefix("log") && $0 != "pictures" && !$0.hasPrefix("in.") }
  }

  @Test(arguments: ["float32", "float16", "dynamic"])
  func weightsAreMadeSmall(_ mode: String) throws {
    let out = folder.path + "/out.tflite"
    let (status, output, complaint) = try maskctl(["quantize", model, "-o", out, "--mode", mode, "--json"])
    #expect(status == 0, "\(complaint)")
    let report = try JSONDecoder().decode(Report.self, from: Data(output.utf8))
    #expect(report.bytes_after == (try readBytes(out)).count)
    #expect(mode == "float32" || report.bytes_after * 10 < report.bytes_before * 7)
    try write([UInt8](repeating: 0, count: 784 * 4), to: folder.path + "/in.bin")
    let results = try folder.makeFolder("results")
    let run = try maskctl(
      ["run", "--model", out, "--input", folder.path + "/in.bin", "--output-dir", results])
    #expect(run.status == 0, "\(run.complaint)")
  }

  @Test func integersComeFromPicturesAndTheSidecarComesAlong() throws {
    let float = folder.path + "/in.tflite"
    try write(readBytes(model), to: float)
    let labels = (0..<10).map { "\"digit \($0)\"" }.joined(separator: ",")
    let sidecar =
      #"{"labels":[\#(labels)],"input":{"range":[0,1]},"golden":[{"input":{"splitmix64":1},"output":[0],"tolerance":1}]}"#
    try write(Array(sidecar.utf8), to: folder.path + "/in.json")
    let out = folder.path + "/out.tflite"
    let (status, output, complaint) = try maskctl([
      "quantize", float, "-o", out, "--mode", "int8", "--json", "--calibrate", try pictures(["a": 20, "b": 20]),
    ])
    #expect(status == 0, "\(complaint)")
    let report = try JSONDecoder().decode(Report.self, from: Data(output.utf8))
    #expect(report.pictures == 40)
    let candidates = try #require(report.candidates).map(\.output_sqnr_db)
    #expect(candidates.count >= 3 && candidates == candidates.sorted(by: >) && candidates[0] > 20)
    #expect(try #require(report.layers).allSatisfy { $0.sqnr_db > 15 && $0.error_in_steps < 2 })
    #expect(try leftovers().sorted() == ["out.json", "out.tflite"])
    let written = try readText(folder.path + "/out.json")
    #expect(written.contains("digit 9") && written.contains("[0,1]") && !written.contains("golden"))
    let inspected = try maskctl(["inspect", out])
    #expect(inspected.status == 0 && inspected.output.contains("int8") && inspected.output.contains("digit 9"))
  }

  @Test(arguments: ["float32", "float16", "dynamic", "int8"])
  func prunedAndClusteredFilesCompress(_ mode: String) throws {
    let plain = folder.path + "/plain.tflite"
    let small = folder.path + "/small.tflite"
    let pictures = ["--calibrate", try pictures(["a": 20, "b": 20])]
    let arguments = ["quantize", model, "--mode", mode, "--json"]
    let before = try maskctl(arguments + ["-o", plain] + (mode == "int8" ? pictures : []))
    #expect(before.status == 0, "\(before.complaint)")
    let after = try maskctl(arguments + ["-o", small, "--prune", "0.5", "--cluster", "16"] + pictures)
    #expect(after.status == 0, "\(after.complaint)")
    let reports = try [before, after].map { try JSONDecoder().decode(Report.self, from: Data($0.output.utf8)) }
    #expect(reports[1].gzip_bytes_after * 10 < reports[0].gzip_bytes_after * 9)
    #expect(reports[1].gzip_bytes_before == reports[0].gzip_bytes_before)
    #expect(reports[0].weights == nil && reports[0].pruning == nil)
    let pruning = try #require(reports[1].pruning)
    #expect(pruning.sparsity == 0.5 && (pruning.output_sqnr_db ?? 0) > 10)
    let weights = try #require(reports[1].weights)
    let large = weights.filter { $0.count >= 1024 }
    #expect(large.allSatisfy { $0.distinct <= 16 })
    let zeros = large.map { $0.sparsity * Double($0.count) }.reduce(0, +)
    #expect(zeros / Double(large.map(\.count).reduce(0, +)) > 0.499)
    let inspected = try maskctl(["inspect", small])
    #expect(inspected.status == 0, "\(inspected.complaint)")
  }

  @Test func pruningGoesAsFarAsTheAccuracyAllows() throws {
    let labels = (0..<10).map { "\"\($0)\"" }.joined(separator: ",")
    let sidecar = folder.path + "/in.json"
    try write(Array("{\"labels\":[\(labels)],\"input\":{\"range\":[0,1]}}".utf8), to: sidecar)
    let (status, output, complaint) = try maskctl([
      "quantize", model, "-o", folder.path + "/out.tflite", "--mode", "float16", "--json", "--sidecar", sidecar,
      "--prune", "auto", "--evaluate", try pictures(["3": 4, "8": 4]), "--max-drop", "100",
    ])
    #expect(status == 0, "\(complaint)")
    let report = try JSONDecoder().decode(Report.self, from: Data(output.utf8))
    // All that is tried holds, so the search ends with the most.
    #expect(report.pruning?.sparsity == 0.9)
  }

  @Test func whatIsWrongIsToldAndNothingIsLeft() throws {
    let root = try pictures(["a": 40])
    let empty = try folder.makeFolder("pictures/b")
    let broken = try folder.makeFolder("pictures/c")
    try write(Array("no picture".utf8), to: broken + "/broken.jpg")
    let half = folder.path + "/in.half.tflite"
    try write(readBytes(model).prefix(9000), to: half)
    let out = folder.path + "/out.tflite"
    let int8 = ["--mode", "int8", "--calibrate"]
    let cases: [(status: CInt, words: String, arguments: [String])] = [
      (65, "not a .tflite model", [fixtures + "/imaging/rgb.png", "-o", out, "--mode", "dynamic"]),
      (65, "cut short or damaged", [half, "-o", out, "--mode", "dynamic"]),
      (65, "quantized already", [fixtures + "/models/mnist_cnn_int8.tflite", "-o", out, "--mode", "float16"]),
      (66, "cannot be read", [folder.path + "/none.tflite", "-o", out, "--mode", "float16"]),
      (66, "no pictures", [model, "-o", out] + int8 + [empty]),
      (66, "No such file", [model, "-o", out] + int8 + [folder.path + "/none"]),
      (66, "too few", [model, "-o", out] + int8 + [broken]),
      (66, "broken.jpg: neither", [model, "-o", out, "--accept-poor-calibration"] + int8 + [broken]),
      (66, "one class", [model, "-o", out] + int8 + [root + "/a"]),
      (64, "needs pictures", [model, "-o", out, "--mode", "int8"]),
      (64, "above 0 and below 1", [model, "-o", out, "--mode", "float16", "--prune", "0"]),
      (64, "above 0 and below 1", [model, "-o", out, "--mode", "float16", "--prune", "1"]),
      (64, "above 0 and below 1", [model, "-o", out, "--mode", "float16", "--prune", "1.5"]),
      (64, "above 0 and below 1", [model, "-o", out, "--mode", "float16", "--prune", "abc"]),
      (64, "--prune auto needs pictures", [model, "-o", out, "--mode", "float16", "--prune", "auto"]),
      (
        64, "exclude each other",
        [model, "-o", out, "--mode", "dynamic", "--prune", "auto", "--keep-float", "auto", "--evaluate", root]
      ),
      (64, "--cluster must be 2 to 256", [model, "-o", out, "--mode", "float16", "--cluster", "1"]),
      (64, "--cluster must be 2 to 256", [model, "-o", out, "--mode", "float16", "--cluster", "300"]),
      (64, "--calibrate is for", [model, "-o", out, "--mode", "dynamic", "--calibrate", root]),
      (73, "No such file", [model, "-o", folder.path + "/none/out.tflite", "--mode", "dynamic"]),
      (73, "not a regular file", [model, "-o", root, "--mode", "dynamic"]),
      (64, "the model itself", [half, "-o", half, "--mode", "dynamic"]),
    ]
    for (expected, words, arguments) in cases {
      let (status, output, complaint) = try maskctl(["quantize"] + arguments)
      #expect(status == expected && output.isEmpty, "\(arguments): \(status) \(output)")
      #expect(complaint.contains(words), "\(arguments): \(complaint)")
      #expect(try leftovers() == [], "\(arguments)")
    }
  }

  @Test func oneFolderAClassWithPicturesIsOneClass() throws {
    let root = try pictures(["a": 40])
    _ = try folder.makeFolder("pictures/b")
    let out = folder.path + "/out.tflite"
    let arguments = ["quantize", model, "-o", out, "--mode", "int8", "--calibrate", root]
    let refused = try maskctl(arguments)
    #expect(refused.status == 66 && refused.complaint.contains("of one class"))
    let accepted = try maskctl(arguments + ["--accept-poor-calibration"])
    #expect(accepted.status == 0, "\(accepted.complaint)")
  }

  @Test func anInterruptLeavesNothing() throws {
    let root = try pictures(["a": 2000, "b": 2000])
    let program = try Program(
      "maskctl",
      [
        "quantize", model, "-o", folder.path + "/out.tflite", "--mode", "int8", "--calibrate", root, "--pictures",
        "4000",
      ], environment: [:], log: folder.path + "/log")
    usleep(300_000)
    program.send(signal: SIGINT)
    #expect(program.waitForExit() == 128 + SIGINT)
    #expect(try leftovers() == [])
  }
}
