import CV4L2
import Glibc
import Imaging
import Testing

@testable import Capture

@Suite struct CameraRunTests {
  @Test func deliversFramesWithTheirTimesAndNumbers() throws {
    let run = try CameraRun(ScriptedDevices(["/dev/video0": ScriptedCamera()]))
    run.run(milliseconds: 990)
    #expect(run.story == ["format", "found"])
    #expect(run.events.map(\.device) == ["/dev/video0", "/dev/video0"])
    let format = PictureFormat(pixelFormat: .yuyv, width: 640, height: 480)
    #expect(run.events.first?.format == format)
    #expect(run.taken.count == 24, "25 frames a second for one second, the first after 40 ms")
    #expect(run.taken.map(\.sequence) == Array(1...24))
    #expect(run.taken.map(\.captureTime) == (1...24).map { 1_000_000_000 + $0 * 40_000 })
    #expect(run.taken.allSatisfy { $0.dequeueTime >= $0.captureTime && $0.droppedBefore == 0 })
    #expect(run.taken.map(\.firstByte) == Array(0..<24))
    #expect(run.taken.allSatisfy { $0.byteCount == 614_400 && $0.format == format })
    #expect(run.counters.counts == CaptureCounts(captured: 24, starts: 1))
    #expect(run.counters.heartbeat.load(ordering: .relaxed) >= 1_000_950_000)
    run.expectClean()
  }

  @Test func newestFrameWinsWhenTheReaderIsSlow() throws {
    let run = try CameraRun(ScriptedDevices(["/dev/video0": ScriptedCamera()]))
    run.run(milliseconds: 990, takingEvery: 230)
    // Frames are taken at 230, 460, 690 and 920 ms: the newest are those of 200, 440, 680 and 920 ms.
    #expect(run.taken.map(\.sequence).prefix(3) == [5, 11, 17])
    #expect(run.taken.map(\.droppedBefore).prefix(3) == [4, 5, 5])
    #expect(run.counters.counts.captured == 24)
    #expect(run.exchange.replacedCount(camera: 0) == 24 - UInt64(run.taken.count) - 1, "one still waits at the end")
    #expect(run.counters.counts.missing == 0, "a slow reader never keeps a buffer from the camera")
    run.expectClean()
  }

  @Test func framesThatPileUpAreTakenAtOnceAndOnlyTheNewestIsKept() throws {
    let camera = ScriptedCamera()
    let devices = ScriptedDevices(["/dev/video0": camera])
    // The thread is kept away for 130 ms, while the camera goes on.
    camera.spoil = { frame, _ in if frame.sequence == 5 { camera.nextFrameTime -= 120_000 } }
    let run = try CameraRun(devices)
    run.run(milliseconds: 600)
    #expect(run.counters.counts.replaced > 0)
    #expect(run.taken.map(\.sequence) == run.taken.map(\.sequence).sorted())
    let all = run.taken.map { $0.droppedBefore + 1 }.reduce(0, +)
    #expect(all == run.taken.last?.sequence, "each frame was either handed out or counted as dropped")
    run.expectClean()
  }

  @Test func gapsInTheSequenceAreCounted() throws {
    let camera = ScriptedCamera()
    camera.spoil = { frame, _ in if frame.sequence >= 10 { frame.sequence += 3 } }
    let run = try CameraRun(ScriptedDevices(["/dev/video0": camera]))
    run.run(milliseconds: 800)
    #expect(run.counters.counts.missing == 3)
    #expect(run.taken.map(\.droppedBefore).filter { $0 > 0 } == [3])
    #expect(run.taken.map(\.sequence) == Array(1...10) + Array(14...22))
    run.expectClean()
  }

