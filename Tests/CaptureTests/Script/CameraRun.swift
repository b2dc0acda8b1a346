import EventLoop
import Imaging
import Synchronization
import Testing

@testable import Capture

/// One run of a camera's thread body over scripted devices, on the test's own thread.
final class CameraRun {
  let devices: ScriptedDevices
  let exchange = FrameExchange(cameraCount: 1)
  let counters = CaptureCounters()
  private(set) var taken: [TakenFrame] = []
  private let thread: SourceThread
  private let log = EventLog()
  private let settings: CameraSettings

  /// What a reader kept of a frame.
  struct TakenFrame: Equatable {
    var sequence: UInt64
    var captureTime: UInt64
    var dequeueTime: UInt64
    var droppedBefore: UInt64
    var firstByte: UInt8
    var byteCount: Int
    var format: PictureFormat
  }

  final class EventLog: Sendable {
    let events = Mutex<[CameraEvent]>([])
  }

  init(_ devices: ScriptedDevices, _ settings: CameraSettings = CameraSettings()) throws {
    self.devices = devices
    self.settings = settings
    thread = try SourceThread()
  }

  var events: [CameraEvent] { log.events.withLock { $0 } }

  /// For example `lost unplugged ENODEV`.
  var story: [String] {
    events.map { event in
      [event.kind.rawValue, event.reason?.rawValue, event.errorName].compactMap { $0 }.joined(separator: " ")
    }
  }

  /// The events without those that tell a format.
  var plot: [String] { story.filter { $0 != "format" } }

  /// Runs for so many milliseconds of the script's time; a reader takes the newest frame every `takingEvery` ms.
  func run(milliseconds: UInt64, takingEvery interval: UInt64? = 10) {
    if let interval {
      for time in stride(from: interval, to: milliseconds, by: Int(interval)) { devices.at(time) { self.take() } }
    }
    devices.at(milliseconds) { _ = self.thread.stop(timeout: .zero) }
    let worker = CameraWorker(
      settings, camera: 0, exchange: exchange, calls: devices, thread: thread, counters: counters,
      onEvent: { [log] event in log.events.withLock { $0.append(event) } })
    worker.run()
  }

  func take() {
    guard let frame = exchange.next(timeout: .zero) else { return }
    taken.append(
      TakenFrame(
        sequence: frame.sequence, captureTime: frame.captureTime, dequeueTime: frame.dequeueTime,
        droppedBefore: frame.droppedBefore, firstByte: frame.picture.bytes.first ?? 0,
        byteCount: frame.picture.bytes.count, format: frame.format))
  }

  /// Nothing is left open or mapped, and no rule of V4L2 was broken.
  func expectClean(_ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(devices.openDescriptorCount == 0, comment, sourceLocation: sourceLocation)
    #expect(devices.mappingCount == 0, comment, sourceLocation: sourceLocation)
    #expect(devices.allViolations == [], comment, sourceLocation: sourceLocation)
  }
}
