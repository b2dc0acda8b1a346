import CPNG

/// Decodes PNG pictures by libpng's simplified interface: all depths, palettes and interlacing become 8-bit R, G, B
/// in sRGB. What is transparent is laid on white.
enum PNGDecoder {
  /// The first bytes of every PNG file.
  static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  static func decode(_ bytes: UnsafeRawBufferPointer, source: String) throws(ImagingError) -> DecodedPicture {
    var image = png_image()
    image.version = png_uint_32(PNG_IMAGE_VERSION)
    defer { png_image_free(&image) }
    guard png_image_begin_read_from_memory(&image, bytes.baseAddress, bytes.count) != 0 else {
      throw error(image, source)
    }
    let (width, height) = (Int(image.width), Int(image.height))
    guard width <= PictureFormat.sideMax, height <= PictureFormat.sideMax,
      width * height <= PictureFormat.pixelCountMax
    else { throw .pictureTooLarge(source: source, width: width, height: height) }
    image.format = png_uint_32(PNG_FORMAT_FLAG_COLOR)
    // Without it 16-bit files that do not say their gamma are taken for linear light, which hardly any are.
    image.flags |= png_uint_32(PNG_IMAGE_FLAG_16BIT_sRGB)
    var white = png_color(red: 255, green: 255, blue: 255)
    var status: CInt = 0
    let pixels = [UInt8](unsafeUninitializedCapacity: width * height * 3) { buffer, count in
      status = png_image_finish_read(&image, &white, buffer.baseAddress, png_int_32(width * 3), nil)
      count = status == 0 ? 0 : width * height * 3
    }
    guard status != 0 else { throw error(image, source) }
    return DecodedPicture(width: width, height: height, bytes: pixels)
  }

  private static func error(_ image: png_image, _ source: String) -> ImagingError {
    let reason = withUnsafeBytes(of: image.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    return .undecodable(source: source, kind: "PNG", reason: reason)
  }
}
