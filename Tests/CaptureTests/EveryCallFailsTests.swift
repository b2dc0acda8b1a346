import Glibc
import Testing

@testable import Capture

/// Makes the n-th call fail, for every n: after any failure at any place the camera comes back, and nothing is left
/// open, mapped or used after its end.
@Suite struct EveryCallFailsTests {
  @Test(arguments: [EIO, ENODEV, EINVAL, EBUSY], [1, 3])
  func framesComeAgainAfterAFailureAnywhere(code: CInt, count: Int) throws {
    let calls = try reach()
    #expect(calls > 30, "the run without failures makes enough calls to break")
    for number in 1...calls {
      let devices = ScriptedDevices(["/dev/video0": smallCamera(), "/dev/video2": smallCamera()])
      devices.failure = (number, code, count)
      let run = try CameraRun(devices)
      run.run(milliseconds: 3_000, takingEvery: 40)
      let last = run.taken.last?.captureTime ?? 0
      #expect(last > 1_002_900_000, "call \(number) fails with \(code): frames end at \(last); \(run.story)")
      run.expectClean("call \(number) fails with \(code)")
      #expect(run.plot.last == "found" || run.plot.last == "recovered", "call \(number): \(run.story)")
    }
  }

  @Test func aCameraThatFailsForEverIsAskedRarely() throws {
    let devices = ScriptedDevices(["/dev/video0": ScriptedCamera()])
    devices.failure = (1, EIO, .max - 1)
    let run = try CameraRun(devices)
    run.run(milliseconds: 60_000)
    #expect(run.story == ["lost device_error EIO"])
    #expect(devices.callCount < 20)
    run.expectClean()
  }

  /// Small pictures make many runs quick.
  private func smallCamera() -> ScriptedCamera {
    let camera = ScriptedCamera()
    camera.formats = [ScriptedCamera.Format(code: .yuyv, sizes: [(16, 12)])]
    return camera
  }

  /// The calls of a run of 160 ms without failures.
  private func reach() throws -> Int {
    let devices = ScriptedDevices(["/dev/video0": smallCamera(), "/dev/video2": smallCamera()])
    let run = try CameraRun(devices)
    run.run(milliseconds: 160, takingEvery: 40)
    run.expectClean()
    return devices.callCount
  }
}
