import CV4L2
import Imaging

/// One way in which a camera could deliver: a pixel format, a size and perhaps a rate.
struct FormatOffer: Equatable {
  var code: FourCC
  var pixelFormat: PixelFormat
  /// The place of its kind in the configured list; 0 is liked best.
  var rank: Int
  /// In pixels.
  var width: Int
  var height: Int
  /// The frame interval nearest to what is wanted; nil where nothing is wanted or the driver lists none.
  var interval: v4l2_fract?

  static func == (left: FormatOffer, right: FormatOffer) -> Bool {
    left.code == right.code && left.rank == right.rank && left.width == right.width && left.height == right.height
      && left.rate == right.rate
  }

  /// Frames a second, where the interval is known.
  var rate: Double? {
    guard let interval, interval.numerator > 0, interval.denominator > 0 else { return nil }
    return Double(interval.denominator) / Double(interval.numerator)
  }
}

/// What is asked of a camera, with the defaults filled in.
struct FormatWish: Equatable {
  var width: Int
  var height: Int
  var rate: Double?
  var formats: [CameraFormat]

  init(_ settings: CameraSettings) {
    // Only one side given: the other follows at 4 to 3, as the default size has it.
    let (width, height) = (settings.width.map(Self.side), settings.height.map(Self.side))
    self.width = width ?? height.map { $0 * 4 / 3 } ?? 640
    self.height = height ?? width.map { $0 * 3 / 4 } ?? 480
    rate = settings.rate
    formats = settings.formats
  }

  private static func side(_ pixels: Int) -> Int { max(1, min(pixels, PictureFormat.sideMax)) }

  /// The offers, the best first: nearest size, then enough frames, then the format liked best, then nearest rate.
  func sorted(_ offers: [FormatOffer]) -> [FormatOffer] {
    let hasColor = offers.contains { $0.pixelFormat != .grey }
    func key(_ offer: FormatOffer) -> (Int, Int, Int, Double) {
      // A colour camera's luma alone would throw away what most models look at.
      let rank = offer.pixelFormat == .grey && hasColor ? Int.max : offer.rank
      return (sizeDistance(offer.width, offer.height), rateShortfall(offer), rank, rateDistance(offer))
    }
    return offers.map { (key($0), $0) }.sorted { $0.0 < $1.0 }.map(\.1)
  }

  /// Too small counts twice: what a camera did not see cannot be scaled up.
  func sizeDistance(_ width: Int, _ height: Int) -> Int {
    func distance(_ offered: Int, _ wanted: Int) -> Int {
      offered >= wanted ? offered - wanted : 2 * (wanted - offered)
    }
    return distance(width, self.width) + distance(height, self.height)
  }

  /// How far away from the wanted rate; 0 where there is nothing to compare.
  func rateDistance(_ offer: FormatOffer) -> Double {
    guard let rate, let offered = offer.rate else { return 0 }
    return abs(offered - rate)
  }

  /// In tenths of the wanted rate, so that 29.97 for 30 is no shortfall.
  private func rateShortfall(_ offer: FormatOffer) -> Int {
    guard let rate, let offered = offer.rate, offered < rate else { return 0 }
    return Int((10 * (rate - offered) / rate).rounded())
  }
}
