import FoundationEssentials
import Imaging
import TFLite
import Testing

@testable import Classification

/// The bundled model through the path that the daemon takes, against what TensorFlow Lite's reference kernels said.
struct ClassifierTests {
  struct Expected: Decodable {
    struct Picture: Decodable {
      let kind: String
      let label: String?
      let size: [Int]
      let int8_output: [Int]
      let face_box: [Int]?
      let face_int8_output: [Int]?
    }
    let pictures: [String: Picture]
  }

  private func bundled() throws -> Classifier {
    let file = try ModelFile(path: TestFiles.bundledModel)
    return try Classifier(model: file.model, sidecar: file.sidecar)
  }

  @Test func knowsWhatItIs() throws {
    let classifier = try bundled()
    #expect(classifier.labels == ["mask", "no_mask"])
    #expect(classifier.thresholds == .init(enter: 0.7, leave: 0.55))
    #expect(classifier.scoreRule == .probabilities)
    #expect(classifier.sha256 == "bb7aa2bdba200a63ed8f3200a8839a1f2165a1213458ed33e9a195ce2d77fa76")
    #expect(classifier.scores == [0, 0])
  }

  @Test func givesTheRecordedOutputsForTheSamples() throws {
    let samples = "\(TestFiles.root)/models/samples"
    let expected = try JSONDecoder().decode(Expected.self, from: Data(TestFiles.bytes("\(samples)/expected.json")))
    #expect(expected.pictures.count == 16)
    let classifier = try bundled()
    for (name, picture) in expected.pictures {
      #expect(try classifier.judge("\(samples)/\(name)") == picture.int8_output, "\(name)")
      if picture.kind == "face" { #expect(said(by: classifier) == picture.label, "\(name)") }
      guard let box = picture.face_box else { continue }
      let width = Double(picture.size[0])
      let height = Double(picture.size[1])
      let region = Region(
        x: Double(box[0]) / width, y: Double(box[1]) / height, width: Double(box[2] - box[0]) / width,
        height: Double(box[3] - box[1]) / height)
      let output = try classifier.judge("\(samples)/\(name)", region: region)
      #expect(output == picture.face_int8_output, "the face of \(name)")
      #expect(said(by: classifier) == picture.label, "the face of \(name)")
    }
  }

  /// Scores are read where the engine writes them, not as far as a file says that they reach.
  @Test func refusesAnOutputThatIsNotWhatIsComputed() throws {
    var bytes = try TestFiles.bytes(TestFiles.bundledModel)
    let declared: [UInt8] = [2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0]
    let starts = (0..<bytes.count - declared.count).filter { bytes[$0..<$0 + declared.count].elementsEqual(declared) }
    try #require(!starts.isEmpty)
    // [1, 2] becomes [1, 65536].
    for start in starts { bytes.replaceSubrange(start + 8..<start + 12, with: [0, 0, 1, 0]) }
    let error = #expect(throws: ClassificationError.self) { try Classifier(model: bytes, sidecar: nil) }
    #expect(error?.reason == "shape_mismatch")
    #expect(
      error?.description
        == "The model's output is declared as 65536 values of int8, but what it computes is int8 [1, 2].")
  }

  private func said(by classifier: Classifier) -> String {
    classifier.labels[classifier.scores[0] >= classifier.scores[1] ? 0 : 1]
  }

  @Test(.enabled(if: TestFiles.shared != nil, "needs the test pictures in ../shared"))
  func givesTheRecordedOutputsForTestPictures() throws {
    let shared = try #require(TestFiles.shared)
    let table = String(
      decoding: try TestFiles.bytes("\(TestFiles.root)/Tests/Accuracy/bundled.tsv"), as: UTF8.self)
    let lines = table.split(separator: "\n").dropFirst()
    #expect(lines.count == 1_232)
    let classifier = try bundled()
    // All of them are gone through by `make test-accuracy`, in release.
    for line in stride(from: lines.startIndex, to: lines.endIndex, by: 154).map({ lines[$0] }) {
      let fields = line.split(separator: "\t")
      let output = try classifier.judge("\(shared)/masks/\(fields[0])")
      #expect(output == [Int(fields[1]), Int(fields[2])], "\(fields[0])")
    }
  }

  @Test func checksItsGoldens() throws {
    let file = try ModelFile(path: TestFiles.bundledModel)
    try bundled().checkGoldens()
    let wrong = Array(#"{"golden": [{"input": {"splitmix64": 1}, "output": [19, -18]}]}"#.utf8)
    let classifier = try Classifier(model: file.model, sidecar: wrong)
    #expect(throws: ClassificationError.self) { try classifier.checkGoldens() }
    let near = Array(#"{"golden": [{"input": {"splitmix64": 1}, "output": [19, -18], "tolerance": 1}]}"#.utf8)
    try Classifier(model: file.model, sidecar: near).checkGoldens()
  }

  @Test func refusesASidecarThatDoesNotFit() throws {
    let model = try ModelFile(path: TestFiles.bundledModel).model
    let reasons = [
      #"{"labels": ["a", "b", "c"]}"#, #"{"input": {"mean": [1, 2], "standard_deviation": [1, 1]}}"#,
      #"{"golden": [{"input": {"splitmix64": 1}, "output": [1]}]}"#, "{",
    ].map { sidecar -> String? in
      do throws(ClassificationError) {
        _ = try Classifier(model: model, sidecar: Array(sidecar.utf8))
        return nil
      } catch {
        return error.reason
      }
    }
    #expect(reasons == Array(repeating: "labels_mismatch", count: 4))
  }

  @Test func refusesADamagedModel() throws {
    let model = try ModelFile(path: TestFiles.bundledModel).model
    do {
      _ = try Classifier(model: Array(model.prefix(model.count / 2)), sidecar: nil)
      Issue.record("accepted half of a model")
    } catch {
      #expect(error.reason == "truncated")
    }
  }

  /// The published first output of SplitMix64 for the seed 0, as little-endian bytes.
  @Test func goldenInputsAreSplitMix64() throws {
    let contract = InputContract(
      width: 3, height: 1, element: .uint8, mapping: .init(mean: [0], standardDeviation: [1]))
    var bytes = [UInt8](repeating: 0, count: 9)
    bytes.withUnsafeMutableBytes { GoldenInput(seed: 0, contract: contract).fill($0) }
    #expect(bytes.prefix(8) == [0xAF, 0xCD, 0x1D, 0x7B, 0x39, 0xA8, 0x20, 0xE2])
  }
}
