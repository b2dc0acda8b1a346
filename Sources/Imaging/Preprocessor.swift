/// Makes a model's input of pictures: crops, resizes, converts, normalises and quantizes in one pass.
///
/// The steps, in the order that training had: the region is cut out (its edges at the nearest pixel borders) and, for
/// `.crop`, its middle with the input's aspect; YUV becomes full range R, G, B (each pixel with the chroma sample that
/// covers it), or luma for models with one channel; rows are resized to the input's width and rounded to 8 bits, then
/// columns to its height and rounded again; a table turns each 8-bit value into the element. JPEG frames are decoded
/// at the smallest eighths of their size at which the part to be seen still has the pixels of the input.
///
/// Made once for a format, a region and a contract; `fill` then allocates nothing. Used by one thread at a time.
public final class Preprocessor {
  /// The format of the pictures that it takes.
  public let format: PictureFormat
  /// The part of the pictures that it looks at.
  public let region: Region
  /// What it makes of it.
  public let contract: InputContract

  private let jpeg: JPEGFrameDecoder?
  private let reader: RowReader
  private let horizontal: HorizontalResizer
  private let vertical: VerticalResizer
  private let table: ElementTable
  private var meter: QualityMeter

  /// Checks format, region and contract, and allocates everything that `fill` needs.
  public init(format: PictureFormat, region: Region, contract: InputContract) throws(ImagingError) {
    try format.validate()
    try contract.validate()
    var crop = try PixelRectangle(region, of: format)
    if contract.fit == .crop { crop = crop.croppedToAspect(width: contract.width, height: contract.height) }
    let jpeg =
      format.pixelFormat == .jpeg ? try JPEGFrameDecoder(format: format, crop: crop, contract: contract) : nil
    let pixels = jpeg?.output ?? format
    crop = jpeg?.crop ?? crop
    let isColor = contract.channels == 3 && pixels.pixelFormat != .grey
    let channels = isColor ? 3 : 1
    let vertical = try VerticalResizer(
      contract.filter, from: crop.height, to: contract.height, rowByteCount: contract.width * channels)
    // Whatever throws stands above: Swift 6.2 cannot undo a half-made object that owns buffers.
    (self.format, self.region, self.contract) = (format, region, contract)
    self.jpeg = jpeg
    self.vertical = vertical
    reader = RowReader(format: pixels, crop: crop, isColor: isColor)
    horizontal = HorizontalResizer(contract.filter, from: crop.width, to: contract.width, isColor: isColor)
    table = ElementTable(contract, sourceChannels: channels)
    meter = QualityMeter(width: contract.width, channels: channels)
  }

  /// Fills the input tensor, which has exactly `contract.byteCount` bytes, from a picture of the agreed format.
  ///
  /// Errors are for pictures that are not what was agreed, and for JPEG frames that are damaged. After one the
  /// tensor's content is not defined, and the next picture may be tried.
  public func fill(
    _ input: UnsafeMutableRawBufferPointer, from picture: Picture
  ) throws(ImagingError) -> PictureQuality {
    guard picture.format == format else { throw .formatMismatch(expected: format, found: picture.format) }
    guard input.count == contract.byteCount, let output = input.baseAddress else {
      throw .inputSizeMismatch(expected: contract.byteCount, found: input.count)
    }
    if let jpeg {
      resize(try jpeg.decode(picture.bytes), into: output)
    } else {
      guard picture.bytes.count >= format.byteCountMin, let bytes = picture.bytes.baseAddress else {
        throw .shortPicture(format: format, expected: format.byteCountMin, found: picture.bytes.count)
      }
      resize(bytes.assumingMemoryBound(to: UInt8.self), into: output)
    }
    return meter.quality
  }

  private func resize(_ bytes: UnsafePointer<UInt8>, into output: UnsafeMutableRawPointer) {
    let rowByteCount = contract.byteCount / contract.height
    var rowsRead = 0
    meter.reset()
    for y in 0..<contract.height {
      let rows = vertical.inputRows(for: y)
      // Filters without antialias step over rows that no output needs.
      rowsRead = max(rowsRead, rows.lowerBound)
      while rowsRead < rows.upperBound {
        horizontal.resize(reader.read(rowsRead, of: bytes), into: vertical.slot(for: rowsRead))
        rowsRead += 1
      }
      let row = vertical.resize(y)
      meter.add(row)
      table.write(row, into: output + y * rowByteCount)
    }
  }
}
