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
    self.settings = settings
    self.camera = camera
    self.exchange = exchange
    self.onEvent = onEvent
    thread = try SourceThread()
  }

  /// Starts the thread.
  public func start() throws(SystemCallError) {
    let thread = thread
    try thread.start(name: "replay \(camera)") {
      while !thread.isStopping { thread.sleep(.seconds(1)) }
    }
  }

  /// Ends the thread; false where it hangs.
  public func stop(timeout: Duration) -> Bool { thread.stop(timeout: timeout) }

  /// What was counted so far.
  public var counts: CaptureCounts { counters.counts }

  /// The time of the thread's last turn, in microseconds of CLOCK_MONOTONIC.
  public var heartbeat: UInt64 { counters.heartbeat.load(ordering: .relaxed) }
}
