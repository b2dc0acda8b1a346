import CTurboJPEG
import Glibc

/// libjpeg-turbo's decoder: accurate transform, smooth chroma (the choice of Pillow and of most viewers), no turning
/// by EXIF. Reused for many pictures by one thread at a time.
///
/// The library repairs what it can and warns. A warning means that pixels are guessed, and nobody should be judged
/// by these: it is an error here. Only stray bytes between the picture and its end marker, which many cameras send,
/// are let pass.
final class JPEGDecoder {
  /// What the header of a picture says.
  struct Header: Equatable {
    var width: Int
    var height: Int
    var isGrey: Bool
  }

  /// Nil after an error. The library's header reader leaves the handle in the middle of the damaged picture
  /// (libjpeg-turbo 2.1), so that the next, sound one would fail as well; a new handle forgets.
  private var handle: tjhandle?

  init() throws(ImagingError) {
    _ = try usableHandle()
  }

  deinit {
    tjDestroy(handle)
  }

  private func usableHandle() throws(ImagingError) -> tjhandle {
    if let handle { return handle }
    guard let handle = tjInitDecompress() else { throw .noDecoder(reason: String(cString: tjGetErrorStr2(nil))) }
    self.handle = handle
    return handle
  }

  /// Reads the header; pictures beyond the limits, and those for printing (CMYK), are refused.
  func readHeader(_ bytes: UnsafeRawBufferPointer, source: String) throws(ImagingError) -> Header {
    guard let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count > 0 else {
      throw .undecodable(source: source, kind: "JPEG", reason: "it has no bytes")
    }
    var (width, height, subsampling, colorspace) = (CInt(0), CInt(0), CInt(0), CInt(0))
    let status = tjDecompressHeader3(
      try usableHandle(), start, UInt(bytes.count), &width, &height, &subsampling, &colorspace)
    try check(status, source: source)
    guard Int(width) * Int(height) <= PictureFormat.pixelCountMax else {
      throw .pictureTooLarge(source: source, width: Int(width), height: Int(height))
    }
    guard colorspace != CInt(TJCS_CMYK.rawValue), colorspace != CInt(TJCS_YCCK.rawValue) else {
      throw .undecodable(
        source: source, kind: "JPEG", reason: "its colours are CMYK, for printing; save it as RGB or grey")
    }
    return Header(width: Int(width), height: Int(height), isGrey: colorspace == CInt(TJCS_GRAY.rawValue))
  }

  /// Decodes at the largest scale that fits `width` x `height`, which are the picture's size in eighths, rounded up.
  /// `output` has `width * height` pixels of one byte (`isGrey`: luma) or three (R, G, B).
  func decode(
    _ bytes: UnsafeRawBufferPointer, width: Int, height: Int, isGrey: Bool,
    into output: UnsafeMutableBufferPointer<UInt8>, source: String
  ) throws(ImagingError) {
    precondition(output.count >= width * height * (isGrey ? 1 : 3))
    let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
    let pixelFormat = isGrey ? TJPF_GRAY : TJPF_RGB
    let status = tjDecompress2(
      try usableHandle(), start, UInt(bytes.count), output.baseAddress, CInt(width), 0, CInt(height),
      CInt(pixelFormat.rawValue), TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS)
    try check(status, source: source)
  }

  private func check(_ status: CInt, source: String) throws(ImagingError) {
    guard status != 0, let message = tjGetErrorStr2(handle) else { return }
    // The words are those of libjpeg since 1991. 0xd9 is the end marker: the whole picture was decoded by then.
    if strstr(message, "extraneous bytes before marker 0xd9") != nil { return }
    let reason = String(cString: message)
    tjDestroy(handle)
    handle = nil
    throw .undecodable(source: source, kind: "JPEG", reason: reason)
  }
}
