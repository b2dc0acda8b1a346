/// A rectangle of a picture, in fractions of its width and height, so that it holds for every resolution.
public struct Region: Sendable, Hashable {
  /// The left edge, 0…1.
  public var x: Double
  /// The upper edge, 0…1.
  public var y: Double
  /// More than 0, and `x + width` at most 1.
  public var width: Double
  /// More than 0, and `y + height` at most 1.
  public var height: Double

  /// Makes a region; `Preprocessor` refuses one that reaches out of the picture.
  public init(x: Double, y: Double, width: Double, height: Double) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }

  /// The whole picture.
  public static let whole = Region(x: 0, y: 0, width: 1, height: 1)
}
