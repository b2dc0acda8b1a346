/// Decodes the JPEG frames of a camera into one buffer, at the smallest scale that still covers the crop.
final class JPEGFrameDecoder {
  /// The format of the decoded pictures.
  let output: PictureFormat
  /// The crop in the decoded pictures.
  let crop: PixelRectangle

  private let format: PictureFormat
  private let decoder: JPEGDecoder
  private let pixels: FixedBuffer<UInt8>

  /// `crop` is in pixels of the full size.
  init(format: PictureFormat, crop: PixelRectangle, contract: InputContract) throws(ImagingError) {
    self.format = format
    let isGrey = contract.channels == 1
    let scales = (1...8).map { Self.scaled(format, eighths: $0, isGrey: isGrey) }
    let crops = (1...8).map { crop.scaled(eighths: $0, within: scales[$0 - 1]) }
    let smallest = crops.firstIndex { $0.width >= contract.width && $0.height >= contract.height } ?? 7
    (output, self.crop) = (scales[smallest], crops[smallest])
    decoder = try JPEGDecoder()
    pixels = FixedBuffer(repeating: 0, count: output.byteCountMin)
  }

  private static func scaled(_ format: PictureFormat, eighths: Int, isGrey: Bool) -> PictureFormat {
    PictureFormat(
      pixelFormat: isGrey ? .grey : .rgb24, width: (format.width * eighths + 7) / 8,
      height: (format.height * eighths + 7) / 8, color: .jfif)
  }

  /// The decoded pixels. Valid until the next call.
  func decode(_ bytes: UnsafeRawBufferPointer) throws(ImagingError) -> UnsafePointer<UInt8> {
    let header = try decoder.readHeader(bytes, source: "")
    guard header.width == format.width, header.height == format.height else {
      let found = PictureFormat(pixelFormat: .jpeg, width: header.width, height: header.height, color: format.color)
      throw .formatMismatch(expected: format, found: found)
    }
    try decoder.decode(
      bytes, width: output.width, height: output.height, isGrey: output.pixelFormat == .grey, into: pixels.elements,
      source: "")
    return UnsafePointer(pixels.start)
  }
}
