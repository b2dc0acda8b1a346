import Glibc
import Testing

/// `maskctl quantize --report` from a model to a page.
@Suite struct QuantizePageTests {
  private let folder: TemporaryFolder
  private let samples = packageFolder + "/models/samples"
  private let model = packageFolder + "/Tests/Fixtures/models/mnist_cnn_float32.tflite"

  init() throws { folder = try TemporaryFolder() }

  private func maskctl(_ arguments: [String]) throws -> (status: CInt, output: String, complaint: String) {
    unlink(folder.path + "/log")
    unlink(folder.path + "/log.out")
    let program = try Program("maskctl", arguments, environment: [:], log: folder.path + "/log")
    let status = program.waitForExit()
    return (status, program.output, program.log)
  }

  /// Quantizes and gives the page.
  private func page(_ arguments: [String]) throws -> String {
    let path = folder.path + "/page.html"
    let (status, output, complaint) = try maskctl(
      ["quantize", model, "-o", folder.path + "/out.tflite", "--report", path] + arguments)
    #expect(status == 0 && output.contains("out.tflite"), "\(complaint)")
    let html = try readText(path)
    #expect(!html.contains("http") && !html.contains("<script"))
    return html
  }

  /// A folder for one of the digits that the model knows, with all sample pictures in it.
  private func pictures() throws -> String {
    let root = try folder.makeFolder("pictures")
    symlink(samples, root + "/3")
    return root
  }

  @Test func integersHaveErrorsWeightsAndActivations() throws {
    let html = try page(["--mode", "int8", "--calibrate", samples, "--accept-poor-calibration"])
    for part in [
      "Ways that were tried", "SQNR of each layer", "Error of each layer in steps", "rounding alone: 0.289",
      "Weights in int8", "int8 reaches from", "<details open>",
    ] {
      #expect(html.contains(part), "\(part)")
    }
    #expect(!html.contains("Accuracy"))
  }

  @Test func otherModesLeaveOutWhatTheyDoNotHave() throws {
    let halves = try page(["--mode", "float16"])
    #expect(halves.contains(">before<") && halves.contains(">after<"))
    for part in ["SQNR", "int8", "Ways that"] { #expect(!halves.contains(part), "\(part)") }
    #expect(try page(["--mode", "dynamic"]).contains("Weights in int8"))
    #expect(try page(["--mode", "float32"]).contains("No weights were changed."))
    #expect(try page(["--mode", "float32", "--prune", "0.5"]).contains(">after<"))
  }

  /// Weights of two values change what the model says of some.
  @Test func theAccuracyComesWithThePicturesThatChanged() throws {
    let labels = (0..<10).map { "\"\($0)\"" }.joined(separator: ",")
    let sidecar = folder.path + "/labels.json"
    try write(Array("{\"labels\":[\(labels)],\"input\":{\"range\":[-1,1]}}".utf8), to: sidecar)
    let html = try page([
      "--mode", "int8", "--cluster", "2", "--sidecar", sidecar, "--calibrate", samples, "--accept-poor-calibration",
      "--evaluate", try pictures(), "--max-drop", "100",
    ])
    #expect(html.contains("Class (rows) and answer before") && html.contains("Class (rows) and answer after"))
    // Each with what was said before and is said now.
    let count = html.split(separator: "was called").count - 1
    #expect(count > 0 && html.contains("\(count) of the pictures changed their label"))
    #expect(html.split(separator: "<img").count - 1 == count)
  }

  @Test func aPageThatCannotBeWrittenIsToldBeforeTheWork() throws {
    let out = folder.path + "/out.tflite"
    let cases: [(status: CInt, words: String, report: String)] = [
      (73, "No such file", "/nowhere/page.html"), (73, "not a regular file", folder.path),
      (64, "a name of its own", out), (64, "a name of its own", folder.path + "/out.json"),
      (64, "the model itself", model),
    ]
    for (expected, words, report) in cases {
      let (status, output, complaint) = try maskctl(
        ["quantize", model, "-o", out, "--mode", "float16", "--report", report])
      #expect(status == expected && output.isEmpty && complaint.contains(words), "\(report): \(status) \(complaint)")
      #expect(access(out, F_OK) != 0)
    }
  }
}
