import CV4L2
import Imaging

/// Reads from a device what it can deliver, keeping of each pixel format the size and rate nearest to a wish.
///
/// A driver's lists are read up to a limit: nothing says that they end.
struct FormatListing {
  static let formatCountMax: UInt32 = 64
  static let sizeCountMax: UInt32 = 256
  static let intervalCountMax: UInt32 = 64

  /// Everything that can be taken, the best first.
  private(set) var offers: [FormatOffer] = []
  /// All pixel formats of the device, for messages.
  private(set) var codes: [FourCC] = []

  init(of device: VideoDevice, for wish: FormatWish) throws(CaptureError) {
    for index in 0..<Self.formatCountMax {
      guard let description = try device.formatDescription(index) else { break }
      let code = FourCC(rawValue: description.pixelformat)
      let isEmulated = description.flags & UInt32(V4L2_FMT_FLAG_EMULATED) != 0
      if !isEmulated { codes.append(code) }
      guard let (kind, pixelFormat) = Self.kind(of: code, isEmulated: isEmulated),
        let rank = wish.formats.firstIndex(of: kind)
      else { continue }
      var offer = FormatOffer(
        code: code, pixelFormat: pixelFormat, rank: rank, width: wish.width, height: wish.height)
      (offer.width, offer.height) = try Self.nearestSize(of: code, on: device, to: wish)
      offer.interval = try Self.nearestInterval(of: offer, on: device, to: wish)
      offers.append(offer)
    }
    offers = wish.sorted(offers)
  }

  /// Which of the configured formats a code is, and what its pixels are.
  static func kind(of code: FourCC, isEmulated: Bool) -> (CameraFormat, PixelFormat)? {
    switch code {
    case .yuyv: isEmulated ? nil : (.yuyv, .yuyv)
    case .nv12: isEmulated ? nil : (.nv12, .nv12)
    case .grey: isEmulated ? nil : (.grey, .grey)
    case .mjpeg, .jpeg: isEmulated ? nil : (.mjpeg, .jpeg)
    // Made by libv4l of whatever the camera has, or sent by the camera itself.
    case .rgb24: (.converted, .rgb24)
    default: nil
    }
  }

  /// The wished size itself where the driver lists none: it will say what it makes of it.
  private static func nearestSize(
    of code: FourCC, on device: VideoDevice, to wish: FormatWish
  ) throws(CaptureError) -> (Int, Int) {
    var nearest: (width: Int, height: Int)?
    for index in 0..<sizeCountMax {
      guard let entry = try device.frameSize(index, of: code) else { break }
      let size: (width: Int, height: Int)
      if entry.type == V4L2_FRMSIZE_TYPE_DISCRETE.rawValue {
        size = (Int(entry.discrete.width), Int(entry.discrete.height))
      } else {
        let steps = entry.stepwise
        size = (
          step(to: wish.width, steps.min_width, steps.max_width, steps.step_width),
          step(to: wish.height, steps.min_height, steps.max_height, steps.step_height)
        )
      }
      let isNearer =
        nearest.map { wish.sizeDistance(size.width, size.height) < wish.sizeDistance($0.width, $0.height) } ?? true
      if isNearer { nearest = size }
      // A stepwise list has this one entry.
      if entry.type != V4L2_FRMSIZE_TYPE_DISCRETE.rawValue { break }
    }
    return nearest.map { ($0.width, $0.height) } ?? (wish.width, wish.height)
  }

  /// The value of the series minimum, minimum + step, … maximum next to the wanted one, from below.
  private static func step(to wanted: Int, _ minimum: UInt32, _ maximum: UInt32, _ step: UInt32) -> Int {
    guard minimum <= maximum else { return wanted }
    let clamped = min(max(wanted, Int(minimum)), Int(maximum))
    return Int(minimum) + (clamped - Int(minimum)) / max(1, Int(step)) * max(1, Int(step))
  }

  private static func nearestInterval(
    of offer: FormatOffer, on device: VideoDevice, to wish: FormatWish
  ) throws(CaptureError) -> v4l2_fract? {
    guard let rate = wish.rate, rate > 0 else { return nil }
    var best: FormatOffer?
    for index in 0..<intervalCountMax {
      let entry = try device.frameInterval(index, of: offer.code, width: offer.width, height: offer.height)
      guard let entry else { break }
      var candidate = offer
      let isDiscrete = entry.type == V4L2_FRMIVAL_TYPE_DISCRETE.rawValue
      candidate.interval = isDiscrete ? entry.discrete : clamp(rate, to: entry.stepwise)
      let isNearer = best.map { wish.rateDistance(candidate) < wish.rateDistance($0) } ?? true
      if candidate.rate != nil, isNearer { best = candidate }
      if !isDiscrete { break }
    }
    return best?.interval
  }

  private static func clamp(_ rate: Double, to range: v4l2_frmival_stepwise) -> v4l2_fract {
    let wanted = fraction(rate: rate)
    func seconds(_ interval: v4l2_fract) -> Double {
      Double(interval.numerator) / Double(max(1, interval.denominator))
    }
    if seconds(wanted) < seconds(range.min) { return range.min }
    if seconds(wanted) > seconds(range.max) { return range.max }
    return wanted
  }

  /// The interval of a rate, to a thousandth of a frame a second.
  static func fraction(rate: Double) -> v4l2_fract {
    v4l2_fract(numerator: 1_000, denominator: UInt32(max(1, min(rate * 1_000, 1e9).rounded())))
  }
}
