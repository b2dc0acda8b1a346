import CV4L2
import Imaging

extension ColorEncoding {
  /// What a driver says about its colours, where it leaves something open by V4L2's own rules.
  ///
  /// The rules are those of the macros V4L2_MAP_COLORSPACE_DEFAULT, V4L2_MAP_YCBCR_ENC_DEFAULT and
  /// V4L2_MAP_QUANTIZATION_DEFAULT in linux/videodev2.h.
  init(of pixels: v4l2_pix_format, for pixelFormat: PixelFormat) {
    guard pixelFormat != .rgb24, pixelFormat != .jpeg else {
      self = .jfif
      return
    }
    // Without the magic number the driver knows nothing of the fields behind it.
    let isExtended = pixels.priv == UInt32(V4L2_PIX_FMT_PRIV_MAGIC)
    let colorspace = Self.colorspace(pixels)
    let encoding = isExtended ? pixels.ycbcr_enc : V4L2_YCBCR_ENC_DEFAULT.rawValue
    let quantization = isExtended ? pixels.quantization : V4L2_QUANTIZATION_DEFAULT.rawValue
    self.init(
      matrix: Self.matrix(encoding: encoding, colorspace: colorspace),
      range: Self.range(quantization: quantization, colorspace: colorspace))
  }

  private static func colorspace(_ pixels: v4l2_pix_format) -> UInt32 {
    guard pixels.colorspace == V4L2_COLORSPACE_DEFAULT.rawValue else { return pixels.colorspace }
    // Neither the 525 or 625 lines of television nor a high-definition video standard: a webcam, sRGB.
    return V4L2_COLORSPACE_SRGB.rawValue
  }

  private static func matrix(encoding: UInt32, colorspace: UInt32) -> Matrix {
    switch encoding {
    case V4L2_YCBCR_ENC_601.rawValue, V4L2_YCBCR_ENC_XV601.rawValue, V4L2_YCBCR_ENC_SYCC.rawValue: .bt601
    // SMPTE 240M's coefficients differ from BT.709's in the third digit.
    case V4L2_YCBCR_ENC_709.rawValue, V4L2_YCBCR_ENC_XV709.rawValue, V4L2_YCBCR_ENC_SMPTE240M.rawValue: .bt709
    case V4L2_YCBCR_ENC_BT2020.rawValue, V4L2_YCBCR_ENC_BT2020_CONST_LUM.rawValue: .bt2020
    default: defaultMatrix(colorspace)
    }
  }

  private static func defaultMatrix(_ colorspace: UInt32) -> Matrix {
    switch colorspace {
    case V4L2_COLORSPACE_REC709.rawValue, V4L2_COLORSPACE_DCI_P3.rawValue, V4L2_COLORSPACE_SMPTE240M.rawValue:
      .bt709
    case V4L2_COLORSPACE_BT2020.rawValue: .bt2020
    default: .bt601
    }
  }

  private static func range(quantization: UInt32, colorspace: UInt32) -> Range {
    switch quantization {
    case V4L2_QUANTIZATION_FULL_RANGE.rawValue: .full
    case V4L2_QUANTIZATION_LIM_RANGE.rawValue: .limited
    default: colorspace == V4L2_COLORSPACE_JPEG.rawValue ? .full : .limited
    }
  }
}
