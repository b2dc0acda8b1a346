/// A picture that was decoded to `rgb24`, with its own bytes.
public struct DecodedPicture: Sendable, Hashable {
  /// Always `rgb24` without padding.
  public let format: PictureFormat
  /// Rows of `R G B`, `width * height * 3` bytes.
  public let bytes: [UInt8]

  init(width: Int, height: Int, bytes: [UInt8]) {
    format = PictureFormat(pixelFormat: .rgb24, width: width, height: height, color: .jfif)
    self.bytes = bytes
  }

  /// Lends the picture for the time of a call.
  public func withPicture<Result, Failure: Error>(
    _ body: (Picture) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let span = bytes.span
    return try span.withUnsafeBytes { (bytes: UnsafeRawBufferPointer) throws(Failure) -> Result in
      try body(Picture(format: format, bytes: bytes))
    }
  }
}
