/// What can be wrong with a picture, or with the wish to make an input of it.
public enum ImagingError: Error, Sendable, Equatable {
  /// A side of the picture is below 1 pixel.
  case emptyPicture(width: Int, height: Int)
  /// More pixels than allowed. `source` names the file; empty for a camera's format.
  case pictureTooLarge(source: String, width: Int, height: Int)
  /// Rows that overlap, or a stride beyond 16 MiB.
  case badBytesPerRow(format: PictureFormat, least: Int)
  /// The region reaches out of the picture, is empty or is not a number.
  case badRegion(Region)
  /// The input contract is outside of the limits; the sentence says which field and what would be right.
  case badContract(String)
  /// The picture has another format than the preprocessor was made for.
  case formatMismatch(expected: PictureFormat, found: PictureFormat)
  /// Fewer bytes than the format asks for.
  case shortPicture(format: PictureFormat, expected: Int, found: Int)
  /// The input tensor has another size than the contract.
  case inputSizeMismatch(expected: Int, found: Int)
  /// The file cannot be read; `reason` is the system's text for errno.
  case unreadable(path: String, reason: String)
  /// Neither a JPEG nor a PNG picture.
  case notAPicture(source: String)
  /// The picture is damaged or of a kind that is not supported. `source` names the file; empty for a camera's frame.
  case undecodable(source: String, kind: String, reason: String)
  /// The decoder of the library could not be made.
  case noDecoder(reason: String)
}

extension ImagingError: CustomStringConvertible {
  /// One sentence: what, where, what would be right.
  public var description: String {
    switch self {
    case .emptyPicture(let width, let height):
      "a picture of \(width)x\(height) pixels is empty; each side has at least 1"
    case .pictureTooLarge(let source, let width, let height):
      Self.place(source) + "a picture of \(width)x\(height) pixels is too large; at most "
        + "\(PictureFormat.pixelCountMax >> 20) megapixels and \(PictureFormat.sideMax) a side are allowed"
    case .badBytesPerRow(let format, let least):
      "\(format.bytesPerRow) bytes per row do not fit \(format): at least \(least) and at most \(1 << 24) are right"
    case .badRegion(let region):
      "the region x \(region.x), y \(region.y), width \(region.width), height \(region.height) is not a part of "
        + "the picture; each is a fraction of it, width and height above 0, and no edge beyond 1"
    case .badContract(let sentence):
      "the input contract of the model cannot be met: \(sentence)"
    case .formatMismatch(let expected, let found):
      "a picture of format \(found) came where \(expected) was agreed"
    case .shortPicture(let format, let expected, let found):
      "a picture of format \(format) has \(found) bytes instead of \(expected)"
    case .inputSizeMismatch(let expected, let found):
      "the input tensor has \(found) bytes where the contract makes \(expected)"
    case .unreadable(let path, let reason):
      "\(path): cannot be read: \(reason)"
    case .notAPicture(let source):
      Self.place(source) + "neither a JPEG nor a PNG picture"
    case .undecodable(let source, let kind, let reason):
      Self.place(source) + "this \(kind) picture cannot be decoded: \(reason)"
    case .noDecoder(let reason):
      "the picture decoder cannot be made: \(reason)"
    }
  }

  private static func place(_ source: String) -> String { source.isEmpty ? "" : "\(source): " }
}
