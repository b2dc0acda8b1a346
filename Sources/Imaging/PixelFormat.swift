/// How the pixels of a picture lie in memory.
public enum PixelFormat: String, Sendable, Hashable, CaseIterable {
  /// 4:2:2 in one plane, bytes `Y0 U Y1 V` for two pixels. A row has `4 * ceil(width / 2)` bytes.
  case yuyv
  /// 4:2:0 in two planes: all rows of Y, then `ceil(height / 2)` rows of pairs `U V`. Both planes have the same
  /// bytes per row, at least the width rounded up to even; the second starts at `bytesPerRow * height`.
  case nv12
  /// One byte of luma for a pixel.
  case grey
  /// Three bytes `R G B` for a pixel.
  case rgb24
  /// One compressed JPEG picture; `bytesPerRow` means nothing and is 0.
  case jpeg
}

/// How Y, U and V become R, G and B. Without meaning for `rgb24`, and for `jpeg`, whose files say it themselves.
public struct ColorEncoding: Sendable, Hashable {
  /// The coefficients, by the ITU-R recommendation that names them.
  public enum Matrix: String, Sendable, Hashable {
    /// Standard definition; what most cameras send.
    case bt601
    /// High definition.
    case bt709
    /// Ultra high definition, non-constant luminance.
    case bt2020
  }

  /// Which values black and white have.
  public enum Range: String, Sendable, Hashable {
    /// Luma 16…235, chroma 16…240.
    case limited
    /// All of 0…255.
    case full
  }

  /// The coefficients.
  public var matrix: Matrix
  /// Which values black and white have.
  public var range: Range

  /// Makes an encoding.
  public init(matrix: Matrix, range: Range) {
    self.matrix = matrix
    self.range = range
  }

  /// What V4L2 takes for the default of a camera that says nothing: BT.601, limited.
  public static let camera = ColorEncoding(matrix: .bt601, range: .limited)
  /// What JFIF files use: BT.601, full.
  public static let jfif = ColorEncoding(matrix: .bt601, range: .full)
}
