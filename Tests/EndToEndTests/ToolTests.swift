import FoundationEssentials
import Testing

@Suite struct ToolTests {
  private struct Answer: Decodable {
    var file: String
    var label: String
    var raw: [Double]
  }

  private let folder: TemporaryFolder
  private let samples = packageFolder + "/models/samples"
  private let model = packageFolder + "/models/mask_mobilenetv2_int8.tflite"

  init() throws { folder = try TemporaryFolder() }

  /// Runs maskctl to its end.
  private func maskctl(_ arguments: String...) throws -> (status: CInt, output: String, complaint: String) {
    let program = try Program("maskctl", arguments, environment: [:], log: folder.path + "/log")
    let status = program.waitForExit()
    return (status, program.output, program.log)
  }

  @Test func classifyGivesTheRecordedOutputsOfFacesAndBoxes() throws {
    let (status, output, complaint) = try maskctl(
      "classify", "--json", "--model", model, "\(samples)/jemison_face.jpg", "\(samples)/jemison_face_mask.jpg")
    #expect(status == 0, "\(complaint)")
    let answers = try output.split(separator: "\n").map {
      try JSONDecoder().decode(Answer.self, from: Data($0.utf8))
    }
    #expect(answers.map(\.label) == ["no_mask", "mask"])
    // Recorded with the TFLite reference kernels on Pillow's decoding of the same files.
    #expect(answers.map(\.raw) == [[-117, 117], [123, -123]])
  }

  @Test func aMissingPictureDoesNotKeepTheOthersFromBeingJudged() throws {
    let (status, output, complaint) = try maskctl(
      "classify", "--model", model, "/nowhere/none.jpg", "\(samples)/jemison_face.jpg")
    #expect(status == 66)
    #expect(output.contains("no_mask"))
    #expect(complaint.contains("/nowhere/none.jpg: cannot be read: No such file or directory"))
  }

  @Test func aCropBeyondThePictureIsASentence() throws {
    let (status, _, complaint) = try maskctl(
      "classify", "--model", model, "--crop", "0,0,9999,10", "\(samples)/jemison_face.jpg")
    #expect(status == 66)
    #expect(complaint.contains("--crop reaches out of the picture"))
  }

  @Test func badModelsAndBadInputsHaveTheirStatus() throws {
    let bad = folder.path + "/bad.tflite"
    try write("bad\n".utf8, to: bad)
    #expect(try maskctl("inspect", bad).status == 65)
    #expect(try maskctl("inspect", "/nowhere/none.tflite").status == 66)
    #expect(try maskctl("run", "--model", bad, "--input", bad, "--output-dir", folder.path).status == 65)
    let short = try maskctl("run", "--model", model, "--input", bad, "--output-dir", folder.path)
    #expect(short.status == 66)
    #expect(short.complaint.contains("150528"))
    #expect(try maskctl("run").status == 64)
    #expect(try maskctl("status", "--socket", folder.path + "/none.sock").status == 69)
  }

  @Test func inspectTellsWhatAModelIs() throws {
    let (status, output, _) = try maskctl("inspect", model)
    #expect(status == 0)
    for part in ["CONV_2D 35", "DEPTHWISE_CONV_2D 17", "labels       mask, no_mask", "224x224"] {
      #expect(output.contains(part), "\(part) in \(output)")
    }
  }
}
