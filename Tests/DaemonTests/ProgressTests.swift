import Testing

@testable import Capture
@testable import Daemon

@Suite struct WatchdogTests {
  private let second: UInt64 = 1_000_000

  @Test func tellsOnceOfEachHang() {
    var watchdog = Watchdog()
    #expect(watchdog.feed(frames: 0, cameras: 0, at: second) == nil)
    #expect(watchdog.feed(frames: 10 * second, cameras: 0, at: 2 * second) == nil)
    let hang = watchdog.feed(frames: 11 * second, cameras: second, at: 3 * second)
    #expect(hang?.contains("judging") == true && hang?.contains("11 s") == true)
    #expect(watchdog.feed(frames: 12 * second, cameras: second, at: 4 * second) == nil)
    #expect(watchdog.feed(frames: 0, cameras: 0, at: 5 * second) == nil)
    let next = watchdog.feed(frames: 0, cameras: 15 * second, at: 6 * second)
    #expect(next?.contains("camera") == true)
  }
}

@Suite struct HeartbeatTests {
  @Test func isAsOldAsItsLastBeat() {
    let heartbeat = Heartbeat(at: 100)
    #expect(heartbeat.age(at: 150) == 50)
    heartbeat.beat(at: 140)
    #expect(heartbeat.age(at: 150) == 10)
    #expect(heartbeat.age(at: 90) == 0, "a beat may be newer than the time that is asked for")
  }
}

@Suite struct CameraConditionsTests {
  private func event(
    _ kind: CameraEvent.Kind, camera: Int = 0, reason: CameraEvent.Reason? = nil
  ) -> CameraEvent {
    CameraEvent(camera: camera, kind: kind, device: "/dev/video0", reason: reason, detail: "")
  }

  @Test func camerasAreTriedOnceEachWasFoundOrMissed() {
    let conditions = CameraConditions(names: ["door", "hall"])
    conditions.note(event(.found)) {}
    conditions.note(event(.format, camera: 1)) {}
    #expect(!conditions.wereTried, "a format alone is no frame")
    conditions.note(event(.lost, camera: 1, reason: .notFound)) {}
    #expect(conditions.wereTried)
    #expect(conditions.summary == "1 of 2 cameras: hall not_found")
    conditions.note(event(.found, camera: 1)) {}
    #expect(conditions.summary == "2 cameras")
  }

  @Test func aStalledCameraIsNoneThatWorks() {
    let conditions = CameraConditions(names: ["door"])
    conditions.note(event(.found)) {}
    conditions.note(event(.stalled)) {}
    #expect(conditions.summary == "0 of 1 camera: door stalled")
    conditions.note(event(.recovered)) {}
    #expect(conditions.summary == "1 camera")
  }

  @Test func nothingIsPassedOnAfterTheEnd() {
    let conditions = CameraConditions(names: ["door"])
    var passed = 0
    conditions.note(event(.found)) { passed += 1 }
    conditions.note(event(.found, camera: 7)) { passed += 1 }
    conditions.retire()
    conditions.note(event(.lost)) { passed += 1 }
    #expect(passed == 1)
  }
}
