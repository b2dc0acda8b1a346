import Classification
import EventLoop
import Glibc
import Synchronization
import Testing

@testable import ModelStore

@Suite struct ModelArchiveTests {
  let state: TemporaryDirectory
  var archive: ModelArchive
  var store: String { state.path + "/store" }

  init() throws {
    state = try TemporaryDirectory()
    archive = ModelArchive(stateDirectory: state.path)
  }

  func identity(_ text: String, sidecar: String? = nil) -> Identity {
    Identity(
      model: ModelFile.sha256(of: Array(text.utf8)), sidecar: sidecar.map { ModelFile.sha256(of: Array($0.utf8)) })
  }

  func commit(_ text: String, sidecar: String? = nil, generation: UInt64, to archive: ModelArchive) throws {
    let identity = identity(text, sidecar: sidecar)
    try archive.keep(identity, model: Array(text.utf8), sidecar: sidecar.map { Array($0.utf8) })
    try archive.commit(CommittedModel(identity: identity, name: text + ".tflite", generation: generation))
  }

  @Test func aCommittedModelComesBack() throws {
    try commit("one", sidecar: "{}", generation: 7, to: archive)
    let marker = try #require(try archive.marker("active"))
    #expect(marker == CommittedModel(identity: identity("one", sidecar: "{}"), name: "one.tflite", generation: 7))
    let bytes = try archive.load(marker.identity)
    #expect(bytes.model == Array("one".utf8))
    #expect(bytes.sidecar == Array("{}".utf8))
    #expect(try archive.marker("previous") == nil)
  }

  @Test func onlyTheActiveOneAndTheOneBeforeAreKept() throws {
    for number in 1...5 { try commit("model \(number)", sidecar: "\(number)", generation: UInt64(number), to: archive) }
    #expect(try archive.marker("previous")?.generation == 4)
    let files = [
      "active", "previous", identity("model 4").model + ".tflite", identity("model 5").model + ".tflite",
      ModelFile.sha256(of: Array("4".utf8)) + ".json", ModelFile.sha256(of: Array("5".utf8)) + ".json",
    ]
    #expect(TemporaryDirectory.names(store) == files.sorted())
  }

  @Test func theSameModelAgainKeepsTheOneBefore() throws {
    try commit("one", generation: 1, to: archive)
    try commit("two", generation: 2, to: archive)
    try commit("two", generation: 2, to: archive)
    #expect(try archive.marker("previous")?.identity == identity("one"))
  }

  @Test func damagedFilesAreNoticed() throws {
    try commit("one", sidecar: "{}", generation: 1, to: archive)
    let model = identity("one").model
    state.write("store/\(model).tflite", "onE")
    #expect(throws: ArchiveError.damaged("\(store)/\(model).tflite")) { try archive.load(identity("one")) }
    #expect(unlink("\(store)/\(model).tflite") == 0)
    #expect(throws: ArchiveError.missing("\(store)/\(model).tflite")) { try archive.load(identity("one")) }
    for damage in ["", "maskd model 1\n", "maskd model 1\nsha256 ../../etc/passwd\nsidecar -\ngeneration 1\nname x\n"] {
      state.write("store/active", damage)
      #expect(throws: ArchiveError.damaged("\(store)/active")) { try archive.marker("active") }
    }
  }

  @Test func aDamagedModelNeverTakesThePlaceOfTheOneBefore() throws {
    try commit("one", generation: 1, to: archive)
    try commit("two", generation: 2, to: archive)
    state.write("store/\(identity("two").model).tflite", "rot")
    try commit("three", generation: 3, to: archive)
    #expect(try archive.marker("previous")?.identity == identity("one"))
    #expect(try archive.load(identity("one")).model == Array("one".utf8))
  }

  /// The run ends at the n-th call that changes the disk, for all n: the next start finds a whole model, the old one or
  /// the new one.
  @Test func aPowerCutAtAnyMomentLeavesAModel() throws {
    var outcomes: [UInt64] = []
    for cut in 0... {
      let state = try TemporaryDirectory()
      var archive = ModelArchive(stateDirectory: state.path)
      try commit("one", sidecar: "1", generation: 1, to: archive)
      try commit("two", sidecar: "2", generation: 2, to: archive)
      let calls = Calls()
      archive.files.interrupt = { call, path throws(SystemCallError) in
        if calls.next() >= cut { throw SystemCallError(call, on: path, code: EIO) }
      }
      try? commit("three", sidecar: "3", generation: 3, to: archive)
      let after = ModelArchive(stateDirectory: state.path)
      let marker = try #require(try after.marker("active"))
      #expect(try !after.load(marker.identity).model.isEmpty)
      let previous = try #require(try after.marker("previous"))
      #expect(try !after.load(previous.identity).model.isEmpty)
      #expect(marker.generation > previous.generation || marker.generation == 2)
      outcomes.append(marker.generation)
      if calls.count < cut { break }
    }
    #expect(outcomes.first == 2 && outcomes.last == 3)
    #expect(outcomes == outcomes.sorted())
    #expect(outcomes.count > 15)
  }

  @Test func theRecordOfConsideredFilesComesBack() throws {
    let stamp = FileStamp(inode: .max, byteCount: 5, modified: -1, changed: .max)
    let record: [Intake.Name: Fingerprint] = [
      Array("a b\n.tflite".utf8): Fingerprint(model: stamp, sidecar: nil),
      [0xFF, 0x01]: Fingerprint(model: stamp, sidecar: FileStamp(inode: 1, byteCount: 0, modified: 0, changed: 0)),
    ]
    try archive.remember(record)
    #expect(archive.considered() == record)
    for damage in ["1 2 3\n", "1 2 3 4 zz\n", "1 2 3 4 5\n", "a b c d 00\n"] {
      state.write("store/considered", damage)
      #expect(archive.considered().isEmpty)
    }
  }
}

/// Counts calls.
final class Calls: Sendable {
  private let value = Atomic<Int>(0)
  var count: Int { value.load(ordering: .relaxed) }
  func next() -> Int { value.wrappingAdd(1, ordering: .relaxed).oldValue }
}
