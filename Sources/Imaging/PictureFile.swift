import Glibc

/// Still pictures from files and from memory: JPEG and PNG, decoded at full size to `rgb24`.
public enum PictureFile {
  /// A file has at most this many bytes: more than an uncompressed picture of the largest size.
  public static let byteCountMax = 256 << 20

  /// Reads and decodes a file. Its kind is told by its first bytes, not by its name.
  public static func read(path: String) throws(ImagingError) -> DecodedPicture {
    let bytes = try contents(of: path)
    let span = bytes.span
    return try span.withUnsafeBytes { (bytes: UnsafeRawBufferPointer) throws(ImagingError) -> DecodedPicture in
      try decode(bytes, source: path)
    }
  }

  /// Decodes a file's bytes; `source` names them in errors.
  public static func decode(_ bytes: UnsafeRawBufferPointer, source: String) throws(ImagingError) -> DecodedPicture {
    if bytes.starts(with: PNGDecoder.signature) { return try PNGDecoder.decode(bytes, source: source) }
    guard isJPEG(bytes) else { throw .notAPicture(source: source) }
    let decoder = try JPEGDecoder()
    let header = try decoder.readHeader(bytes, source: source)
    var pixels = [UInt8](repeating: 0, count: header.width * header.height * 3)
    try pixels.withUnsafeMutableBufferPointer {
      (buffer: inout UnsafeMutableBufferPointer<UInt8>) throws(ImagingError) in
      try decoder.decode(
        bytes, width: header.width, height: header.height, isGrey: false, into: buffer, source: source)
    }
    return DecodedPicture(width: header.width, height: header.height, bytes: pixels)
  }

  /// The format of a JPEG picture as its header says it, for a source of JPEG frames.
  public static func jpegFormat(
    _ bytes: UnsafeRawBufferPointer, source: String
  ) throws(ImagingError) -> PictureFormat {
    guard isJPEG(bytes) else { throw .notAPicture(source: source) }
    let header = try JPEGDecoder().readHeader(bytes, source: source)
    return PictureFormat(pixelFormat: .jpeg, width: header.width, height: header.height, color: .jfif)
  }

  private static func isJPEG(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.starts(with: [0xFF, 0xD8, 0xFF])
  }

  /// Only of regular files: a pipe or a device could keep us waiting, or never end.
  private static func contents(of path: String) throws(ImagingError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .unreadable(path: path, reason: String(cString: strerror(errno))) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw .unreadable(path: path, reason: String(cString: strerror(errno)))
    }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .unreadable(path: path, reason: "it is not a regular file") }
    let byteCount = Int(status.st_size)
    guard byteCount <= byteCountMax else {
      throw .unreadable(path: path, reason: "it has \(byteCount) bytes; a picture has at most \(byteCountMax)")
    }
    return try read(descriptor, byteCount: byteCount, path: path)
  }

  private static func read(_ descriptor: CInt, byteCount: Int, path: String) throws(ImagingError) -> [UInt8] {
    var failure: CInt = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
      while count < byteCount, let start = buffer.baseAddress {
        let step = Glibc.read(descriptor, start + count, byteCount - count)
        if step < 0 { failure = errno }
        guard step > 0 else { return }
        count += step
      }
    }
    guard failure == 0 else { throw .unreadable(path: path, reason: String(cString: strerror(failure))) }
    return bytes
  }
}