  @Test func aHeldFrameKeepsItsBufferAndTheCameraGoesOn() throws {
    let devices = ScriptedDevices(["/dev/video0": ScriptedCamera()])
    let run = try CameraRun(devices)
    let held = HeldFrame()
    devices.at(100) { held.take(from: run.exchange) }
    devices.at(900) {
      #expect(held.firstByte == 1, "the frame of 80 ms, whatever came later")
      held.letGo()
    }
    run.run(milliseconds: 990, takingEvery: nil)
    #expect(run.counters.counts.captured == 24)
    #expect(run.counters.counts.missing == 0)
    run.expectClean()
  }

  @Test func aFrameOutlivesItsCamera() throws {
    let camera = ScriptedCamera()
    let devices = ScriptedDevices(["/dev/video0": camera])
    let run = try CameraRun(devices)
    let held = HeldFrame()
    devices.at(100) { held.take(from: run.exchange) }
    devices.at(150) { devices.unplug("/dev/video0") }
    run.run(milliseconds: 1_000, takingEvery: nil)
    #expect(run.plot == ["found", "lost unplugged ENODEV"])
    #expect(devices.openDescriptorCount == 0, "the camera is closed while a frame is out")
    #expect(devices.mappingCount == 4, "its memory is not")
    #expect(held.firstByte == 1)
    held.letGo()
    run.expectClean()
  }

  @Test func startsAnewAfterAFatalError() throws {
    let camera = ScriptedCamera()
    let devices = ScriptedDevices(["/dev/video0": camera])
    devices.at(500) { camera.hasFatalError = true }
    let run = try CameraRun(devices)
    run.run(milliseconds: 2_000)
    #expect(run.plot == ["found", "lost device_error EIO", "found"])
    #expect(run.events[2].detail == "VIDIOC_DQBUF /dev/video0: Input/output error (EIO)")
    #expect(run.taken.map(\.sequence) == Array(1...UInt64(run.taken.count)), "numbers go on after a restart")
    #expect(run.counters.counts.starts == 2)
    run.expectClean()
  }

  @Test func aCameraThatComesBackUnderAnotherNumberIsFound() throws {
    for selector in [CameraSelector.first, .index(0), .path("/dev/video0")] {
      let camera = ScriptedCamera()
      let devices = ScriptedDevices(["/dev/video0": camera])
      let other = ScriptedCamera()
      (other.busPlace, other.capabilities) = ("usb-2", UInt32(V4L2_CAP_META_CAPTURE))
      devices.plug(other, as: "/dev/video1")
      devices.at(500) { devices.unplug("/dev/video0") }
      devices.at(3_000) {
        #expect(camera.openCount == 0, "it is closed before it is looked for")
        devices.plug(camera, as: "/dev/video4")
      }
      let run = try CameraRun(devices, CameraSettings(selector: selector))
      run.run(milliseconds: 4_000)
      #expect(run.plot.first == "found")
      #expect(run.plot.last == "found")
      #expect(run.events.last?.device == "/dev/video4")
      #expect((run.taken.last?.captureTime ?? 0) > 1_003_900_000)
      run.expectClean("\(selector)")
    }
  }

  @Test func aNodeThatAppearsCutsTheWaitShort() throws {
    let devices = ScriptedDevices()
    devices.at(20_000) { devices.plug(ScriptedCamera(), as: "/dev/video0") }
    let run = try CameraRun(devices)
    run.run(milliseconds: 21_000)
    #expect(run.plot == ["lost not_found", "found"])
    let first = try #require(run.taken.first)
    #expect(first.captureTime < 1_020_000_000 + 400_000, "settling and one frame, not the ten seconds of the backoff")
    run.expectClean()
  }

  @Test func waitsLongerAfterEachFailureUpToTenSeconds() throws {
    let devices = ScriptedDevices()
    devices.refusals["/dev/video0"] = EACCES
    let run = try CameraRun(devices, CameraSettings(selector: .index(0)))
    run.run(milliseconds: 60_000)
    #expect(run.story == ["lost permission_denied EACCES"], "one error is said once")
    #expect(run.events[0].detail == "open /dev/video0: Permission denied (EACCES)")
    // After 0, 0.2, 0.6, 1.4, 3, 6.2, 12.6, 22.6, 32.6, 42.6 and 52.6 seconds.
    #expect(devices.requests.filter { $0 == "open" }.count == 11)
    run.expectClean()
  }

