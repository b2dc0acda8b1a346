import Imaging

/// The first line of a .y4m file: `YUV4MPEG2 W640 H480 F25:1 C420jpeg …`.
struct Y4MHeader: Equatable {
  /// A header line has at most this many bytes.
  static let byteCountMax = 1_024

  /// How the chroma planes lie in the file.
  enum Chroma: Equatable {
    /// Two planes of half the width and height.
    case quarter
    /// Two planes of half the width.
    case half
    case none
  }

  var width = 0
  var height = 0
  var rate: Double?
  var chroma = Chroma.quarter
  private var isFullRange = false

  /// The sentence says what is wrong with the line.
  struct Problem: Error, Equatable {
    var sentence: String
  }

  init(parsing line: [UInt8]) throws(Problem) {
    for field in line.split(separator: UInt8(ascii: " ")).dropFirst() {
      let value = String(decoding: field.dropFirst(), as: UTF8.self)
      switch field.first.map(UnicodeScalar.init) {
      case "W": width = try Self.side(value, "width W")
      case "H": height = try Self.side(value, "height H")
      case "F": rate = Self.rate(value)
      case "C": chroma = try Self.chroma(value)
      case "X": isFullRange = isFullRange || value == "COLORRANGE=FULL"
      // Interlacing (I), the pixels' aspect (A) and comments change nothing here.
      default: break
      }
    }
    guard width > 0, height > 0 else { throw Problem(sentence: "the header has no width W or no height H") }
    do throws(ImagingError) { try format.validate() } catch { throw Problem(sentence: "\(error)") }
  }

  /// What the frames become: C420 becomes nv12, C422 yuyv and Cmono grey, without loss.
  ///
  /// The file does not say its matrix; as players do, 720 lines and more are taken for BT.709, fewer for BT.601.
  var format: PictureFormat {
    let color = ColorEncoding(matrix: height >= 720 ? .bt709 : .bt601, range: isFullRange ? .full : .limited)
    let pixelFormat: PixelFormat =
      switch chroma {
      case .quarter: .nv12
      case .half: .yuyv
      case .none: .grey
      }
    return PictureFormat(pixelFormat: pixelFormat, width: width, height: height, color: color)
  }

  /// The bytes of a chroma plane, of which there are two or none.
  var chromaByteCount: Int {
    switch chroma {
    case .quarter: (width + 1) / 2 * ((height + 1) / 2)
    case .half: (width + 1) / 2 * height
    case .none: 0
    }
  }

  /// The bytes of a frame in the file.
  var frameByteCount: Int { width * height + 2 * chromaByteCount }

  private static func side(_ value: String, _ name: String) throws(Problem) -> Int {
    guard let side = Int(value), (1...PictureFormat.sideMax).contains(side) else {
      throw Problem(sentence: "the \(name) is \"\(printable(value))\"; 1 to \(PictureFormat.sideMax) is right")
    }
    return side
  }

  /// Nil where the file leaves it open (0:0) or states what cannot be.
  private static func rate(_ value: String) -> Double? {
    let parts = value.split(separator: ":", omittingEmptySubsequences: false).map { UInt32($0) }
    guard parts.count == 2, let numerator = parts[0], let denominator = parts[1], numerator > 0, denominator > 0 else {
      return nil
    }
    return Double(numerator) / Double(denominator)
  }

  private static func chroma(_ value: String) throws(Problem) -> Chroma {
    switch value {
    // They differ in where the chroma samples lie between the pixels, by less than a pixel.
    case "420", "420jpeg", "420mpeg2", "420paldv": return .quarter
    case "422": return .half
    case "mono": return .none
    default:
      throw Problem(
        sentence: "the colour space C\(printable(value)) cannot be shown; "
          + "C420, C420jpeg, C420mpeg2, C420paldv, C422 and Cmono can")
    }
  }

  private static func printable(_ value: String) -> String {
    String(value.unicodeScalars.prefix(32).map { (0x20..<0x7F).contains($0.value) ? Character($0) : "?" })
  }
}
