import CV4L2
import Glibc

@testable import Capture

/// A V4L2 driver made for tests: one camera that behaves as the kernel does, and breaks when told to.
final class ScriptedCamera {
  struct Format {
    var code: FourCC
    var isEmulated = false
    /// Discrete sizes; none: the camera lists no sizes.
    var sizes: [(width: Int, height: Int)] = [(640, 480)]
    /// Frames a second that it lists for every size.
    var rates: [Int] = []
  }

  /// A filled buffer as DQBUF gives it.
  struct Filled {
    var index: Int
    var sequence: UInt32
    var timestamp: UInt64
    var bytesUsed: Int
    var flags: Int32 = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC
  }

  var formats: [Format] = [Format(code: .yuyv)]
  var card = "Scripted Camera"
  var busPlace = "usb-1"
  var capabilities = UInt32(V4L2_CAP_VIDEO_CAPTURE) | UInt32(V4L2_CAP_STREAMING)
  /// Microseconds from frame to frame; nil: none come.
  var framePeriod: UInt64? = 40_000
  /// The fields that S_FMT leaves in the answer, for example colours.
  var amend: (inout v4l2_pix_format) -> Void = { _ in }
  /// Called for each frame before it is handed out.
  var spoil: (inout Filled, UnsafeMutableRawBufferPointer) -> Void = { _, _ in }
  var bufferLength: Int?
  /// What REQBUFS makes of a wished count.
  var grant: (Int) -> Int = { $0 }
  /// poll says error and DQBUF gives EIO until streaming is stopped.
  var hasFatalError = false
  /// The camera was unplugged while it was open: every call gives ENODEV.
  var isGone = false
  /// Events of the driver that wait to be read.
  var events: [UInt32] = []

  private(set) var pixels = v4l2_pix_format()
  private(set) var isStreaming = false
  private(set) var sequence: UInt32 = 0
  private(set) var filled: [Filled] = []
  private(set) var queue: [Int] = []
  private(set) var bufferCount = 0
  /// Mapped memory by buffer.
  var mapped: [Int: UnsafeMutableRawBufferPointer] = [:]
  var openCount = 0
  var nextFrameTime: UInt64 = .max
  /// Breaches of V4L2's rules by the program.
  var violations: [String] = []

  var byteCount: Int { Int(pixels.sizeimage) }

  /// 0 or -errno.
  func control(_ request: DeviceRequest, _ argument: UnsafeMutableRawPointer, now: UInt64) -> CInt {
    if isGone { return -ENODEV }
    return switch request {
    case .queryCapabilities: queryCapabilities(argument.assumingMemoryBound(to: v4l2_capability.self))
    case .enumerateFormats: enumerate(argument.assumingMemoryBound(to: v4l2_fmtdesc.self))
    case .enumerateFrameSizes: enumerate(argument.assumingMemoryBound(to: v4l2_frmsizeenum.self))
    case .enumerateFrameIntervals: enumerate(argument.assumingMemoryBound(to: v4l2_frmivalenum.self))
    case .getFormat: getFormat(argument.assumingMemoryBound(to: v4l2_format.self))
    case .setFormat: setFormat(argument.assumingMemoryBound(to: v4l2_format.self))
    case .setParameters: setParameters(argument.assumingMemoryBound(to: v4l2_streamparm.self))
    case .getParameters: getParameters(argument.assumingMemoryBound(to: v4l2_streamparm.self))
    case .subscribeEvent: 0
    case .dequeueEvent: dequeueEvent(argument.assumingMemoryBound(to: v4l2_event.self))
    case .requestBuffers: requestBuffers(argument.assumingMemoryBound(to: v4l2_requestbuffers.self))
    case .queryBuffer: queryBuffer(argument.assumingMemoryBound(to: v4l2_buffer.self))
    case .enqueueBuffer: enqueue(argument.assumingMemoryBound(to: v4l2_buffer.self))
    case .dequeueBuffer: dequeue(argument.assumingMemoryBound(to: v4l2_buffer.self))
    case .streamOn: startStreaming(now: now)
    case .streamOff: stopStreaming()
    }
  }

