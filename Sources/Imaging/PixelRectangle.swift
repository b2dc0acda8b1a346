/// A part of a picture in whole pixels.
struct PixelRectangle: Equatable {
  var x: Int
  var y: Int
  var width: Int
  var height: Int

  /// The pixels of a region: each edge at the nearest border between two pixels (halves up), so that regions that
  /// touch neither overlap nor leave a gap; at least 1x1 pixel.
  init(_ region: Region, of format: PictureFormat) throws(ImagingError) {
    // 0.1 + 0.9 is not always 1: an edge may lie beyond the picture by a rounding of its decimals.
    let edgeMax = 1 + 1e-6
    guard region.x >= 0, region.y >= 0, region.width > 0, region.height > 0,
      region.x + region.width <= edgeMax, region.y + region.height <= edgeMax
    else { throw .badRegion(region) }
    (x, width) = Self.span(from: region.x, to: region.x + region.width, of: format.width)
    (y, height) = Self.span(from: region.y, to: region.y + region.height, of: format.height)
  }

  private static func span(from start: Double, to end: Double, of count: Int) -> (start: Int, count: Int) {
    let first = min(Int((start * Double(count) + 0.5).rounded(.down)), count - 1)
    let last = min(Int((end * Double(count) + 0.5).rounded(.down)), count)
    return (first, max(1, last - first))
  }

  /// The middle of the rectangle with the aspect of `width` to `height`, to the nearest pixel.
  func croppedToAspect(width aspectWidth: Int, height aspectHeight: Int) -> PixelRectangle {
    var result = self
    if width * aspectHeight > height * aspectWidth {
      result.width = max(1, (2 * height * aspectWidth + aspectHeight) / (2 * aspectHeight))
      result.x += (width - result.width) / 2
    } else {
      result.height = max(1, (2 * width * aspectHeight + aspectWidth) / (2 * aspectWidth))
      result.y += (height - result.height) / 2
    }
    return result
  }

  /// The same part of the picture when that is decoded at `eighths`/8 of its size.
  func scaled(eighths: Int, within format: PictureFormat) -> PixelRectangle {
    var result = self
    (result.x, result.width) = Self.scaled(x, width, eighths, limit: format.width)
    (result.y, result.height) = Self.scaled(y, height, eighths, limit: format.height)
    return result
  }

  private static func scaled(_ start: Int, _ count: Int, _ eighths: Int, limit: Int) -> (start: Int, count: Int) {
    let first = min((start * eighths + 4) / 8, limit - 1)
    let last = min(((start + count) * eighths + 4) / 8, limit)
    return (first, max(1, last - first))
  }
}
