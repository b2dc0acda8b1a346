/// Finds out whether bytes are one whole JPEG picture, without decoding it.
enum JPEGExtent {
  /// A start marker, an end marker and the shortest header that a picture could have between them.
  static let byteCountMin = 125

  /// The length up to and with the end marker, or nil where the picture is cut short or is none.
  ///
  /// Cameras pad: zeros after the end marker are passed over.
  static func wholeByteCount(_ bytes: UnsafeRawBufferPointer) -> Int? {
    guard bytes.count >= byteCountMin, bytes[0] == 0xFF, bytes[1] == 0xD8 else { return nil }
    var end = bytes.count
    while end > byteCountMin, bytes[end - 1] == 0 { end -= 1 }
    guard bytes[end - 2] == 0xFF, bytes[end - 1] == 0xD9 else { return nil }
    return end
  }
}
