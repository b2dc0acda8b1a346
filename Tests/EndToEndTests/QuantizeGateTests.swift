import FoundationEssentials
import Glibc
import Testing

/// The accuracy gate of `maskctl quantize`.
@Suite struct QuantizeGateTests {
  private struct Report: Decodable {
    struct Share: Decodable {
      var value: Double
      var of: Int
    }
    struct Accuracy: Decodable {
      var before: Share
      var after: Share
      var drop_points: Double
      var holds: Bool
      var changed_labels: Int
    }
    struct Layer: Decodable {
      var layer: Int
      var bytes: Int
    }
    struct Attempt: Decodable {
      var kept_float: Int
      var bytes: Int
    }
    struct Way: Decodable { var output_sqnr_db: Double }
    var bytes_after: Int
    var accuracy: Accuracy?
    var attempts: [Attempt]?
    var kept_float: [Layer]?
    var no_time_for: [String]?
    var candidates: [Way]?
  }

  private let folder: TemporaryFolder
  private let samples = packageFolder + "/models/samples"
  private let model: String
  private let out: String
  /// A folder with a folder for each label.
  private let pictures: String

  init() throws {
    folder = try TemporaryFolder()
    (model, out) = (folder.path + "/in.tflite", folder.path + "/out.tflite")
    try write(BrightnessModel.bytes(), to: model)
    try write(BrightnessModel.sidecar.utf8, to: folder.path + "/in.json")
    pictures = try folder.makeFolder("pictures")
    let names = [
      "dark": ["bluford_face_mask", "jemison_face", "bluford_face", "jemison_face_mask"],
      "bright": ["johnson_face", "lindgren_face", "johnson_face_mask", "collins_face"],
    ]
    for (label, names) in names {
      let place = try folder.makeFolder("pictures/\(label)")
      for name in names { symlink("\(samples)/\(name).jpg", "\(place)/\(name).jpg") }
    }
  }

  private func quantize(_ arguments: [String]) throws -> (status: CInt, output: String, complaint: String) {
    for name in ["/log", "/log.out"] { unlink(folder.path + name) }
    let program = try Program(
      "maskctl", ["quantize", model, "-o", out] + arguments, environment: [:], log: folder.path + "/log")
    let status = program.waitForExit()
    return (status, program.output, program.log)
  }

  private func int8(_ arguments: String...) throws -> (status: CInt, output: String, complaint: String) {
    try quantize(["--mode", "int8", "--calibrate", pictures, "--accept-poor-calibration"] + arguments)
  }

  private func report(_ output: String) throws -> Report {
    try JSONDecoder().decode(Report.self, from: Data(output.utf8))
  }

