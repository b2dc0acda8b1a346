import Classification
import Glibc
import Testing

@testable import ModelStore

/// The probe of the daemon on real models.
@Suite struct ClassifierProbeTests {
  static let top = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
  static let small = top + "/Tests/Fixtures/models/mnist_cnn_int8.tflite"
  static let float = top + "/Tests/Fixtures/models/mnist_cnn_float32.tflite"
  let probe = ClassifierProbe()

  static func bytes(_ path: String) throws -> [UInt8] {
    try #require(try FileSystem().read(path, limit: 64 << 20), "\(path)")
  }

  func refusal(_ model: [UInt8], sidecar: String? = nil, budget: Duration? = nil) -> Rejection? {
    do {
      try probe.probe(try probe.load(model: model, sidecar: sidecar.map { Array($0.utf8) }), latencyBudget: budget)
      return nil
    } catch {
      return error
    }
  }

  @Test(arguments: [small, float, top + "/models/mask_mobilenetv2_int8.tflite"])
  func goodModelsPass(path: String) throws {
    let sidecar = try FileSystem().read(ModelFile.sidecarPath(of: path), limit: 1 << 20)
    let classifier = try probe.load(model: try Self.bytes(path), sidecar: sidecar)
    try probe.probe(classifier, latencyBudget: .seconds(60))
  }

  @Test func damagedFilesKeepTheWordsOfTheirReader() throws {
    let model = try Self.bytes(Self.small)
    #expect(refusal(Array("This is text, and no model at all.\n".utf8))?.reason == .notTFLite)
    #expect(refusal(Array("bad\n".utf8))?.reason == .notTFLite)
    #expect(refusal([])?.reason == .truncated)
    let half = try #require(refusal(Array(model.prefix(model.count / 2))))
    #expect([.truncated, .offsetOutOfBounds].contains(half.reason))
    #expect(!half.detail.isEmpty)
  }

  @Test func aWrongGoldenIsFound() throws {
    let values = [String](repeating: "77", count: 10).joined(separator: ", ")
    let sidecar = "{\"golden\": [{\"input\": {\"splitmix64\": 1}, \"output\": [\(values)]}]}"
    #expect(refusal(try Self.bytes(Self.small), sidecar: sidecar)?.reason == .goldenMismatch)
  }

  @Test func labelsThatDoNotFitAreFound() throws {
    #expect(refusal(try Self.bytes(Self.small), sidecar: "{\"labels\": [\"a\", \"b\"]}")?.reason == .labelsMismatch)
  }

  /// With an input range of next to nothing every picture becomes the same input.
  @Test func aModelThatSaysAlwaysTheSameIsFound() throws {
    let sidecar = "{\"input\": {\"range\": [0, 0.000000001]}}"
    #expect(refusal(try Self.bytes(Self.small), sidecar: sidecar)?.reason == .constantOutput)
  }

  @Test func outputsThatAreNoNumbersAreFound() throws {
    let sidecar = "{\"input\": {\"range\": [-1e38, 1e38]}}"
    #expect(refusal(try Self.bytes(Self.float), sidecar: sidecar)?.reason == .notFinite)
  }

  @Test func aModelBeyondItsBudgetIsFound() throws {
    let rejection = try #require(refusal(try Self.bytes(Self.small), budget: .nanoseconds(1)))
    #expect(rejection.reason == .tooSlow)
    #expect(rejection.detail.contains("more than the budget of 0 ms"))
  }

  @Test func everyWordOfAReaderIsAWordOfTheProtocol() {
    let words = [
      "unknown_operator", "unsupported_type", "shape_mismatch", "labels_mismatch", "golden_mismatch", "too_big", "io",
    ]
    for word in words {
      let rejection = Rejection(ClassificationError.compilation(reason: word, detail: "x"))
      #expect(rejection.reason.rawValue == word)
    }
  }

  @Test func aRealModelDroppedInPiecesTakesOver() throws {
    let base = try TemporaryDirectory()
    var settings = ModelStoreSettings(
      dropDirectory: base.path + "/models", stateDirectory: base.path, packagedModel: Self.float,
      settle: .milliseconds(100), rescan: .milliseconds(300))
    settings.latencyBudget = .seconds(30)
    let recorder = Recorder()
    let inbox = Handed()
    let store = ModelStore(settings, probe: probe, onEvent: { recorder.note($0) }, onActivate: { inbox.note($0) })
    try store.start()
    defer { store.stop() }
    let bytes = try Self.bytes(Self.small)
    let writer = SlowWriter(settings.dropDirectory + "/x.tflite")
    for start in stride(from: 0, to: bytes.count, by: 2000) {
      writer.write(Array(bytes[start..<min(start + 2000, bytes.count)]))
      usleep(50_000)
    }
    writer.close()
    let probed = try #require(recorder.wait("x.tflite", .probed))
    #expect(probed.sha256 == ModelFile.sha256(of: bytes))
    #expect(inbox.hashes.last == probed.sha256)
    store.activated(2)
    #expect(recorder.wait("x.tflite", .committed) != nil)
  }
}