  @Test func aReasonThatChangesIsSaidAgain() throws {
    let devices = ScriptedDevices()
    devices.at(1_000) { devices.refusals["/dev/video0"] = EACCES }
    let run = try CameraRun(devices, CameraSettings(selector: .index(0)))
    run.run(milliseconds: 5_000)
    #expect(run.story == ["lost not_found ENOENT", "lost permission_denied EACCES"])
  }

  @Test func aStalledCameraIsRestartedUntilFramesCome() throws {
    let camera = ScriptedCamera()
    let devices = ScriptedDevices(["/dev/video0": camera])
    devices.at(1_000) { camera.framePeriod = nil }
    devices.at(20_000) { camera.framePeriod = 40_000 }
    let run = try CameraRun(devices, CameraSettings(stallAfter: .milliseconds(700)))
    run.run(milliseconds: 40_000)
    #expect(run.plot == ["found", "stalled no_frames", "recovered"])
    #expect(run.events[2].detail == "/dev/video0: no frame for 700 ms")
    #expect(run.counters.counts.starts > 2)
    run.expectClean()
  }

  @Test func framesThatAreAllDamagedAreAStallThatSaysSo() throws {
    let camera = ScriptedCamera()
    camera.spoil = { frame, _ in if frame.sequence >= 10 { frame.bytesUsed -= 1 } }
    let run = try CameraRun(ScriptedDevices(["/dev/video0": camera]))
    run.run(milliseconds: 4_000)
    #expect(run.plot.prefix(2) == ["found", "stalled damaged_frames"])
    #expect(run.counters.counts.damaged > 40)
    run.expectClean()
  }

  @Test func badFramesAreLeftOutAndTheirBuffersGoBack() throws {
    let camera = ScriptedCamera()
    camera.spoil = { frame, _ in
      if frame.sequence % 3 == 1 { frame.flags |= V4L2_BUF_FLAG_ERROR }
      if frame.sequence % 3 == 2 { frame.bytesUsed = 0 }
    }
    let run = try CameraRun(ScriptedDevices(["/dev/video0": camera]))
    run.run(milliseconds: 1_000)
    #expect(run.plot == ["found"])
    #expect(run.taken.map(\.sequence) == [1, 4, 7, 10, 13, 16, 19, 22])
    #expect(run.taken.map(\.droppedBefore) == [0, 2, 2, 2, 2, 2, 2, 2])
    #expect(run.counters.counts.damaged == 16)
    #expect(run.counters.counts.missing == 0)
    run.expectClean()
  }

  @Test func moreBytesThanTheBufferHasIsDamage() throws {
    let camera = ScriptedCamera()
    camera.spoil = { frame, _ in if frame.sequence == 2 { frame.bytesUsed = 1 << 30 } }
    let run = try CameraRun(ScriptedDevices(["/dev/video0": camera]))
    run.run(milliseconds: 400)
    #expect(run.taken.map(\.sequence) == [1, 2, 4, 5, 6, 7, 8, 9])
    run.expectClean()
  }

  @Test func aBufferThatWasNotQueuedIsTheDriversFault() throws {
    let camera = ScriptedCamera()
    camera.spoil = { frame, _ in if frame.sequence == 5 { frame.index = 31 } }
    let run = try CameraRun(ScriptedDevices(["/dev/video0": camera]))
    run.run(milliseconds: 1_000)
    #expect(run.plot.prefix(2) == ["found", "lost device_error"])
    #expect(run.events[2].detail.contains("it gave buffer 31, which was not queued"))
    run.expectClean()
  }

