import CV4L2
import EventLoop
import Glibc
import Imaging

/// What a camera and we have agreed on.
struct NegotiatedFormat: Equatable {
  var picture: PictureFormat
  /// The camera's own pixel format.
  var code: FourCC
  /// In microseconds; nil where the driver does not say.
  var frameInterval: UInt64?

  /// Asks for the offers one after the other until the driver agrees to one.
  init(on device: VideoDevice, wish: FormatWish) throws(CaptureError) {
    let listing = try FormatListing(of: device, for: wish)
    for offer in listing.offers {
      guard let agreed = try Self.agree(on: offer, with: device, wish: wish) else { continue }
      self = agreed
      let wanted = offer.interval ?? wish.rate.map(FormatListing.fraction(rate:))
      frameInterval = Self.microseconds(device.negotiateInterval(wanted))
      return
    }
    let offered = listing.codes.map(\.description).joined(separator: ", ")
    throw .unsupportedFormat(device: device.path, offered: offered.isEmpty ? "nothing" : offered)
  }

  private init(picture: PictureFormat, code: FourCC) {
    self.picture = picture
    self.code = code
  }

  /// Nil where the driver does not want this one.
  private static func agree(
    on offer: FormatOffer, with device: VideoDevice, wish: FormatWish
  ) throws(CaptureError) -> NegotiatedFormat? {
    var format = v4l2_format()
    format.type = V4L2_BUF_TYPE_VIDEO_CAPTURE.rawValue
    format.fmt.pix.width = UInt32(clamping: offer.width)
    format.fmt.pix.height = UInt32(clamping: offer.height)
    format.fmt.pix.pixelformat = offer.code.rawValue
    format.fmt.pix.field = V4L2_FIELD_NONE.rawValue
    format.fmt.pix.priv = UInt32(V4L2_PIX_FMT_PRIV_MAGIC)
    let result = device.setFormat(&format)
    if result == -EINVAL { return nil }
    if result == -EBUSY, let current = device.currentFormat() {
      // A loopback device has the format of who feeds it. Where the camera is really taken, its buffers are, too.
      format = current
    } else if result < 0 {
      throw .call(SystemCallError(DeviceRequest.setFormat.rawValue, on: device.path, code: -result))
    }
    return try read(format.fmt.pix, from: device, wish: wish)
  }

  /// What a driver's answer means; nil where it chose something that we cannot take.
  private static func read(
    _ pixels: v4l2_pix_format, from device: VideoDevice, wish: FormatWish
  ) throws(CaptureError) -> NegotiatedFormat? {
    let code = FourCC(rawValue: pixels.pixelformat)
    guard let (kind, pixelFormat) = FormatListing.kind(of: code, isEmulated: false), wish.formats.contains(kind)
    else { return nil }
    // Two fields one after the other would be two flat pictures.
    let stacked = [V4L2_FIELD_SEQ_TB.rawValue, V4L2_FIELD_SEQ_BT.rawValue]
    guard !stacked.contains(pixels.field) else { return nil }
    let color = ColorEncoding(of: pixels, for: pixelFormat)
    var picture = PictureFormat(
      pixelFormat: pixelFormat, width: Int(pixels.width), height: Int(pixels.height), color: color)
    if pixelFormat != .jpeg, pixels.bytesperline != 0 { picture.bytesPerRow = Int(pixels.bytesperline) }
    do {
      try picture.validate()
    } catch {
      throw .driverFault(device: device.path, what: "\(DeviceRequest.setFormat.rawValue) gave \(error)")
    }
    return NegotiatedFormat(picture: picture, code: code)
  }

  private static func microseconds(_ interval: v4l2_fract?) -> UInt64? {
    guard let interval, interval.numerator > 0, interval.denominator > 0 else { return nil }
    return UInt64(interval.numerator) * 1_000_000 / UInt64(interval.denominator)
  }
}

extension NegotiatedFormat: CustomStringConvertible {
  /// For people: the frames, their rate, and the camera's own name of the format.
  var description: String {
    guard let frameInterval, frameInterval > 0 else { return "\(picture) (\(code))" }
    let tenths = (10_000_000 + frameInterval / 2) / frameInterval
    return "\(picture) (\(code)), \(tenths / 10).\(tenths % 10) frames a second"
  }
}