  private func leftovers() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasPrefix("out") }.sorted()
  }

  @Test func aModelThatLosesTooMuchIsWrittenAndNotPassed() throws {
    let (status, output, complaint) = try int8("--evaluate", pictures)
    #expect(status == 1)
    #expect(output.contains("accuracy 100.00 % -> 50.00 % on 8 pictures: 50.00 points less, more than the 1"))
    #expect(output.contains("4 of the pictures changed their label: 4 from right to wrong"))
    #expect(complaint.contains("is written, but it loses 50.00 points"))
    #expect(complaint.contains("49.00 more than --max-drop 1 allows; try --keep-float auto"))
    #expect(try leftovers() == ["out.json", "out.tflite"])
    // The limit itself is allowed.
    #expect(try int8("--evaluate", pictures, "--max-drop", "50").status == 0)
  }

  @Test func theWorstLayersInFloatBringItBack() throws {
    let (status, output, complaint) = try int8("--evaluate", pictures, "--keep-float", "auto", "--json")
    #expect(status == 0, "\(complaint)")
    let report = try report(output)
    let accuracy = try #require(report.accuracy)
    #expect(accuracy.before.value == 1 && accuracy.after.value == 1 && accuracy.holds && accuracy.changed_labels == 0)
    // The one that suffers, and the one whose result it reads; convolution and mean are int8 still.
    #expect(try #require(report.kept_float).map(\.layer).sorted() == [2, 3])
    #expect(try #require(report.attempts).map(\.kept_float) == [0, 2])
    #expect(report.bytes_after == (try readBytes(out)).count)
    // What was judged is what was written.
    let log = folder.path + "/evaluate"
    let evaluate = try Program("maskctl", ["evaluate", out, pictures], environment: [:], log: log)
    #expect(evaluate.waitForExit() == 0)
    #expect(evaluate.output.contains("accuracy     100.00 %"))
  }

  @Test func layersCanBeNamed() throws {
    let (status, output, complaint) = try int8("--evaluate", pictures, "--keep-float", "3,2")
    #expect(status == 0, "\(complaint)")
    #expect(output.contains("2 layers stay float"))
    let one = try int8("--evaluate", pictures, "--keep-float", "3")
    #expect(one.status == 1 && one.complaint.contains("try --keep-float auto"))
  }

  @Test(arguments: ["float32", "float16", "dynamic"]) func otherModesAreMeasuredToo(_ mode: String) throws {
    let (status, output, complaint) = try quantize([
      "--mode", mode, "--evaluate", pictures, "--max-drop", "0", "--json",
    ])
    #expect(status == 0, "\(complaint)")
    let accuracy = try #require(try report(output).accuracy)
    #expect(accuracy.after.value == 1 && accuracy.after.of == 8 && accuracy.drop_points == 0)
  }

  @Test func whenTimeIsOverThereIsAModelAllTheSame() throws {
    let (status, output, complaint) = try int8("--time-limit", "1us", "--json")
    #expect(status == 0, "\(complaint)")
    let report = try report(output)
    #expect(try #require(report.candidates).count == 1)
    #expect(try #require(report.no_time_for).contains { $0.hasSuffix("ways to quantize") })
    #expect(report.bytes_after == (try readBytes(out)).count)
    let unmeasured = try int8("--time-limit", "1us", "--evaluate", pictures, "--keep-float", "auto")
    #expect(unmeasured.status == 1)
    #expect(unmeasured.output.contains("measuring the accuracy"))
    #expect(unmeasured.complaint.contains("the time was over before its accuracy was measured"))
    let inTime = try int8("--time-limit", "10min", "--evaluate", pictures, "--keep-float", "auto", "--json")
    #expect(inTime.status == 0)
    #expect(try self.report(inTime.output).no_time_for == [])
  }

  @Test func aPictureThatCannotBeReadIsToldAndTheModelIsThere() throws {
    try write("no picture".utf8, to: pictures + "/dark/broken.jpg")
    let (status, output, complaint) = try quantize(["--mode", "float16", "--evaluate", pictures])
    #expect(status == 66)
    #expect(output.contains("on 8 pictures"))
    #expect(complaint.contains("dark/broken.jpg: neither") && complaint.contains("1 of the pictures"))
    #expect(try leftovers() == ["out.json", "out.tflite"])
  }

  @Test func whatIsWrongIsToldAndNothingIsLeft() throws {
    let helmets = try folder.makeFolder("helmets")
    _ = try folder.makeFolder("helmets/helmet")
    symlink("\(samples)/none_sky.jpg", helmets + "/helmet/sky.jpg")
    let empty = try folder.makeFolder("empty")
    let dynamic = ["--mode", "dynamic"]
    let cases: [(status: CInt, words: String, arguments: [String])] = [
      (64, "--max-drop needs pictures", dynamic + ["--max-drop", "2"]),
      (64, "--keep-float auto needs pictures", dynamic + ["--keep-float", "auto"]),
      (64, "0 to 100", dynamic + ["--evaluate", pictures, "--max-drop=-1"]),
      (64, "0 to 100", dynamic + ["--evaluate", pictures, "--max-drop", "nan"]),
      (64, "--keep-float is for", ["--mode", "float16", "--keep-float", "1"]),
      (64, "numbers of layers", dynamic + ["--keep-float", "worst"]),
      (64, "numbers of layers", dynamic + ["--keep-float=-1"]),
      (64, "no layer 99", dynamic + ["--keep-float", "1,99"]),
      (64, "is a duration", dynamic + ["--time-limit", "soon"]),
      (64, "is a duration", dynamic + ["--time-limit=-5s"]),
      (66, "of the class \"helmet\"", dynamic + ["--evaluate", helmets]),
      (66, "no pictures", dynamic + ["--evaluate", empty]),
      (66, "No such file", dynamic + ["--evaluate", folder.path + "/none"]),
    ]
    for (expected, words, arguments) in cases {
      let (status, output, complaint) = try quantize(arguments)
      #expect(status == expected && output.isEmpty, "\(arguments): \(status) \(output)")
      #expect(complaint.contains(words), "\(arguments): \(complaint)")
      #expect(try leftovers() == [], "\(arguments)")
    }
  }

  @Test func anInterruptWhilePicturesAreJudgedLeavesNothing() throws {
    let line = "\(samples)/none_sky.jpg,bright\n"
    let table = folder.path + "/table.csv"
    try write(("file,label\n" + String(repeating: line, count: 100_000)).utf8, to: table)
    let program = try Program(
      "maskctl", ["quantize", model, "-o", out, "--mode", "float16", "--evaluate", table], environment: [:],
      log: folder.path + "/log")
    usleep(500_000)
    program.send(signal: SIGINT)
    #expect(program.waitForExit() == 128 + SIGINT)
    #expect(try leftovers() == [])
  }
}
