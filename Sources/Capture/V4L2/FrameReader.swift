import CV4L2
import EventLoop
import Glibc
import Imaging

/// Reads frames from a running stream: takes all that are ready, keeps the newest, gives the others back.
///
/// Nothing here allocates.
struct FrameReader {
  private let camera: Int
  private let counters: CaptureCounters
  private var numbering = FrameNumbering()
  /// Frames lost, damaged or passed over since the last one that was handed on.
  private var droppedCount: UInt64 = 0
  /// Frames that came damaged since the stream began.
  private(set) var damagedCount: UInt64 = 0

  /// The newest usable buffer of one turn.
  private struct Candidate {
    var index: UInt32
    var byteCount: Int
    var sequence: UInt64
    var captureTime: UInt64
    var dequeueTime: UInt64
  }

  init(camera: Int, counters: CaptureCounters) {
    self.camera = camera
    self.counters = counters
  }

  /// Before the first turn of a new stream.
  mutating func restart() {
    numbering.restart()
    damagedCount = 0
  }

  /// One turn: queues what came back, waits for the device at most so long, and returns the newest frame, if any.
  mutating func next(
    from stream: CaptureStream, waitingAtMost microseconds: UInt64
  ) throws(CaptureError) -> Frame? {
    try stream.requeueReturned()
    let longest: UInt64 = stream.hasRefusedBuffer ? 50_000 : 1_000_000
    let milliseconds = CInt((min(microseconds, longest) + 999) / 1_000)
    guard let device = stream.device else { return nil }
    let readiness = stream.calls.wait(
      for: device.descriptor, waker: stream.waker.descriptor, milliseconds: milliseconds)
    guard readiness.code >= 0 else {
      throw .call(SystemCallError("poll", on: stream.path, code: -readiness.code))
    }
    if readiness.isWoken { stream.waker.clear() }
    if readiness.hasEvent, stream.tellsSourceChanges { try readEvents(of: device) }
    guard readiness.hasFrame || readiness.hasFailed else { return nil }
    let newest = try newestBuffer(of: stream, device: device)
    guard let newest else {
      // A device that failed and yet has nothing to say would make poll return at once for ever.
      if readiness.hasFailed { throw .call(SystemCallError("poll", on: stream.path, code: EIO)) }
      return nil
    }
    return makeFrame(of: newest, stream: stream)
  }

  private func readEvents(of device: VideoDevice) throws(CaptureError) {
    for _ in 0..<64 {
      guard let type = device.dequeueEvent() else { return }
      if type == UInt32(V4L2_EVENT_SOURCE_CHANGE) { throw .sourceChanged(device: device.path) }
    }
  }

  /// Takes all buffers that are ready, at most one round, so that a fast camera cannot hold the thread here.
  private mutating func newestBuffer(
    of stream: CaptureStream, device: VideoDevice
  ) throws(CaptureError) -> Candidate? {
    var newest: Candidate?
    for _ in 0..<(stream.pool?.count ?? 0) {
      guard let buffer = try device.dequeue() else { break }
      try stream.noteDequeued(buffer.index)
      let missing = numbering.advance(to: buffer.sequence)
      counters.missing.add(missing)
      droppedCount &+= missing
      guard let candidate = judge(buffer, of: stream) else {
        droppedCount &+= 1
        try stream.requeue(buffer.index)
        continue
      }
      if let older = newest {
        counters.replaced.add(1)
        droppedCount &+= 1
        try stream.requeue(older.index)
      }
      newest = candidate
    }
    return newest
  }

  /// Nil for a frame that must not be used: marked as bad, cut short, or older than the stream.
  private mutating func judge(_ buffer: v4l2_buffer, of stream: CaptureStream) -> Candidate? {
    guard let format = stream.format?.picture, let pool = stream.pool else { return nil }
    let now = stream.calls.now()
    let byteCount = Self.usableByteCount(of: buffer, in: pool, format: format)
    guard let byteCount, buffer.flags & UInt32(V4L2_BUF_FLAG_ERROR) == 0 else {
      counters.damaged.add(1)
      damagedCount &+= 1
      return nil
    }
    let time = stream.freshness.captureTime(of: buffer, startTime: stream.startTime, now: now)
    guard let time else { return nil }
    counters.captured.add(1)
    return Candidate(
      index: buffer.index, byteCount: byteCount, sequence: numbering.last, captureTime: time, dequeueTime: now)
  }

  private static func usableByteCount(of buffer: v4l2_buffer, in pool: BufferPool, format: PictureFormat) -> Int? {
    let bytes = pool.bytes(Int(buffer.index), count: Int(buffer.bytesused))
    // More bytes used than the buffer has is a driver that cannot be believed.
    guard bytes.count == Int(buffer.bytesused) else { return nil }
    if format.pixelFormat == .jpeg { return JPEGExtent.wholeByteCount(bytes) }
    return bytes.count >= format.byteCountMin ? bytes.count : nil
  }

  private mutating func makeFrame(of newest: Candidate, stream: CaptureStream) -> Frame? {
    guard let format = stream.format?.picture, let pool = stream.pool else { return nil }
    defer { droppedCount = 0 }
    return Frame(
      camera: camera, format: format, sequence: newest.sequence, captureTime: newest.captureTime,
      dequeueTime: newest.dequeueTime, droppedBefore: droppedCount,
      bytes: pool.bytes(Int(newest.index), count: newest.byteCount), owner: pool, index: Int(newest.index))
  }
}
