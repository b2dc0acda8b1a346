/// Reads the rows of the crop from a picture, converted to full range: pixels of four bytes R, G, B and one without
/// meaning, or luma bytes.
struct RowReader: ~Copyable {
  private let format: PictureFormat
  private let crop: PixelRectangle
  private let isColor: Bool
  private let conversion: ColorConversion
  private let pixels: FixedBuffer<UInt32>

  /// `isColor` asks for colour; pictures without any give luma all the same. Not for `jpeg`.
  init(format: PictureFormat, crop: PixelRectangle, isColor: Bool) {
    self.format = format
    self.crop = crop
    self.isColor = isColor && format.pixelFormat != .grey
    conversion = ColorConversion(format.color)
    // One more on each side, because chroma comes in pairs of pixels and a crop may start or end within one.
    pixels = FixedBuffer(repeating: 0, count: crop.width + 2 + HorizontalResizer.overread)
  }

  /// Row `y` of the crop. Valid until the next call; `bytes` has at least `format.byteCountMin` bytes.
  func read(_ y: Int, of bytes: UnsafePointer<UInt8>) -> UnsafeRawPointer {
    let row = bytes + (crop.y + y) * format.bytesPerRow
    return switch format.pixelFormat {
    case .rgb24, .jpeg: isColor ? colors(row + crop.x * 3) : lumaOfColors(row + crop.x * 3)
    case .grey: luma(row + crop.x, step: 1)
    case .yuyv: isColor ? yuyv(row) : luma(row + crop.x * 2, step: 2)
    case .nv12: isColor ? nv12(row, chromaRow(y, of: bytes)) : luma(row + crop.x, step: 1)
    }
  }

  private func chromaRow(_ y: Int, of bytes: UnsafePointer<UInt8>) -> UnsafePointer<UInt8> {
    bytes + (format.height + (crop.y + y) / 2) * format.bytesPerRow
  }

  /// Pairs of pixels that hold the crop, and the place of its first pixel in the first pair.
  private var firstPair: Int { crop.x / 2 }
  private var pairCount: Int { (crop.x + crop.width + 1) / 2 - firstPair }

  /// Where the crop starts in the pairs.
  private var firstOfPairs: UnsafeRawPointer { UnsafeRawPointer(pixels.start + crop.x % 2) }

  private func yuyv(_ row: UnsafePointer<UInt8>) -> UnsafeRawPointer {
    let pairs = row + firstPair * 4
    let (out, conversion) = (pixels.elements, conversion)
    for i in 0..<pairCount {
      let chroma = conversion.chroma(u: pairs[4 &* i &+ 1], v: pairs[4 &* i &+ 3])
      out[2 &* i] = conversion.pixel(y: pairs[4 &* i], chroma: chroma)
      out[2 &* i &+ 1] = conversion.pixel(y: pairs[4 &* i &+ 2], chroma: chroma)
    }
    return firstOfPairs
  }

  private func nv12(_ lumaRow: UnsafePointer<UInt8>, _ chromaRow: UnsafePointer<UInt8>) -> UnsafeRawPointer {
    let luma = lumaRow + firstPair * 2
    let pairs = chromaRow + firstPair * 2
    let (out, conversion) = (pixels.elements, conversion)
    for i in 0..<pairCount {
      let chroma = conversion.chroma(u: pairs[2 &* i], v: pairs[2 &* i &+ 1])
      out[2 &* i] = conversion.pixel(y: luma[2 &* i], chroma: chroma)
      out[2 &* i &+ 1] = conversion.pixel(y: luma[2 &* i &+ 1], chroma: chroma)
    }
    return firstOfPairs
  }

  private func luma(_ row: UnsafePointer<UInt8>, step: Int) -> UnsafeRawPointer {
    let out = UnsafeMutableRawBufferPointer(pixels.elements)
    if step == 1, format.color.range == .full {
      // A copy, because resizing reads a little beyond the end, where a picture may have none.
      out.copyMemory(from: UnsafeRawBufferPointer(start: row, count: crop.width))
      return UnsafeRawPointer(pixels.start)
    }
    let conversion = conversion
    for i in 0..<crop.width { out[i] = conversion.grey(y: row[step &* i]) }
    return UnsafeRawPointer(pixels.start)
  }

  private func colors(_ row: UnsafePointer<UInt8>) -> UnsafeRawPointer {
    let out = pixels.elements
    for i in 0..<crop.width {
      let (red, green, blue) = (UInt32(row[3 &* i]), UInt32(row[3 &* i &+ 1]), UInt32(row[3 &* i &+ 2]))
      out[i] = red | green &<< 8 | blue &<< 16
    }
    return UnsafeRawPointer(pixels.start)
  }

  private func lumaOfColors(_ row: UnsafePointer<UInt8>) -> UnsafeRawPointer {
    let out = UnsafeMutableRawBufferPointer(pixels.elements)
    for i in 0..<crop.width {
      out[i] = ColorConversion.luma(red: row[3 &* i], green: row[3 &* i &+ 1], blue: row[3 &* i &+ 2])
    }
    return UnsafeRawPointer(pixels.start)
  }
}