  /// Lets frames happen that are due.
  func advance(to now: UInt64) {
    guard isStreaming, !isGone, !hasFatalError, let framePeriod else { return }
    while nextFrameTime <= now {
      fill(at: nextFrameTime)
      nextFrameTime += framePeriod
    }
  }

  /// The last reference to an open descriptor and the last mapping are gone.
  func release() {
    guard openCount == 0, mapped.isEmpty else { return }
    _ = stopStreaming()
    bufferCount = 0
  }

  private func fill(at time: UInt64) {
    defer { sequence &+= 1 }
    guard !queue.isEmpty else { return }
    let index = queue.removeFirst()
    var frame = Filled(index: index, sequence: sequence, timestamp: time, bytesUsed: byteCount)
    if let memory = mapped[index] {
      memory.initializeMemory(as: UInt8.self, repeating: UInt8(truncatingIfNeeded: sequence))
      spoil(&frame, memory)
    }
    filled.append(frame)
  }

  private func queryCapabilities(_ value: UnsafeMutablePointer<v4l2_capability>) -> CInt {
    value.pointee.capabilities = capabilities | UInt32(V4L2_CAP_DEVICE_CAPS)
    value.pointee.device_caps = capabilities
    withUnsafeMutableBytes(of: &value.pointee.card) { $0.copyBytes(from: card.utf8.prefix(31)) }
    withUnsafeMutableBytes(of: &value.pointee.bus_info) { $0.copyBytes(from: busPlace.utf8.prefix(31)) }
    return 0
  }

  private func enumerate(_ value: UnsafeMutablePointer<v4l2_fmtdesc>) -> CInt {
    guard value.pointee.index < formats.count else { return -EINVAL }
    let format = formats[Int(value.pointee.index)]
    value.pointee.pixelformat = format.code.rawValue
    value.pointee.flags = format.isEmulated ? UInt32(V4L2_FMT_FLAG_EMULATED) : 0
    return 0
  }

  private func format(_ code: UInt32) -> Format? { formats.first { $0.code.rawValue == code } }

  private func enumerate(_ value: UnsafeMutablePointer<v4l2_frmsizeenum>) -> CInt {
    guard let format = format(value.pointee.pixel_format), value.pointee.index < format.sizes.count else {
      return -EINVAL
    }
    let size = format.sizes[Int(value.pointee.index)]
    value.pointee.type = V4L2_FRMSIZE_TYPE_DISCRETE.rawValue
    value.pointee.discrete.width = UInt32(size.width)
    value.pointee.discrete.height = UInt32(size.height)
    return 0
  }

  private func enumerate(_ value: UnsafeMutablePointer<v4l2_frmivalenum>) -> CInt {
    guard let format = format(value.pointee.pixel_format), value.pointee.index < format.rates.count else {
      return -EINVAL
    }
    value.pointee.type = V4L2_FRMIVAL_TYPE_DISCRETE.rawValue
    value.pointee.discrete = v4l2_fract(
      numerator: 1, denominator: UInt32(format.rates[Int(value.pointee.index)]))
    return 0
  }

  private func getFormat(_ value: UnsafeMutablePointer<v4l2_format>) -> CInt {
    value.pointee.fmt.pix = pixels
    return 0
  }

