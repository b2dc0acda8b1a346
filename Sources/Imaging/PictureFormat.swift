/// The format of the pictures of one source.
public struct PictureFormat: Sendable, Hashable {
  /// A picture has at most this many pixels (64 × 1024 × 1024).
  public static let pixelCountMax = 64 << 20
  /// A side of a picture has at most this many pixels: what JPEG can express.
  public static let sideMax = 65_535

  /// How the pixels lie in memory.
  public var pixelFormat: PixelFormat
  /// In pixels.
  public var width: Int
  /// In pixels.
  public var height: Int
  /// The distance of two rows in bytes, at least the bytes of one row; 0 for `jpeg`.
  public var bytesPerRow: Int
  /// How luma and chroma become colours.
  public var color: ColorEncoding

  /// Makes a format. Without `bytesPerRow` the rows follow each other without padding.
  public init(
    pixelFormat: PixelFormat, width: Int, height: Int, bytesPerRow: Int? = nil, color: ColorEncoding = .camera
  ) {
    self.pixelFormat = pixelFormat
    self.width = width
    self.height = height
    self.bytesPerRow = bytesPerRow ?? Self.rowByteCount(pixelFormat, width: max(0, min(width, Self.sideMax)))
    self.color = color
  }

  /// The bytes of one row without padding; 0 for `jpeg`.
  public static func rowByteCount(_ pixelFormat: PixelFormat, width: Int) -> Int {
    switch pixelFormat {
    case .yuyv: (width + 1) / 2 * 4
    case .nv12: (width + 1) / 2 * 2
    case .grey: width
    case .rgb24: width * 3
    case .jpeg: 0
    }
  }

  /// The bytes that a picture has at least (the padding of its last row may be missing); 0 for `jpeg`.
  ///
  /// Holds for formats that passed `validate()`; others may give any number but never trap.
  public var byteCountMin: Int {
    let rows = pixelFormat == .nv12 ? height &+ (height &+ 1) / 2 : height
    guard pixelFormat != .jpeg, rows > 0 else { return 0 }
    return bytesPerRow &* (rows &- 1) &+ Self.rowByteCount(pixelFormat, width: max(0, min(width, Self.sideMax)))
  }

  /// Throws where no picture can have this format: an empty side, more pixels than allowed, rows that overlap.
  public func validate() throws(ImagingError) {
    guard width >= 1, height >= 1 else { throw .emptyPicture(width: width, height: height) }
    guard width <= Self.sideMax, height <= Self.sideMax, width * height <= Self.pixelCountMax else {
      throw .pictureTooLarge(source: "", width: width, height: height)
    }
    let rowByteCount = Self.rowByteCount(pixelFormat, width: width)
    // A stride of 16 MiB is beyond any row that the limits allow and keeps every product far from overflow.
    guard pixelFormat == .jpeg || (rowByteCount...(1 << 24)).contains(bytesPerRow) else {
      throw .badBytesPerRow(format: self, least: rowByteCount)
    }
  }
}

extension PictureFormat: CustomStringConvertible {
  /// For example `640x480 yuyv, 1280 bytes per row, bt601 limited`; `640x480 jpeg`.
  public var description: String {
    switch pixelFormat {
    case .jpeg: "\(width)x\(height) jpeg"
    case .rgb24: "\(width)x\(height) rgb24, \(bytesPerRow) bytes per row"
    case .yuyv, .nv12, .grey:
      "\(width)x\(height) \(pixelFormat.rawValue), \(bytesPerRow) bytes per row, "
        + "\(color.matrix.rawValue) \(color.range.rawValue)"
    }
  }
}

/// A picture that someone else holds, for as long as they hold it.
public struct Picture {
  /// What the bytes are.
  public let format: PictureFormat
  /// The pixels, or the file for `jpeg`. May be longer than the picture.
  public let bytes: UnsafeRawBufferPointer

  /// A view of bytes that stay valid and unchanged while the view is used.
  public init(format: PictureFormat, bytes: UnsafeRawBufferPointer) {
    self.format = format
    self.bytes = bytes
  }
}