  @Test func aBufferThatIsRefusedOnceIsOfferedAgain() throws {
    let devices = ScriptedDevices(["/dev/video0": ScriptedCamera()])
    devices.at(300) { devices.requestFailures[.enqueueBuffer] = (EINVAL, 1) }
    let run = try CameraRun(devices)
    run.run(milliseconds: 1_000)
    #expect(run.plot == ["found"])
    #expect(run.taken.count == 24)
    run.expectClean()
  }

  @Test func aDriverThatRefusesEveryBufferIsRestarted() throws {
    let devices = ScriptedDevices(["/dev/video0": ScriptedCamera()])
    devices.at(300) { devices.requestFailures[.enqueueBuffer] = (EINVAL, 10) }
    let run = try CameraRun(devices)
    run.run(milliseconds: 3_000)
    #expect(run.plot == ["found", "lost device_error EINVAL", "found"])
    #expect(run.events[2].detail == "VIDIOC_QBUF /dev/video0: Invalid argument (EINVAL)")
    run.expectClean()
  }

  @Test func framesFromBeforeTheStartAreDropped() throws {
    let camera = ScriptedCamera()
    camera.spoil = { frame, _ in if frame.sequence < 3 { frame.timestamp = 5 } }
    let run = try CameraRun(ScriptedDevices(["/dev/video0": camera]))
    run.run(milliseconds: 400)
    #expect(run.taken.map(\.sequence) == [4, 5, 6, 7, 8, 9])
    #expect(run.taken.first?.droppedBefore == 3)
    run.expectClean()
  }

  @Test func aFormatThatChangedAfterAReconnectIsTold() throws {
    let camera = ScriptedCamera()
    let devices = ScriptedDevices(["/dev/video0": camera])
    devices.at(500) { devices.unplug("/dev/video0") }
    devices.at(1_500) {
      camera.formats = [ScriptedCamera.Format(code: .grey, sizes: [(320, 240)])]
      devices.plug(camera, as: "/dev/video0")
    }
    let run = try CameraRun(devices)
    run.run(milliseconds: 3_000)
    #expect(run.story.suffix(2) == ["format", "found"])
    #expect(run.taken.last?.format == PictureFormat(pixelFormat: .grey, width: 320, height: 240))
    #expect(run.taken.last?.byteCount == 320 * 240)
    run.expectClean()
  }

  @Test func aChangedInputIsSetUpAnewAndIsNoLoss() throws {
    let camera = ScriptedCamera()
    let devices = ScriptedDevices(["/dev/video0": camera])
    devices.at(500) {
      camera.formats = [ScriptedCamera.Format(code: .yuyv, sizes: [(1_280, 720)])]
      camera.events = [UInt32(V4L2_EVENT_CTRL), UInt32(V4L2_EVENT_SOURCE_CHANGE)]
    }
    let run = try CameraRun(devices)
    run.run(milliseconds: 2_000)
    #expect(run.story == ["format", "found", "format"])
    #expect(run.taken.last?.format.width == 1_280)
    run.expectClean()
  }

  @Test func anotherProgramsCameraIsPassedOver() throws {
    let devices = ScriptedDevices(["/dev/video0": ScriptedCamera(), "/dev/video1": ScriptedCamera()])
    devices.requestFailures[.requestBuffers] = (EBUSY, 1)
    let run = try CameraRun(devices)
    run.run(milliseconds: 500)
    #expect(run.plot == ["found"])
    #expect(run.events.last?.device == "/dev/video1")
    run.expectClean()
  }
}

/// A frame that a slow reader keeps.
private final class HeldFrame {
  private var frame: Frame?

  func take(from exchange: FrameExchange) { frame = exchange.next(timeout: .zero) }
  func letGo() { frame = nil }

  var firstByte: UInt8? {
    switch frame {
    case .some(let frame): frame.picture.bytes.first
    case .none: nil
    }
  }
}