  private func setFormat(_ value: UnsafeMutablePointer<v4l2_format>) -> CInt {
    guard bufferCount == 0 else { return -EBUSY }
    guard let format = format(value.pointee.fmt.pix.pixelformat) else { return -EINVAL }
    let wanted = value.pointee.fmt.pix
    let (width, height) = (Int(wanted.width), Int(wanted.height))
    let size = format.sizes.min {
      abs($0.width - width) + abs($0.height - height) < abs($1.width - width) + abs($1.height - height)
    }
    pixels = wanted
    pixels.width = UInt32(size?.width ?? width)
    pixels.height = UInt32(size?.height ?? height)
    let bytesPerPixel: UInt32 = format.code == .rgb24 ? 3 : format.code == .yuyv ? 2 : 1
    pixels.bytesperline = format.code == .mjpeg ? 0 : pixels.width * bytesPerPixel
    let rows = format.code == .nv12 ? pixels.height * 3 / 2 : pixels.height
    pixels.sizeimage = format.code == .mjpeg ? pixels.width * pixels.height : pixels.bytesperline * rows
    amend(&pixels)
    value.pointee.fmt.pix = pixels
    return 0
  }

  private func setParameters(_ value: UnsafeMutablePointer<v4l2_streamparm>) -> CInt {
    let interval = value.pointee.parm.capture.timeperframe
    framePeriod = framePeriod.map { _ in UInt64(interval.numerator) * 1_000_000 / UInt64(max(1, interval.denominator)) }
    return 0
  }

  private func getParameters(_ value: UnsafeMutablePointer<v4l2_streamparm>) -> CInt {
    guard let framePeriod else { return -ENOTTY }
    value.pointee.parm.capture.timeperframe = v4l2_fract(numerator: UInt32(framePeriod), denominator: 1_000_000)
    return 0
  }

  private func dequeueEvent(_ value: UnsafeMutablePointer<v4l2_event>) -> CInt {
    guard !events.isEmpty else { return -ENOENT }
    value.pointee.type = events.removeFirst()
    return 0
  }

  private func requestBuffers(_ value: UnsafeMutablePointer<v4l2_requestbuffers>) -> CInt {
    let count = Int(value.pointee.count)
    guard mapped.isEmpty, count == 0 || bufferCount == 0 else { return -EBUSY }
    bufferCount = count == 0 ? 0 : grant(count)
    value.pointee.count = UInt32(bufferCount)
    queue = []
    filled = []
    return 0
  }

  private func queryBuffer(_ value: UnsafeMutablePointer<v4l2_buffer>) -> CInt {
    guard value.pointee.index < bufferCount else { return -EINVAL }
    value.pointee.length = UInt32(bufferLength ?? byteCount)
    value.pointee.m.offset = value.pointee.index << 20
    return 0
  }

  private func enqueue(_ value: UnsafeMutablePointer<v4l2_buffer>) -> CInt {
    let index = Int(value.pointee.index)
    guard index < bufferCount else { return -EINVAL }
    if queue.contains(index) || filled.contains(where: { $0.index == index }) {
      violations.append("buffer \(index) queued twice")
      return -EINVAL
    }
    queue.append(index)
    return 0
  }

  private func dequeue(_ value: UnsafeMutablePointer<v4l2_buffer>) -> CInt {
    if hasFatalError { return -EIO }
    guard isStreaming else { return -EINVAL }
    guard !filled.isEmpty else { return -EAGAIN }
    let frame = filled.removeFirst()
    value.pointee.index = UInt32(frame.index)
    value.pointee.sequence = frame.sequence
    value.pointee.bytesused = UInt32(frame.bytesUsed)
    value.pointee.flags = UInt32(bitPattern: frame.flags)
    value.pointee.timestamp.tv_sec = Int(frame.timestamp / 1_000_000)
    value.pointee.timestamp.tv_usec = Int(frame.timestamp % 1_000_000)
    return 0
  }

  private func startStreaming(now: UInt64) -> CInt {
    guard bufferCount > 0 else { return -EINVAL }
    isStreaming = true
    sequence = 0
    nextFrameTime = now + (framePeriod ?? 0)
    return 0
  }

  private func stopStreaming() -> CInt {
    isStreaming = false
    hasFatalError = false
    queue = []
    filled = []
    return 0
  }
}
