import FoundationEssentials
import Glibc
import Testing

/// `maskctl inspect` on real models.
@Suite struct InspectTests {
  private struct Report: Decodable {
    struct Layer: Decodable {
      var index: Int
      var `operator`: String
      var constant_bytes: Int
      var share_of_file: Double
      var arithmetic: String
    }
    struct Obstacle: Decodable {
      var reason: String
      var `operator`: String?
      var version: Int?
    }
    var bytes: Int
    var constants: [String: Int]
    var arithmetic: [String: Int]
    var layers: [Layer]
    var obstacles: [Obstacle]?
  }

  private struct Comparison: Decodable {
    struct Layer: Decodable {
      var index: Int
      var paired_by: String
      var sqnr_db: Double
      var cosine: Double
    }
    var reference: String
    var pictures: Int
    var unpaired: Int
    var worst: Int
    var deepest_fall: Int?
    var layers: [Layer]
  }

  private let folder: TemporaryFolder
  private let samples = packageFolder + "/models/samples"
  private let model = packageFolder + "/models/mask_mobilenetv2_int8.tflite"
  private let digits = packageFolder + "/Tests/Fixtures/models/mnist_cnn_float32.tflite"
  private static let odd = packageFolder + "/../shared/corpus/odd"

  init() throws { folder = try TemporaryFolder() }

  private func maskctl(_ arguments: [String]) throws -> (status: CInt, output: String, complaint: String) {
    unlink(folder.path + "/log")
    unlink(folder.path + "/log.out")
    let program = try Program("maskctl", arguments, environment: [:], log: folder.path + "/log")
    let status = program.waitForExit()
    return (status, program.output, program.log)
  }

  private func comparison(_ arguments: [String]) throws -> Comparison {
    let (status, output, complaint) = try maskctl(["inspect", "--json"] + arguments)
    #expect(status == 0, "\(complaint)")
    return try JSONDecoder().decode(Comparison.self, from: Data(output.utf8))
  }

  @Test func everyByteIsAccountedFor() throws {
    let (status, output, complaint) = try maskctl(["inspect", "--json", model])
    #expect(status == 0, "\(complaint)")
    let report = try JSONDecoder().decode(Report.self, from: Data(output.utf8))
    #expect(report.layers.map(\.index) == Array(0..<65))
    #expect(report.layers.map(\.constant_bytes).reduce(0, +) == report.constants.values.reduce(0, +))
    #expect(report.layers.map(\.share_of_file).reduce(0, +) < 1)
    #expect(report.arithmetic == ["int8 per channel": 53, "int8": 12])
    let text = try maskctl(["inspect", model]).output
    // The largest first, and only ten of them.
    #expect(text.contains("414720   16.7 %     61  CONV_2D"))
    #expect(text.contains("44 others with constants") && text.contains("names, scales, tables and metadata"))
    #expect(!text.contains("SOFTMAX   "))
    #expect(try maskctl(["inspect", "--operators", model]).output.contains("SOFTMAX   "))
  }

  @Test(
    .enabled(if: access(InspectTests.odd, R_OK) == 0, "../shared/corpus is not here"))
  func allThatIsRefusedIsNamed() throws {
    let variables = Self.odd + "/odd_call_once_variables.tflite"
    let (status, output, complaint) = try maskctl(["inspect", "--json", variables])
    #expect(status == 65)
    let report = try JSONDecoder().decode(Report.self, from: Data(output.utf8))
    let obstacles = try #require(report.obstacles)
    #expect(obstacles.map(\.operator) == ["CALL_ONCE", "VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE"])
    #expect(obstacles.allSatisfy { $0.reason == "unknown_operator" && $0.version == 1 })
    #expect(complaint.contains("operator 0 is CALL_ONCE, which this engine does not compute, and 3 more"))
    let text = try maskctl(["inspect", variables])
    #expect(text.status == 65 && text.output.contains("4 of 5 operators are refused"))
    for name in ["CALL_ONCE", "VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE"] {
      #expect(text.output.contains("\(name)  "), "\(name)")
    }
  }

