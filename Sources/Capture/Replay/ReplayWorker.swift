import EventLoop
import Imaging

/// What runs on a replay's thread: reads the recording at its rate and offers its pictures as a camera does.
final class ReplayWorker {
  /// Where a recording states no rate.
  static let defaultRate = 5.0
  /// Frames a second, at least and at most.
  static let rateLimits = 0.001...1_000.0
  /// Of so many faulty pictures each is told; the others are only counted.
  static let toldCountMax = 1_000
  /// The first wait after a recording that cannot be shown, and the longest; each is twice the one before.
  static let retryDelays: (first: Duration, longest: Duration) = (.milliseconds(200), .seconds(10))
  /// Between two signs of life, at most.
  static let beatInterval = Duration.milliseconds(500)

  private let settings: ReplaySettings
  private let camera: Int
  private let exchange: FrameExchange
  private let thread: SourceThread
  private let counters: CaptureCounters
  private var reporter: CameraReporter
  private var sequence: UInt64 = 0
  private var droppedCount: UInt64 = 0
  private var told: Set<String> = []
  /// When the next frame is due, in microseconds of CLOCK_MONOTONIC.
  private var dueTime: UInt64 = 0

  init(
    _ settings: ReplaySettings, camera: Int, exchange: FrameExchange, thread: SourceThread, counters: CaptureCounters,
    onEvent: @escaping @Sendable (CameraEvent) -> Void
  ) {
    self.settings = settings
    self.camera = camera
    self.exchange = exchange
    self.thread = thread
    self.counters = counters
    reporter = CameraReporter(camera: camera, onEvent: onEvent)
  }

  /// Returns once the thread is asked to stop.
  func run() {
    var delay = Self.retryDelays.first
    while goesOn {
      do throws(CaptureError) {
        try playOnce()
        delay = Self.retryDelays.first
        if !settings.loops { return rest() }
      } catch {
        reporter.report(error, on: settings.path)
        sleep(until: MonotonicClock.deadline(after: delay))
        delay = min(delay * 2, Self.retryDelays.longest)
      }
    }
    exchange.discard(camera)
  }

  private var goesOn: Bool {
    counters.heartbeat.store(MonotonicClock.now(), ordering: .relaxed)
    return !thread.isStopping && !exchange.isClosed
  }

  /// One pass through the recording. Throws where it has not a single picture.
  private func playOnce() throws(CaptureError) {
    var input = try ReplayOpening.open(settings.path)
    let interval = frameInterval(recorded: input.recordedRate)
    var isEmpty = true
    counters.starts.add(1)
    dueTime = max(dueTime, MonotonicClock.now())
    while goesOn {
      switch input.next() {
      case .picture(let picture):
        isEmpty = false
        show(picture, interval: interval)
      case .skipped(let error): skip(error)
      case .end:
        if isEmpty { throw .noPictures(path: settings.path) }
        return
      }
    }
  }

  /// In microseconds; nil for as fast as frames are taken.
  private func frameInterval(recorded: Double?) -> UInt64? {
    let rate: Double
    switch settings.rate {
    case .unlimited: return nil
    case .recorded: rate = recorded ?? Self.defaultRate
    case .framesPerSecond(let wanted): rate = wanted.isFinite ? wanted : Self.defaultRate
    }
    let limits = Self.rateLimits
    return UInt64(1_000_000 / min(max(rate, limits.lowerBound), limits.upperBound))
  }

  private func show(_ picture: ReplayPicture, interval: UInt64?) {
    if let interval {
      sleep(until: dueTime)
      // Where decoding is slower than the rate, the rate gives way: no burst follows.
      dueTime = max(dueTime + interval, MonotonicClock.now())
    } else {
      waitUntilTaken()
    }
    guard goesOn else { return }
    let now = MonotonicClock.now()
    sequence &+= 1
    counters.captured.add(1)
    let format = picture.format
    reporter.reportFrames(
      of: settings.path, format: format, comparesSize: false,
      formatNote: "\(settings.path): \(format)", name: "\(settings.path): pictures are shown")
    exchange.put(
      Frame(
        camera: camera, format: format, sequence: sequence, captureTime: now, dequeueTime: now,
        droppedBefore: droppedCount, bytes: UnsafeRawBufferPointer(picture.bytes), owner: picture, index: 0))
    droppedCount = 0
  }

  private func skip(_ error: CaptureError) {
    sequence &+= 1
    droppedCount &+= 1
    counters.damaged.add(1)
    let sentence = "\(error)"
    guard told.count < Self.toldCountMax, told.insert(sentence).inserted else { return }
    reporter.reportSkipped(error, of: settings.path)
  }

  /// After the end of a recording that is shown once: its last picture is taken first, then the end is told.
  private func rest() {
    waitUntilTaken()
    guard goesOn else { return }
    reporter.reportEnd(of: settings.path)
    while goesOn { thread.sleep(Self.beatInterval) }
  }

  private func waitUntilTaken() {
    while goesOn, !exchange.waitUntilTaken(camera: camera, timeout: .milliseconds(100)) {}
  }

  private func sleep(until time: UInt64) {
    while goesOn {
      let now = MonotonicClock.now()
      guard now < time else { return }
      thread.sleep(min(.microseconds(time - now), Self.beatInterval))
    }
  }
}
