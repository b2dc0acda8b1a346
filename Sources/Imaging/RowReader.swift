/// A row of the crop in the form that resizing reads: luma bytes (`pixelStride` 1), or pixels that start with
/// R, G, B (`pixelStride` 3 or 4) of which 4 bytes may be read even at the last one.
struct PixelRow {
  let base: UnsafeRawPointer
  let pixelStride: Int
}

/// Reads the rows of the crop from a picture, converted to full range luma or R, G, B.
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
    pixels = FixedBuffer(repeating: 0, count: crop.width + 2)
  }

  /// Row `y` of the crop. Valid until the next call; `bytes` has at least `format.byteCountMin` bytes.
  func read(_ y: Int, of bytes: UnsafePointer<UInt8>) -> PixelRow {
    let row = bytes + (crop.y + y) * format.bytesPerRow
    return switch format.pixelFormat {
    case .rgb24, .jpeg: isColor ? copyColors(row + crop.x * 3) : lumaOfColors(row + crop.x * 3)
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

  private func pixelRow() -> PixelRow {
    PixelRow(base: UnsafeRawPointer(pixels.start + crop.x % 2), pixelStride: 4)
  }

  private func yuyv(_ row: UnsafePointer<UInt8>) -> PixelRow {
    let pairs = row + firstPair * 4
    let (out, conversion) = (pixels.elements, conversion)
    for i in 0..<pairCount {
      let chroma = conversion.chroma(u: pairs[4 &* i &+ 1], v: pairs[4 &* i &+ 3])
      out[2 &* i] = conversion.pixel(y: pairs[4 &* i], chroma: chroma)
      out[2 &* i &+ 1] = conversion.pixel(y: pairs[4 &* i &+ 2], chroma: chroma)
    }
    return pixelRow()
  }

  private func nv12(_ lumaRow: UnsafePointer<UInt8>, _ chromaRow: UnsafePointer<UInt8>) -> PixelRow {
    let luma = lumaRow + firstPair * 2
    let pairs = chromaRow + firstPair * 2
    let (out, conversion) = (pixels.elements, conversion)
    for i in 0..<pairCount {
      let chroma = conversion.chroma(u: pairs[2 &* i], v: pairs[2 &* i &+ 1])
      out[2 &* i] = conversion.pixel(y: luma[2 &* i], chroma: chroma)
      out[2 &* i &+ 1] = conversion.pixel(y: luma[2 &* i &+ 1], chroma: chroma)
    }
    return pixelRow()
  }

  private func luma(_ row: UnsafePointer<UInt8>, step: Int) -> PixelRow {
    if step == 1, format.color.range == .full { return PixelRow(base: row, pixelStride: 1) }
    let out = UnsafeMutableRawBufferPointer(pixels.elements)
    let conversion = conversion
    for i in 0..<crop.width { out[i] = conversion.grey(y: row[step &* i]) }
    return PixelRow(base: UnsafeRawPointer(pixels.start), pixelStride: 1)
  }

  /// A copy, because the fourth byte of a picture's last pixel is not there to be read.
  private func copyColors(_ row: UnsafePointer<UInt8>) -> PixelRow {
    let out = UnsafeMutableRawBufferPointer(pixels.elements)
    out.copyMemory(from: UnsafeRawBufferPointer(start: row, count: crop.width * 3))
    return PixelRow(base: UnsafeRawPointer(pixels.start), pixelStride: 3)
  }

  private func lumaOfColors(_ row: UnsafePointer<UInt8>) -> PixelRow {
    let out = UnsafeMutableRawBufferPointer(pixels.elements)
    for i in 0..<crop.width {
      out[i] = ColorConversion.luma(red: row[3 &* i], green: row[3 &* i &+ 1], blue: row[3 &* i &+ 2])
    }
    return PixelRow(base: UnsafeRawPointer(pixels.start), pixelStride: 1)
  }
}
