/// What a model expects in its input tensor (one picture, rows of pixels of channels: NHWC with N = 1).
public struct InputContract: Sendable, Hashable {
  /// A side of the input has at most this many pixels.
  public static let sideMax = 4096

  /// The order of the three channels; without meaning for one channel.
  public enum ChannelOrder: String, Sendable, Hashable {
    /// Red first.
    case rgb
    /// Blue first.
    case bgr
  }

  /// How a region with another aspect than the input is brought to it.
  public enum Fit: String, Sendable, Hashable {
    /// Both sides are resized on their own; everything is seen.
    case stretch
    /// The middle of the region with the input's aspect is seen; faces keep their proportions.
    case crop
  }

  /// How pixels are resampled.
  public enum Filter: String, Sendable, Hashable {
    /// Bilinear, widened when shrinking so that every pixel counts (antialias): the bytes of Pillow's BILINEAR.
    case triangle
    /// The four nearest pixels whatever the scale, half-pixel centres: TensorFlow's and OpenCV's bilinear.
    case bilinear
    /// The nearest pixel, half-pixel centres.
    case nearest
  }

  /// The type of the tensor's elements.
  public enum Element: String, Sendable, Hashable {
    /// One byte, -128…127.
    case int8
    /// One byte, 0…255.
    case uint8
    /// Four bytes; scale and zero point are not used.
    case float32

    /// Bytes of one element.
    public var byteCount: Int { self == .float32 ? 4 : 1 }
  }

  /// How an 8-bit value becomes an element.
  ///
  /// `real = (value - mean) / standardDeviation`, which is the element for `float32`; otherwise
  /// `real / scale + zeroPoint`, rounded to the nearest (ties up), clamped to what the element can hold.
  public struct Mapping: Sendable, Hashable {
    /// In steps of the 8-bit value (0…255): one for all channels or one for each, in the tensor's channel order.
    public var mean: [Double]
    /// In steps of the 8-bit value, not 0: one for all channels or one for each, in the tensor's channel order.
    public var standardDeviation: [Double]
    /// The quantization scale of the input tensor, more than 0.
    public var scale: Double
    /// The zero point of the input tensor.
    public var zeroPoint: Int

    /// Makes a mapping; the quantization may be left out for `float32`.
    public init(mean: [Double], standardDeviation: [Double], scale: Double = 1, zeroPoint: Int = 0) {
      self.mean = mean
      self.standardDeviation = standardDeviation
      self.scale = scale
      self.zeroPoint = zeroPoint
    }
  }

  /// In pixels, 1…4096.
  public var width: Int
  /// In pixels, 1…4096.
  public var height: Int
  /// 3 for colour, 1 for luma.
  public var channels: Int
  /// The order of three channels.
  public var channelOrder: ChannelOrder
  /// How the aspect is brought to the input's.
  public var fit: Fit
  /// How pixels are resampled.
  public var filter: Filter
  /// The type of the tensor's elements.
  public var element: Element
  /// How an 8-bit value becomes an element.
  public var mapping: Mapping

  /// Makes a contract; `Preprocessor` refuses one outside of the limits.
  public init(
    width: Int, height: Int, channels: Int = 3, channelOrder: ChannelOrder = .rgb, fit: Fit = .stretch,
    filter: Filter = .triangle, element: Element, mapping: Mapping
  ) {
    self.width = width
    self.height = height
    self.channels = channels
    self.channelOrder = channelOrder
    self.fit = fit
    self.filter = filter
    self.element = element
    self.mapping = mapping
  }

  /// Bytes of the input tensor. Holds for contracts that passed `validate()`.
  public var byteCount: Int { width &* height &* channels &* element.byteCount }

  /// Throws where no input can be made by this contract; says which field is wrong and what would be right.
  public func validate() throws(ImagingError) {
    guard (1...Self.sideMax).contains(width), (1...Self.sideMax).contains(height) else {
      throw .badContract("an input of \(width)x\(height) pixels; each side has 1 to \(Self.sideMax)")
    }
    guard channels == 1 || channels == 3 else {
      throw .badContract("\(channels) channels; an input has 1 (luma) or 3 (colour)")
    }
    try mapping.validate(channels: channels, element: element)
  }
}

extension InputContract.Mapping {
  fileprivate func validate(channels: Int, element: InputContract.Element) throws(ImagingError) {
    for (name, values) in [("mean", mean), ("standard deviation", standardDeviation)] {
      guard values.count == 1 || values.count == channels else {
        throw .badContract("\(values.count) values of the \(name) for \(channels) channels; 1 or \(channels) are right")
      }
      guard values.allSatisfy(\.isFinite) else { throw .badContract("a \(name) that is not a finite number") }
    }
    guard standardDeviation.allSatisfy({ $0 != 0 }) else {
      throw .badContract("a standard deviation of 0; values are divided by it")
    }
    guard element != .float32 else { return }
    guard scale.isFinite, scale > 0 else {
      throw .badContract("a quantization scale of \(scale); it is a finite number above 0")
    }
    let range = element == .int8 ? -128...127 : 0...255
    guard range.contains(zeroPoint) else {
      throw .badContract("a zero point of \(zeroPoint) for \(element.rawValue); it is in \(range)")
    }
  }
}
