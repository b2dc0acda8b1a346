/// How good a picture is to judge by, measured on what the model sees (after cropping and resizing).
public struct PictureQuality: Sendable, Hashable {
  /// The mean of luma, 0 (black) … 255 (white).
  public var meanLuma: Float
  /// The mean of the squared Laplacian (4 neighbours) of luma over the inner pixels, 0 for an even area, up to
  /// 1,040,400. It falls with blur, and with the enlarging of small regions. 0 for inputs below 3x3 pixels.
  public var sharpness: Float

  /// Makes a value.
  public init(meanLuma: Float, sharpness: Float) {
    self.meanLuma = meanLuma
    self.sharpness = sharpness
  }
}
