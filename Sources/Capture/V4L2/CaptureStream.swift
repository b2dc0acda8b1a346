import CV4L2
import EventLoop
import Glibc
import Imaging

/// One opening of a camera, from open to close: its format, its buffers, its streaming.
///
///     open ─▶ format agreed ─▶ buffers mapped ─▶ buffers queued ─▶ streaming ─▶ closed
///       └──────────┴────────────────┴──── a failure at any step ───────────────────▲
///
/// Belongs to the camera's thread. A buffer is `queued` (the driver fills it), or lent (a frame lies in it), or
/// `refused` (the driver did not take it back; it is offered again).
final class CaptureStream {
  /// One being filled, one filled, one in the exchange, one with the classifier.
  static let bufferCount = 4
  /// A driver that refuses buffers this often in a row is restarted.
  static let refusalCountMax = 10

  let waker: Waker
  let calls: any DeviceCalls
  let counters: CaptureCounters
  let path: String

  private(set) var format: NegotiatedFormat?
  private(set) var identity: CameraIdentity?
  private(set) var device: VideoDevice?
  private(set) var pool: BufferPool?
  private(set) var tellsSourceChanges = false
  /// When streaming began, in microseconds: frames from before are old.
  private(set) var startTime: UInt64 = 0

  private var hasBuffers = false
  private var isStreaming = false
  private var queued: UInt32 = 0
  private var refused: UInt32 = 0
  private var refusalCount = 0
  var freshness = Freshness()

  init(path: String, calls: any DeviceCalls, waker: Waker, counters: CaptureCounters) {
    self.path = path
    self.calls = calls
    self.waker = waker
    self.counters = counters
  }

  deinit { close() }

  /// Opens the camera and starts it, or leaves nothing open.
  func open(wish: FormatWish) throws(CaptureError) {
    do throws(CaptureError) {
      let device = try VideoDevice(opening: path, calls: calls)
      self.device = device
      identity = try CameraIdentity(capturing: device)
      let format = try NegotiatedFormat(on: device, wish: wish)
      self.format = format
      try takeBuffers(of: device, format: format)
      tellsSourceChanges = device.subscribeToSourceChanges()
      startTime = calls.now()
      try device.startStreaming()
      isStreaming = true
    } catch {
      close()
      throw error
    }
  }

  /// Undoes whatever of `open` was done. Memory that frames lie in stays mapped until they are gone.
  func close() {
    if isStreaming { device?.stopStreaming() }
    isStreaming = false
    // The buffers are unmapped first: a driver frees none that is mapped.
    pool = nil
    if hasBuffers { _ = try? device?.requestBuffers(0) }
    hasBuffers = false
    (queued, refused, refusalCount) = (0, 0, 0)
    device = nil
  }

  private func takeBuffers(of device: VideoDevice, format: NegotiatedFormat) throws(CaptureError) {
    let count = try device.requestBuffers(Self.bufferCount)
    hasBuffers = true
    guard (2...BufferPool.bufferCountMax).contains(count) else {
      throw .driverFault(device: path, what: "it gives \(count) buffers; 2 to \(BufferPool.bufferCountMax) are right")
    }
    let pool = try BufferPool(of: device, bufferCount: count, format: format, calls: calls, waker: waker)
    self.pool = pool
    for index in 0..<count {
      let result = device.enqueue(index)
      guard result >= 0 else {
        throw .call(SystemCallError(DeviceRequest.enqueueBuffer.rawValue, on: path, code: -result))
      }
      queued |= 1 << UInt32(index)
    }
  }

  /// A buffer waits to be taken by the driver: the next turn is soon.
  var hasRefusedBuffer: Bool { refused != 0 }

  /// Notes that the driver gave a buffer. Throws where it is none that the driver had.
  func noteDequeued(_ index: UInt32) throws(CaptureError) {
    guard let pool, index < UInt32(pool.count), queued & (1 << index) != 0 else {
      throw .driverFault(device: path, what: "it gave buffer \(index), which was not queued")
    }
    queued &= ~(1 << index)
  }

  /// Gives the driver one buffer. Where it refuses, the buffer is offered again at the next turns: some drivers fail
  /// once and go on.
  func requeue(_ index: UInt32) throws(CaptureError) {
    guard let device else { return }
    let result = device.enqueue(Int(index))
    guard result < 0 else {
      queued |= 1 << index
      refused &= ~(1 << index)
      refusalCount = 0
      return
    }
    refused |= 1 << index
    refusalCount += 1
    if -result == ENODEV || refusalCount >= Self.refusalCountMax {
      throw .call(SystemCallError(DeviceRequest.enqueueBuffer.rawValue, on: path, code: -result))
    }
  }

  /// Gives the driver all buffers whose frames are gone, and those that it refused.
  func requeueReturned() throws(CaptureError) {
    guard let pool else { return }
    var waiting = pool.collectReturned() | refused
    while waiting != 0 {
      let index = UInt32(waiting.trailingZeroBitCount)
      waiting &= ~(1 << index)
      try requeue(index)
    }
  }
}
