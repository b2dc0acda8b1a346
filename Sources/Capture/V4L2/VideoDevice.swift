import CV4L2
import EventLoop
import Glibc

/// An open video device, closed when the last reference to it is gone; V4L2's requests as typed calls.
final class VideoDevice {
  let path: String
  let descriptor: CInt
  private let calls: any DeviceCalls

  init(opening path: String, calls: any DeviceCalls) throws(CaptureError) {
    let result = calls.open(path)
    guard result >= 0 else { throw .call(SystemCallError("open", on: path, code: -result)) }
    self.path = path
    self.descriptor = result
    self.calls = calls
  }

  deinit { calls.close(descriptor) }

  func capabilities() throws(CaptureError) -> v4l2_capability {
    var value = v4l2_capability()
    try check(.queryCapabilities, perform(.queryCapabilities, &value))
    return value
  }

  /// The n-th pixel format, or nil at the end of the list.
  func formatDescription(_ index: UInt32) throws(CaptureError) -> v4l2_fmtdesc? {
    var value = v4l2_fmtdesc()
    value.index = index
    value.type = captureType
    return try listed(.enumerateFormats, perform(.enumerateFormats, &value)) ? value : nil
  }

  /// The n-th size of a pixel format, or nil at the end of the list or where there is none.
  func frameSize(_ index: UInt32, of code: FourCC) throws(CaptureError) -> v4l2_frmsizeenum? {
    var value = v4l2_frmsizeenum()
    value.index = index
    value.pixel_format = code.rawValue
    return try listed(.enumerateFrameSizes, perform(.enumerateFrameSizes, &value)) ? value : nil
  }

  /// The n-th frame interval of a pixel format and size, or nil at the end of the list or where there is none.
  func frameInterval(
    _ index: UInt32, of code: FourCC, width: Int, height: Int
  ) throws(CaptureError) -> v4l2_frmivalenum? {
    var value = v4l2_frmivalenum()
    value.index = index
    value.pixel_format = code.rawValue
    value.width = UInt32(clamping: width)
    value.height = UInt32(clamping: height)
    return try listed(.enumerateFrameIntervals, perform(.enumerateFrameIntervals, &value)) ? value : nil
  }

  /// 0 or `-errno`; what the driver made of the format is in `format`.
  func setFormat(_ format: inout v4l2_format) -> CInt { perform(.setFormat, &format) }

  /// The format in force, or nil where the driver does not say.
  func currentFormat() -> v4l2_format? {
    var value = v4l2_format()
    value.type = captureType
    return perform(.getFormat, &value) >= 0 ? value : nil
  }

  /// Asks for a frame interval where one is given. The interval in force, or nil where the driver does not say.
  func negotiateInterval(_ wanted: v4l2_fract?) -> v4l2_fract? {
    var value = v4l2_streamparm()
    value.type = captureType
    if let wanted {
      value.parm.capture.timeperframe = wanted
      if perform(.setParameters, &value) >= 0 { return value.parm.capture.timeperframe }
      value = v4l2_streamparm()
      value.type = captureType
    }
    return perform(.getParameters, &value) >= 0 ? value.parm.capture.timeperframe : nil
  }

  /// Asks for mapped buffers; 0 frees them. The number that the driver gives.
  func requestBuffers(_ count: Int) throws(CaptureError) -> Int {
    var value = v4l2_requestbuffers()
    value.count = UInt32(count)
    value.type = captureType
    value.memory = V4L2_MEMORY_MMAP.rawValue
    try check(.requestBuffers, perform(.requestBuffers, &value))
    return Int(value.count)
  }

  func queryBuffer(_ index: Int) throws(CaptureError) -> v4l2_buffer {
    var value = buffer(index)
    try check(.queryBuffer, perform(.queryBuffer, &value))
    return value
  }

  func map(_ buffer: v4l2_buffer) throws(CaptureError) -> UnsafeMutableRawPointer {
    var code: CInt = 0
    let start = calls.map(descriptor, length: Int(buffer.length), offset: buffer.m.offset, code: &code)
    guard let start else { throw .call(SystemCallError("mmap", on: path, code: -code)) }
    return start
  }

  /// 0 or `-errno`.
  func enqueue(_ index: Int) -> CInt {
    var value = buffer(index)
    return perform(.enqueueBuffer, &value)
  }

  /// The next filled buffer, or nil where none is ready.
  func dequeue() throws(CaptureError) -> v4l2_buffer? {
    var value = buffer(0)
    let result = perform(.dequeueBuffer, &value)
    if result == -EAGAIN { return nil }
    try check(.dequeueBuffer, result)
    return value
  }

  func startStreaming() throws(CaptureError) {
    var type = CInt(captureType)
    try check(.streamOn, perform(.streamOn, &type))
  }

  /// Errors are of no use here: the device is about to be closed.
  func stopStreaming() {
    var type = CInt(captureType)
    _ = perform(.streamOff, &type)
  }

  /// True where the driver will tell of changes of its input.
  func subscribeToSourceChanges() -> Bool {
    var value = v4l2_event_subscription()
    value.type = UInt32(V4L2_EVENT_SOURCE_CHANGE)
    return perform(.subscribeEvent, &value) >= 0
  }

  /// The next event's type, or nil where none waits.
  func dequeueEvent() -> UInt32? {
    var value = v4l2_event()
    return perform(.dequeueEvent, &value) >= 0 ? value.type : nil
  }

  private var captureType: UInt32 { V4L2_BUF_TYPE_VIDEO_CAPTURE.rawValue }

  private func buffer(_ index: Int) -> v4l2_buffer {
    var value = v4l2_buffer()
    value.index = UInt32(index)
    value.type = captureType
    value.memory = V4L2_MEMORY_MMAP.rawValue
    return value
  }

  private func perform<Value>(_ request: DeviceRequest, _ value: inout Value) -> CInt {
    withUnsafeMutablePointer(to: &value) { calls.control(descriptor, request, UnsafeMutableRawPointer($0)) }
  }

  private func check(_ request: DeviceRequest, _ result: CInt) throws(CaptureError) {
    guard result >= 0 else { throw .call(SystemCallError(request.rawValue, on: path, code: -result)) }
  }

  /// False at the end of a list, or where the driver has no such list.
  private func listed(_ request: DeviceRequest, _ result: CInt) throws(CaptureError) -> Bool {
    if result == -EINVAL || result == -ENOTTY { return false }
    try check(request, result)
    return true
  }
}

/// A pixel format's four letters.
struct FourCC: Hashable, CustomStringConvertible {
  let rawValue: UInt32

  init(rawValue: UInt32) { self.rawValue = rawValue }

  init(_ letters: StaticString) {
    precondition(letters.utf8CodeUnitCount == 4)
    rawValue = letters.withUTF8Buffer { $0.reversed().reduce(0) { $0 << 8 | UInt32($1) } }
  }

  static let yuyv = FourCC("YUYV")
  static let nv12 = FourCC("NV12")
  static let grey = FourCC("GREY")
  static let mjpeg = FourCC("MJPG")
  static let jpeg = FourCC("JPEG")
  static let rgb24 = FourCC("RGB3")

  var description: String {
    let letters = (0..<4).map { UInt8(truncatingIfNeeded: rawValue >> (8 * UInt32($0))) }
    // Drivers may use any bytes; only printable ones go into messages.
    return String(decoding: letters.map { (0x20..<0x7F).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
  }
}
