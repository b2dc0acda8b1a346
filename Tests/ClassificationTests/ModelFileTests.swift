import Glibc
import Testing

@testable import Classification

struct ModelFileTests {
  /// The example of FIPS 180-2, appendix B.1, and the empty message.
  @Test func sha256() {
    #expect(
      ModelFile.sha256(of: Array("abc".utf8)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(ModelFile.sha256(of: []) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  }

  @Test func findsTheSidecar() {
    #expect(ModelFile.sidecarPath(of: "/models/a.tflite") == "/models/a.json")
    #expect(ModelFile.sidecarPath(of: "a.b") == "a.b.json")
  }

  @Test func readsModelAndSidecar() throws {
    let folder = try TemporaryFolder()
    try folder.write("a.tflite", "model")
    let alone = try ModelFile(path: folder.path("a.tflite"))
    #expect(alone.model == Array("model".utf8) && alone.sidecar == nil)
    try folder.write("a.json", "{}")
    #expect(try ModelFile(path: folder.path("a.tflite")).sidecar == Array("{}".utf8))
  }

  @Test func refusesWhatIsNoFileOrTooBig() throws {
    let folder = try TemporaryFolder()
    try folder.write("a.tflite", "12345")
    mkfifo(folder.path("pipe.tflite"), 0o600)
    mkdir(folder.path("folder.tflite"), 0o700)
    #expect(reason(folder.path("a.tflite"), limit: 4) == "too_big")
    #expect(reason(folder.path("a.tflite"), limit: 5) == nil)
    #expect(reason(folder.path("absent.tflite")) == "io")
    #expect(reason(folder.path("pipe.tflite")) == "io")
    #expect(reason(folder.path("folder.tflite")) == "io")
    // A sidecar that cannot be read is an error, not an absent one.
    mkdir(folder.path("a.json"), 0o700)
    #expect(reason(folder.path("a.tflite")) == "io")
  }

  private func reason(_ path: String, limit: Int = 100) -> String? {
    do {
      _ = try ModelFile(path: path, byteCountMax: limit)
      return nil
    } catch {
      #expect(error.description.contains(path) || error.description.contains(ModelFile.sidecarPath(of: path)))
      return error.reason
    }
  }
}

/// A folder that goes away with its owner.
final class TemporaryFolder {
  private let root: String
  private var names: Set<String> = []

  struct Failure: Error {}

  init() throws {
    var template = Array("/tmp/maskd-test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Failure() }
    root = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit {
    for name in names { remove(path(name)) }
    rmdir(root)
  }

  /// The path of a file or folder that goes away too.
  func path(_ name: String) -> String {
    names.insert(name)
    return "\(root)/\(name)"
  }

  func write(_ name: String, _ text: String) throws {
    guard let file = fopen(path(name), "w") else { throw Failure() }
    fputs(text, file)
    fclose(file)
  }
}
