import Glibc
import Testing

@testable import ModelStore

@Suite struct RestartTests {
  let fixture: StoreFixture
  var recorder: Recorder { fixture.recorder }

  init() throws { fixture = try StoreFixture() }

  /// Commits "x" as generation 2 and "y" as generation 3, and stops.
  func commitTwo() throws {
    let store = try fixture.started()
    try fixture.commit("x.tflite", "good x end", store)
    try fixture.commit("y.tflite", "good y end", store)
    #expect(store.stop())
  }

  func damage(_ marker: String) throws {
    let model = try #require(try ModelArchive(stateDirectory: fixture.base.path).marker(marker))
    fixture.base.write("store/\(model.identity.model).tflite", "rotten")
  }

  @Test func theCommittedModelSurvivesTheDeletionOfItsFile() throws {
    try commitTwo()
    #expect(unlink(fixture.drop + "/y.tflite") == 0)
    let store = try fixture.started()
    defer { store.stop() }
    #expect(recorder.activations.last == "3 y.tflite good y end")
    usleep(500_000)
    #expect(recorder.activations.count == 4)
  }

  /// "x" still lies there, but had its turn: it does not come back only because "y" was deleted.
  @Test func olderFilesDoNotTakeOverAgain() throws {
    try commitTwo()
    let before = recorder.events.count
    let store = try fixture.started()
    defer { store.stop() }
    usleep(800_000)
    #expect(recorder.events.dropFirst(before).map(\.phase) == [.committed])
  }

  @Test func aFileThatCameWhileNothingRanIsTaken() throws {
    try commitTwo()
    fixture.base.write("models/z.tflite", "good z end")
    let store = try fixture.started()
    defer { store.stop() }
    #expect(recorder.wait("z.tflite", .probed)?.generation == 4)
  }

  @Test func whatJudgedNoFrameIsTriedAgain() throws {
    let first = try fixture.started()
    fixture.base.write("models/x.tflite", "good x end")
    #expect(recorder.wait("x.tflite", .probed) != nil)
    #expect(first.stop())
    let second = try fixture.started()
    defer { second.stop() }
    #expect(recorder.activations.last == "1 packaged.tflite good packaged end")
    #expect(recorder.wait("x.tflite", .probed, count: 2)?.generation == 2)
  }

  @Test func aDamagedModelGivesWayToTheOneBefore() throws {
    try commitTwo()
    try damage("active")
    let store = try fixture.started()
    defer { store.stop() }
    let rejected = try #require(recorder.wait("y.tflite", .rejected))
    #expect(rejected.reason == .io)
    #expect(rejected.detail.contains("is damaged"))
    #expect(recorder.activations.last == "4 x.tflite good x end")
  }

  @Test func withBothDamagedThePackagedModelRuns() throws {
    try commitTwo()
    try damage("active")
    try damage("previous")
    let store = try fixture.started()
    defer { store.stop() }
    #expect(recorder.activations.last == "4 packaged.tflite good packaged end")
  }

  @Test func aDamagedMarkerIsSaidAndTheOneBeforeRuns() throws {
    try commitTwo()
    fixture.base.write("store/active", "garbage")
    let store = try fixture.started()
    defer { store.stop() }
    #expect(recorder.wait(fixture.base.path + "/store/active", .rejected)?.reason == .io)
    #expect(recorder.activations.last == "3 x.tflite good x end")
  }

  @Test func generationsGrowAfterAFallBack() throws {
    try commitTwo()
    try damage("active")
    let store = try fixture.started()
    defer { store.stop() }
    try fixture.commit("z.tflite", "good z end", store)
    #expect(recorder.activations.last == "5 z.tflite good z end")
    let previous = try ModelArchive(stateDirectory: fixture.base.path).marker("previous")
    #expect(previous?.name == "x.tflite")
  }
}