  /// Weights in the middle of the file are changed: layers before theirs stay the same.
  @Test func layersAreComparedWithThoseOfAnotherVersion() throws {
    let changed = folder.path + "/changed.tflite"
    var bytes = try readBytes(model)
    for index in bytes.count / 2..<bytes.count / 2 + 2000 { bytes[index] ^= 0x55 }
    try write(bytes, to: changed)
    let data = ["--layers", changed, "--data", samples, "--pictures", "2"]
    let found = try comparison([model] + data)
    #expect(found.reference == model && found.pictures == 2 && found.unpaired == 0)
    #expect(found.layers.count == 65 && found.layers.allSatisfy { $0.paired_by == "name" })
    let first = try #require(found.layers.firstIndex { $0.sqnr_db < 200 })
    #expect(first > 0 && found.layers[first].index == found.deepest_fall)
    #expect(found.layers[..<first].allSatisfy { $0.sqnr_db == 200 && $0.cosine > 0.999_999 })
    #expect(found.worst >= first)
    let text = try maskctl(["inspect", model] + data)
    #expect(text.output.contains("falls by") && text.output.contains("Worst: layer \(found.worst) ("))
    let same = try maskctl(["inspect", model, "--layers", model, "--data", samples, "--pictures", "1"])
    #expect(same.output.contains("All results are the same."))
  }

  @Test func floatIsWhatIntegersAreMeasuredAgainst() throws {
    let float = folder.path + "/float.tflite"
    try write(readBytes(digits), to: float)
    try write(Array(#"{"input":{"range":[0,1]}}"#.utf8), to: folder.path + "/float.json")
    let int8 = folder.path + "/int8.tflite"
    let made = try maskctl([
      "quantize", float, "-o", int8, "--mode", "int8", "--calibrate", samples, "--accept-poor-calibration",
    ])
    #expect(made.status == 0, "\(made.complaint)")
    // The sidecar of one speaks for the other as well.
    unlink(folder.path + "/int8.json")
    let found = try comparison([int8, "--layers", float, "--data", samples])
    #expect(found.reference == float)
    #expect(found.layers.count > 2 && found.layers.allSatisfy { $0.sqnr_db > 10 && $0.cosine > 0.9 })
  }

  @Test func whatCannotBeComparedIsASentence() throws {
    let detector = packageFolder + "/Tests/Fixtures/goldens/detector_96_int8.tflite"
    let cases: [(status: CInt, words: String, arguments: [String])] = [
      (64, "--data DIR", [model, "--layers", model]),
      (64, "--layers OTHER", [model, "--data", samples]),
      (64, "--pictures is for", [model, "--pictures", "3"]),
      (64, "--operators is for", [model, "--layers", model, "--data", samples, "--operators"]),
      (64, "1 to 100000", [model, "--layers", model, "--data", samples, "--pictures", "0"]),
      (65, "of 224x224 with 3 channels and ", [model, "--layers", digits, "--data", samples]),
      (65, "not a .tflite model", [model, "--layers", samples + "/none_sky.jpg", "--data", samples]),
      (66, "none.tflite: cannot be read", [model, "--layers", folder.path + "/none.tflite", "--data", samples]),
      (66, "No such file", [model, "--layers", model, "--data", folder.path + "/none"]),
      (66, "no pictures", [model, "--layers", model, "--data", folder.path]),
      (65, "detector_96_int8.tflite of 96x96", [model, "--layers", detector, "--data", samples]),
    ]
    for (expected, words, arguments) in cases {
      let (status, output, complaint) = try maskctl(["inspect"] + arguments)
      #expect(status == expected && output.isEmpty, "\(arguments): \(status)")
      #expect(complaint.contains(words), "\(arguments): \(complaint)")
    }
    let broken = try folder.makeFolder("broken")
    try write("no picture".utf8, to: broken + "/bad.jpg")
    let unreadable = try maskctl(["inspect", model, "--layers", model, "--data", broken])
    #expect(unreadable.status == 66 && unreadable.complaint.contains("bad.jpg"))
  }
}
