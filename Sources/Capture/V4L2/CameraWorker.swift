import EventLoop
import Imaging

/// What runs on a camera's thread: finds, opens and reads the camera, and starts anew after every fault, for ever.
final class CameraWorker {
  /// The first wait after a fault, and the longest; each is twice the one before. In microseconds.
  static let retryDelayMin: UInt64 = 200_000
  static let retryDelayMax: UInt64 = 10_000_000
  /// How long a node that appeared is left alone: udev sets its group and makes its links first.
  static let settleDelay: UInt64 = 100_000
  /// A camera that has run so long starts again with the shortest wait.
  static let steadyAfter: UInt64 = 1_000_000
  /// A camera may take so long for its first frame.
  static let firstFrameLimit: UInt64 = 5_000_000
  /// Between two signs of life, at most. In microseconds.
  static let beatInterval: UInt64 = 500_000

  private let wish: FormatWish
  private let stallAfter: UInt64
  private let camera: Int
  private let exchange: FrameExchange
  private let calls: any DeviceCalls
  private let thread: SourceThread
  private let counters: CaptureCounters
  private var locator: CameraLocator
  private var reporter: CameraReporter
  private var reader: FrameReader
  private var retryDelay = retryDelayMin

  init(
    _ settings: CameraSettings, camera: Int, exchange: FrameExchange, calls: any DeviceCalls, thread: SourceThread,
    counters: CaptureCounters, onEvent: @escaping @Sendable (CameraEvent) -> Void
  ) {
    wish = FormatWish(settings)
    stallAfter = settings.stallAfter.microseconds
    self.camera = camera
    self.exchange = exchange
    self.calls = calls
    self.thread = thread
    self.counters = counters
    locator = CameraLocator(selector: settings.selector)
    reporter = CameraReporter(camera: camera, onEvent: onEvent)
    reader = FrameReader(camera: camera, counters: counters)
  }

  /// Returns once the thread is asked to stop.
  func run() {
    while !thread.isStopping {
      beat()
      do throws(CaptureError) {
        try capture()
      } catch {
        reporter.report(error, on: locator.wanted)
        waitBeforeRetry()
      }
    }
  }

  /// Opens the camera and reads it until it fails or the thread is to stop.
  private func capture() throws(CaptureError) {
    let stream = try openFirstThatStarts()
    defer {
      // The frame that waits lies in the camera's memory: it goes back before the camera is closed.
      exchange.discard(camera)
      stream.close()
    }
    counters.starts.add(1)
    locator.known = stream.identity
    reader.restart()
    do throws(CaptureError) {
      try read(stream)
    } catch .sourceChanged {
      // Not a fault: everything is set up anew at once, and what changed shows as a new format.
    }
  }

  private func openFirstThatStarts() throws(CaptureError) -> CaptureStream {
    var first: CaptureError?
    for path in locator.candidates(calls) {
      let stream = CaptureStream(path: path, calls: calls, waker: thread.waker, counters: counters)
      do throws(CaptureError) {
        try stream.open(wish: wish)
        return stream
      } catch {
        beat()
        // A node that is no camera tells less than a camera that cannot be used.
        if case .notACamera = error, locator.selector == .first { continue }
        if first == nil { first = error }
      }
    }
    throw first ?? .notFound(wanted: locator.wanted)
  }

  private func read(_ stream: CaptureStream) throws(CaptureError) {
    let limit = max(stallAfter, 3 * min(stream.format?.frameInterval ?? 0, Self.firstFrameLimit))
    let begin = calls.now()
    var deadline = begin + max(limit, Self.firstFrameLimit)
    while !thread.isStopping {
      beat()
      let now = calls.now()
      guard now < deadline else {
        let waited = Int((limit + 999) / 1_000)
        throw .stalled(device: stream.path, milliseconds: waited, damaged: reader.damagedCount)
      }
      let wait = min(deadline - now, Self.beatInterval)
      guard let frame = try reader.next(from: stream, waitingAtMost: wait) else { continue }
      report(stream)
      exchange.put(frame)
      let received = calls.now()
      deadline = received + limit
      if received >= begin + Self.steadyAfter { retryDelay = Self.retryDelayMin }
    }
  }

  private func report(_ stream: CaptureStream) {
    guard let format = stream.format else { return }
    reporter.reportFrames(
      of: stream.path, format: format.picture, comparesSize: true, formatNote: "\(stream.path): \(format)",
      name: "\(stream.path): frames of \(stream.identity.map { "\($0)" } ?? "a camera")")
  }

  /// Waits longer after each fault, but not for a node that appears.
  private func waitBeforeRetry() {
    let begin = calls.now()
    var end = begin + retryDelay
    retryDelay = min(2 * retryDelay, Self.retryDelayMax)
    while !thread.isStopping {
      beat()
      let now = calls.now()
      guard now < end else { return }
      let milliseconds = CInt((min(end - now, Self.beatInterval) + 999) / 1_000)
      switch calls.waitForNodes(waker: thread.waker.descriptor, milliseconds: milliseconds) {
      case .changed: end = min(end, max(begin + Self.retryDelayMin, calls.now() + Self.settleDelay))
      case .woken: thread.waker.clear()
      case .timedOut: break
      }
    }
  }

  private func beat() { counters.heartbeat.store(calls.now(), ordering: .relaxed) }
}
