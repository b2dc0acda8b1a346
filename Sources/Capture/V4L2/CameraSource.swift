import EventLoop

/// A V4L2 camera with a thread of its own: found, opened, read, and looked for again for ever when it is lost.
public final class CameraSource: FrameSource {
  private let settings: CameraSettings
  private let camera: Int
  private let exchange: FrameExchange
  private let onEvent: @Sendable (CameraEvent) -> Void
  private let makeCalls: @Sendable () -> any DeviceCalls
  private let thread: SourceThread
  private let counters = CaptureCounters()

  /// Frames go to slot `camera` of `exchange`; events come on the camera's thread, which waits for the call.
  public convenience init(
    _ settings: CameraSettings, camera: Int, exchange: FrameExchange,
    onEvent: @escaping @Sendable (CameraEvent) -> Void
  ) throws(SystemCallError) {
    try self.init(settings, camera: camera, exchange: exchange, makeCalls: { LinuxDeviceCalls() }, onEvent: onEvent)
  }

  init(
    _ settings: CameraSettings, camera: Int, exchange: FrameExchange,
    makeCalls: @escaping @Sendable () -> any DeviceCalls, onEvent: @escaping @Sendable (CameraEvent) -> Void
  ) throws(SystemCallError) {
    precondition((0..<exchange.cameraCount).contains(camera), "the exchange has no slot \(camera)")
    self.settings = settings
    self.camera = camera
    self.exchange = exchange
    self.makeCalls = makeCalls
    self.onEvent = onEvent
    thread = try SourceThread()
  }

  /// Starts the thread.
  public func start() throws(SystemCallError) {
    let (settings, camera, exchange, thread, counters) = (settings, camera, exchange, thread, counters)
    try thread.start(name: "camera \(camera)") { [makeCalls, onEvent] in
      CameraWorker(
        settings, camera: camera, exchange: exchange, calls: makeCalls(), thread: thread, counters: counters,
        onEvent: onEvent
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
