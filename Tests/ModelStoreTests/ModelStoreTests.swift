import EventLoop
import Glibc
import Testing

@testable import ModelStore

/// The whole store: real directories, a real thread, models of text.
@Suite struct ModelStoreTests {
  let fixture: StoreFixture
  var recorder: Recorder { fixture.recorder }

  init() throws { fixture = try StoreFixture() }

  @Test func itBeginsWithThePackagedModel() throws {
    let store = try fixture.started()
    defer { store.stop() }
    #expect(recorder.activations == ["1 packaged.tflite good packaged end"])
    #expect(recorder.phases(of: "packaged.tflite") == [.committed])
  }

  @Test func withoutAnyModelItDoesNotStart() {
    var fixture = fixture
    fixture.settings.packagedModel = "/nowhere/x.tflite"
    #expect {
      try fixture.started()
    } throws: { error in
      "\(error)".contains("No model can run. x.tflite: The packaged model /nowhere/x.tflite is missing")
    }
  }

  @Test func aGoodModelTakesOverAndIsCommittedWithItsFirstFrame() throws {
    let store = try fixture.started()
    defer { store.stop() }
    fixture.base.write("models/x.tflite", "good x end")
    let probed = try #require(recorder.wait("x.tflite", .probed))
    #expect(probed.generation == 2)
    #expect(probed.sha256?.count == 64)
    #expect(recorder.activations.last == "2 x.tflite good x end")
    usleep(300_000)
    #expect(recorder.phases(of: "x.tflite") == [.settling, .verified, .probed])
    store.activated(1)
    usleep(100_000)
    #expect(recorder.phases(of: "x.tflite").last == .probed)
    store.activated(2)
    #expect(recorder.wait("x.tflite", .committed)?.generation == 2)
  }

  @Test func textIsRejectedOnceAndTheOldModelGoesOn() throws {
    let store = try fixture.started()
    defer { store.stop() }
    fixture.base.write("models/x.tflite", "bad\n")
    let rejected = try #require(recorder.wait("x.tflite", .rejected))
    #expect(rejected.reason == .notTFLite)
    #expect(!rejected.detail.isEmpty)
    usleep(1_000_000)
    #expect(recorder.phases(of: "x.tflite") == [.settling, .rejected])
    #expect(recorder.activations.count == 1)
    fixture.base.write("models/x.tflite", "good after all end")
    #expect(recorder.wait("x.tflite", .probed) != nil)
  }

  @Test func aSlowModelIsRejected() throws {
    let store = try fixture.started()
    defer { store.stop() }
    fixture.base.write("models/x.tflite", "slow end")
    #expect(recorder.wait("x.tflite", .rejected)?.reason == .tooSlow)
    #expect(recorder.phases(of: "x.tflite") == [.settling, .verified, .rejected])
  }

  @Test func aCopyInPiecesIsTakenWhenItIsWholeAndNotBefore() throws {
    let store = try fixture.started()
    defer { store.stop() }
    let writer = SlowWriter(fixture.drop + "/x.tflite")
    writer.write(Array("good ".utf8))
    // Longer than `settle`: only the open descriptor tells that more will come.
    usleep(600_000)
    writer.write(Array("x en".utf8))
    usleep(600_000)
    #expect(recorder.phases(of: "x.tflite") == [.settling])
    writer.write(Array("d".utf8))
    writer.close()
    #expect(recorder.wait("x.tflite", .probed) != nil)
    #expect(recorder.phases(of: "x.tflite") == [.settling, .verified, .probed])
    #expect(fixture.probe.loads.count == 2)
  }

  @Test func aTruncatedCopyWrittenInPiecesIsRejected() throws {
    let store = try fixture.started()
    defer { store.stop() }
    let writer = SlowWriter(fixture.drop + "/x.tflite")
    for _ in 0..<10 {
      writer.write(Array("good ".utf8))
      usleep(60_000)
    }
    writer.close()
    #expect(recorder.wait("x.tflite", .rejected)?.reason == .truncated)
    #expect(recorder.activations.count == 1)
  }

  @Test func aRenamedFileIsTaken() throws {
    let store = try fixture.started()
    defer { store.stop() }
    fixture.base.write("models/x.tflite.part", "good x end")
    usleep(500_000)
    #expect(recorder.events.count == 1)
    #expect(rename(fixture.drop + "/x.tflite.part", fixture.drop + "/x.tflite") == 0)
    #expect(recorder.wait("x.tflite", .probed) != nil)
  }

  @Test func replacedWhileItSettlesTheNewFileIsTaken() throws {
    let store = try fixture.started()
    defer { store.stop() }
    fixture.base.write("models/x.tflite", "bad")
    #expect(recorder.wait("x.tflite", .settling) != nil)
    fixture.base.write("new", "good new end")
    #expect(rename(fixture.base.path + "/new", fixture.drop + "/x.tflite") == 0)
    #expect(recorder.wait("x.tflite", .probed) != nil)
    #expect(recorder.phases(of: "x.tflite").contains(.rejected) == false)
  }

  @Test func ofTwoDropsAtOnceTheNewerStays() throws {
    let store = try fixture.started()
    defer { store.stop() }
    fixture.base.write("models/b.tflite", "good b end")
    usleep(20_000)
    fixture.base.write("models/a.tflite", "good a end")
    let last = try #require(recorder.wait("a.tflite", .probed))
    #expect(last.generation == 3)
    #expect(recorder.phases(of: "b.tflite") == [.settling, .verified, .probed, .rolledBack])
    store.activated(3)
    #expect(recorder.wait("a.tflite", .committed) != nil)
  }

  @Test func aLateSidecarIsTakenIn() throws {
    let store = try fixture.started()
    defer { store.stop() }
    fixture.base.write("models/x.json", "no JSON")
    fixture.base.write("models/x.tflite", "good x end")
    #expect(recorder.wait("x.tflite", .rejected)?.reason == .labelsMismatch)
    fixture.base.write("models/x.json", "{}")
    #expect(recorder.wait("x.tflite", .probed) != nil)
  }

  @Test func theActiveModelDroppedAgainIsCommittedWithoutASwap() throws {
    let store = try fixture.started()
    defer { store.stop() }
    try fixture.commit("x.tflite", "good x end", store)
    fixture.base.write("models/y.tflite", "good x end")
    #expect(recorder.wait("y.tflite", .committed)?.generation == 2)
    #expect(recorder.activations.count == 2)
  }

  @Test func whatCannotBeStoredIsRejected() throws {
    fixture.base.write("store", "in the way")
    let store = try fixture.started()
    defer { store.stop() }
    fixture.base.write("models/x.tflite", "good x end")
    let rejected = try #require(recorder.wait("x.tflite", .rejected))
    #expect(rejected.reason == .io)
    #expect(rejected.detail.contains("It cannot be stored: "))
    #expect(recorder.activations.count == 1)
  }

  @Test func aMarkerThatCannotBeWrittenIsTriedAgain() throws {
    let store = try fixture.started()
    defer { store.stop() }
    fixture.base.write("models/x.tflite", "good x end")
    #expect(recorder.wait("x.tflite", .probed) != nil)
    fixture.base.makeDirectory("store/active")
    store.activated(2)
    #expect(recorder.wait("x.tflite", .probed, count: 2)?.reason == .io)
    usleep(600_000)
    #expect(recorder.phases(of: "x.tflite") == [.settling, .verified, .probed, .probed])
    #expect(rmdir(fixture.base.path + "/store/active") == 0)
    #expect(recorder.wait("x.tflite", .committed) != nil)
  }

  @Test func aDirectoryThatGoesAndComesBackIsWatchedAgain() throws {
    let store = try fixture.started()
    defer { store.stop() }
    TemporaryDirectory.remove(fixture.drop)
    let complaint = try #require(recorder.wait(fixture.drop, .rejected))
    #expect(complaint.detail.contains("No such file or directory"))
    usleep(900_000)
    #expect(recorder.phases(of: fixture.drop).count == 1)
    fixture.base.makeDirectory("models")
    usleep(500_000)
    fixture.base.write("models/x.tflite", "good x end")
    #expect(recorder.wait("x.tflite", .probed) != nil)
  }

  @Test func withoutPermissionItSaysSoAndTakesTheFileOnceItIsGiven() throws {
    // Root may read everything; the store's thread inherits the user that the calling thread has for files.
    let setUser = try #require(dlsym(nil, "setfsuid"))
    let become = unsafeBitCast(setUser, to: (@convention(c) (UInt32) -> CInt).self)
    guard geteuid() == 0 else { return }
    #expect(chown(fixture.base.path, 65_534, 65_534) == 0)
    _ = become(65_534)
    let store = try fixture.started()
    _ = become(0)
    defer { store.stop() }
    fixture.base.write("models/x.tflite", "good x end")
    chmod(fixture.drop + "/x.tflite", 0o600)
    let rejected = try #require(recorder.wait("x.tflite", .rejected))
    #expect(rejected.detail.contains("Permission denied (EACCES). Let the user of the daemon read it: chmod a+r."))
    chmod(fixture.drop + "/x.tflite", 0o644)
    #expect(recorder.wait("x.tflite", .probed) != nil)
  }

  @Test func anIdleStoreStopsAtOnceAndTellsNothingMore() throws {
    let store = try fixture.started()
    usleep(50_000)
    let time = ContinuousClock().measure { #expect(store.stop()) }
    #expect(time < .milliseconds(200))
    let count = recorder.events.count
    fixture.base.write("models/x.tflite", "good x end")
    usleep(500_000)
    #expect(recorder.events.count == count)
    #expect(store.stop())
  }

  /// In a process of its own, so that nothing else is measured.
  @Test func memoryDoesNotGrowWithRejectedModels() async {
    await #expect(processExitsWith: .success) {
      let fixture = try StoreFixture()
      let store = try fixture.started()
      defer { store.stop() }
      // Refused at its last byte: it is read, hashed and loaded before.
      let bytes = Array("good ".utf8) + [UInt8](repeating: 0, count: 900_000)
      func dropMany(_ name: String) throws {
        for number in 0..<100 { fixture.base.write("models/\(name)\(number).tflite", bytes) }
        for number in 0..<100 { #expect(fixture.recorder.wait("\(name)\(number).tflite", .rejected) != nil) }
        for number in 0..<100 { #expect(unlink("\(fixture.drop)/\(name)\(number).tflite") == 0) }
      }
      try dropMany("warm")
      let before = try residentByteCount()
      try dropMany("a")
      try dropMany("b")
      let grown = try residentByteCount() - before
      #expect(grown < 4 << 20, "\(grown) bytes")
    }
  }
}
