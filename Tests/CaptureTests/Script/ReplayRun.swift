import Imaging
import Synchronization

@testable import Capture

/// A real replay on its own thread, and what a reader saw of it.
final class ReplayRun {
  let exchange = FrameExchange(cameraCount: 1)
  let source: ReplaySource
  private let log = Log()

  final class Log: Sendable {
    let events = Mutex<[CameraEvent]>([])
  }

  struct TakenFrame {
    var sequence: UInt64
    var captureTime: UInt64
    var droppedBefore: UInt64
    var format: PictureFormat
    var bytes: [UInt8]
  }

  init(_ path: String, rate: ReplayRate = .unlimited, loops: Bool = false) throws {
    let log = log
    source = try ReplaySource(ReplaySettings(path: path, rate: rate, loops: loops), camera: 0, exchange: exchange) {
      event in log.events.withLock { $0.append(event) }
    }
    try source.start()
  }

  deinit { source.stop(timeout: .seconds(10)) }

  var events: [CameraEvent] { log.events.withLock { $0 } }

  func next(timeout: Duration = .seconds(20)) -> TakenFrame? {
    guard let frame = exchange.next(timeout: timeout) else { return nil }
    return TakenFrame(
      sequence: frame.sequence, captureTime: frame.captureTime, droppedBefore: frame.droppedBefore,
      format: frame.format, bytes: Array(frame.picture.bytes))
  }

  /// All frames up to the event `lost`.
  func framesToTheEnd() -> [TakenFrame] {
    var frames: [TakenFrame] = []
    while true {
      if let frame = next(timeout: .milliseconds(20)) {
        frames.append(frame)
      } else if events.contains(where: { $0.kind == .lost }) {
        return frames
      }
    }
  }
}
