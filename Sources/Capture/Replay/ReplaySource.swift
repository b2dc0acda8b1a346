import EventLoop

/// Recorded pictures in place of a camera, on the same path from frame to exchange.
public final class ReplaySource: FrameSource {
  private let settings: ReplaySettings
  private let camera: Int
  private let exchange: FrameExchange
  private let onEvent: @Sendable (CameraEvent) -> Void
  private let thread: SourceThread
  private let counters = CaptureCounters()

  /// Frames go to slot `camera` of `exchange`; events come on the replay's thread, which waits for the call.
  public init(
    _ settings: ReplaySettings, camera: Int, exchange: FrameExchange,
    onEvent: @escaping @Sendable (CameraEvent) -> Void
  ) throws(SystemCallError) {
    precondition((0..<exchange.cameraCount).contains(camera), "the exchange has no slot \(camera)")
    self.settings = settings
    self.camera = camera
    self.exchange = exchange
    self.onEvent = onEvent
    thread = try SourceThread()
  }

  /// Throws where a path cannot be shown: it is not there, is of no known kind, or a directory without pictures.
  /// A source started on such a path tells the same as an event and tries again.
  public static func check(path: String) throws(CaptureError) { _ = try ReplayOpening.open(path) }

  /// Starts the thread.
  public func start() throws(SystemCallError) {
    let (settings, camera, exchange, thread, counters) = (settings, camera, exchange, thread, counters)
    try thread.start(name: "replay \(camera)") { [onEvent] in
      ReplayWorker(
        settings, camera: camera, exchange: exchange, thread: thread, counters: counters, onEvent: onEvent
      ).run()
    }
  }

  /// Ends the thread; false where it hangs.
  @discardableResult public func stop(timeout: Duration) -> Bool { thread.stop(timeout: timeout) }

  /// What was counted so far.
  public var counts: CaptureCounts {
    var counts = counters.counts
    counts.replaced += exchange.replacedCount(camera: camera)
    return counts
  }

  /// The time of the thread's last turn, in microseconds of CLOCK_MONOTONIC.
  public var heartbeat: UInt64 { counters.heartbeat.load(ordering: .relaxed) }
}
