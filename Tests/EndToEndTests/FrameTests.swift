import Glibc
import Testing

@Suite(.serialized) struct FrameTests {
  @Test func framesBecomeResultsAndStates() throws {
    let daemon = try DaemonUnderTest()
    let program = try daemon.start()
    let reader = try daemon.connect()
    _ = try #require(try reader.wait { $0.type == "result" && $0.frame?.seq ?? 0 > 5 })
    #expect(reader.lines.first?.type == "hello")
    #expect(reader.lines.first?.protocol == "maskd.results/1")
    #expect(reader.lines.first?.model?.labels == ["mask", "no_mask"])
    #expect(reader.lines.dropFirst().first?.type == "snapshot")
    let result = try #require(reader.lines.first { $0.type == "result" })
    #expect(result.camera == "album" && result.region == "face" && result.generation == 1)
    #expect(abs((result.scores ?? [:]).values.reduce(0, +) - 1) < 0.02)
    #expect(reader.missingNumbers.isEmpty)
    program.send(signal: SIGTERM)
    #expect(program.waitForExit() == 0)
  }

  /// The pictures of each label in turn, each long enough to become a state: no flap, no other state between.
  @Test func statesFollowThePictures() throws {
    let daemon = try DaemonUnderTest()
    try daemon.configure(
      cameras: daemon.replay(rate: "0.5"), more: "decision: {settle_frames: 1, smoothing: 0, hold: 0, stale_after: 10s}"
    )
    try daemon.start()
    let reader = try daemon.connect()
    try reader.read(forSeconds: 11)
    let states = reader.lines.filter { $0.type == "state" }.compactMap(\.state).filter { $0 != "indeterminate" }
    #expect(states.count >= 4)
    #expect(zip(states, states.dropFirst()).allSatisfy { $0 != $1 }, "bare and masked take turns: \(states)")
  }

  @Test func sigtermEndsWithByeWithinASecond() throws {
    let daemon = try DaemonUnderTest()
    let program = try daemon.start()
    let reader = try daemon.connect()
    _ = try #require(try reader.wait { $0.type == "result" })
    let asked = monotonicSeconds()
    program.send(signal: SIGTERM)
    _ = try reader.wait(within: 5) { $0.type == "bye" }
    #expect(reader.lines.last?.type == "bye")
    #expect(program.waitForExit() == 0)
    // A limit that users rely on, not a measurement: the daemon needs a small part of it.
    #expect(monotonicSeconds() - asked < 1.0)
    #expect(access(daemon.socketPath, F_OK) != 0, "the socket is gone")
  }

  @Test func aMissingCameraIsToldAndNotTheEnd() throws {
    let daemon = try DaemonUnderTest()
    try daemon.configure(
      cameras: daemon.replay(rate: "5") + "\n  - name: door\n    device: /dev/video987\n    regions: [{name: all}]")
    let program = try daemon.start()
    let reader = try daemon.connect()
    #expect(try reader.wait { $0.type == "result" && $0.camera == "album" } != nil, "the other camera works")
    // The loss may have come before this client: the snapshot of one that comes now tells it in any case.
    let later = try daemon.connect()
    let snapshot = try #require(try later.wait { $0.type == "snapshot" })
    let door = try #require(snapshot.cameras?.first { $0.camera == "door" })
    #expect(door.event == "lost")
    #expect(door.reason == "not_found")
    program.send(signal: SIGTERM)
    #expect(program.waitForExit() == 0)
  }
}
