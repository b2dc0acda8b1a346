import CV4L2

/// Every call that this room makes to a video device, to /dev and to the clock. Tests put a scripted one in its place.
///
/// Calls that return a `CInt` follow the kernel's own custom: 0 or more is success, a negative number is `-errno`.
/// None of them reports EINTR.
protocol DeviceCalls: Sendable {
  /// The nodes /dev/videoN, in the order of their numbers.
  func videoNodes() -> [String]

  /// Opens a node for reading and writing, without blocking.
  func open(_ path: String) -> CInt
  func close(_ descriptor: CInt)
  /// `argument` points to the structure that belongs to the request.
  func control(_ descriptor: CInt, _ request: DeviceRequest, _ argument: UnsafeMutableRawPointer) -> CInt
  /// Maps a buffer for reading; nil with `-errno` in `code`.
  func map(_ descriptor: CInt, length: Int, offset: UInt32, code: inout CInt) -> UnsafeMutableRawPointer?
  func unmap(_ start: UnsafeMutableRawPointer, length: Int)

  /// Waits until the device has something, the waker is set, or the time is over.
  func wait(for descriptor: CInt, waker: CInt, milliseconds: CInt) -> DeviceReadiness
  /// Waits until a video node appears or changes, the waker is set, or the time is over.
  func waitForNodes(waker: CInt, milliseconds: CInt) -> NodeNews

  /// Microseconds of CLOCK_MONOTONIC.
  func now() -> UInt64
}

/// What poll(2) said of a device.
struct DeviceReadiness: Equatable {
  /// A frame can be dequeued.
  var hasFrame = false
  /// An event of the device can be dequeued.
  var hasEvent = false
  /// The device reports an error or is gone; the next call on it says which.
  var hasFailed = false
  /// The waker is set.
  var isWoken = false
  /// `-errno` where the wait itself failed, else 0.
  var code: CInt = 0
}

/// What waiting for video nodes brought.
enum NodeNews: Equatable {
  case changed, woken, timedOut
}

/// The requests of V4L2 that are used here; the raw value is the name for messages.
enum DeviceRequest: String, CaseIterable {
  case queryCapabilities = "VIDIOC_QUERYCAP"
  case enumerateFormats = "VIDIOC_ENUM_FMT"
  case enumerateFrameSizes = "VIDIOC_ENUM_FRAMESIZES"
  case enumerateFrameIntervals = "VIDIOC_ENUM_FRAMEINTERVALS"
  case getFormat = "VIDIOC_G_FMT"
  case setFormat = "VIDIOC_S_FMT"
  case getParameters = "VIDIOC_G_PARM"
  case setParameters = "VIDIOC_S_PARM"
  case subscribeEvent = "VIDIOC_SUBSCRIBE_EVENT"
  case dequeueEvent = "VIDIOC_DQEVENT"
  case requestBuffers = "VIDIOC_REQBUFS"
  case queryBuffer = "VIDIOC_QUERYBUF"
  case enqueueBuffer = "VIDIOC_QBUF"
  case dequeueBuffer = "VIDIOC_DQBUF"
  case streamOn = "VIDIOC_STREAMON"
  case streamOff = "VIDIOC_STREAMOFF"

  /// The kernel's number.
  var number: UInt {
    switch self {
    case .queryCapabilities: maskd_vidioc_querycap
    case .enumerateFormats: maskd_vidioc_enum_fmt
    case .enumerateFrameSizes: maskd_vidioc_enum_framesizes
    case .enumerateFrameIntervals: maskd_vidioc_enum_frameintervals
    case .getFormat: maskd_vidioc_g_fmt
    case .setFormat: maskd_vidioc_s_fmt
    case .getParameters: maskd_vidioc_g_parm
    case .setParameters: maskd_vidioc_s_parm
    case .subscribeEvent: maskd_vidioc_subscribe_event
    case .dequeueEvent: maskd_vidioc_dqevent
    case .requestBuffers: maskd_vidioc_reqbufs
    case .queryBuffer: maskd_vidioc_querybuf
    case .enqueueBuffer: maskd_vidioc_qbuf
    case .dequeueBuffer: maskd_vidioc_dqbuf
    case .streamOn: maskd_vidioc_streamon
    case .streamOff: maskd_vidioc_streamoff
    }
  }
}
