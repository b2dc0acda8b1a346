/// Measures the quality of the resized picture while its rows come by.
struct QualityMeter: ~Copyable {
  private let width: Int
  private let channels: Int
  /// The luma of the last three rows; row `y` is in place `y % 3`.
  private let lumas: FixedBuffer<UInt8>
  private var rowCount = 0
  private var lumaSum = 0
  private var squareSum = 0

  /// Rows have `width` (at most 4096) pixels of 1 or 3 channels.
  init(width: Int, channels: Int) {
    self.width = width
    self.channels = channels
    lumas = FixedBuffer(repeating: 0, count: 3 * width)
  }

  /// Begins a new picture.
  mutating func reset() {
    (rowCount, lumaSum, squareSum) = (0, 0, 0)
  }

  /// Takes the next row.
  mutating func add(_ row: UnsafePointer<UInt8>) {
    let luma = lumas.start + rowCount % 3 * width
    if channels == 1 {
      luma.update(from: row, count: width)
    } else {
      for x in 0..<width {
        luma[x] = ColorConversion.luma(red: row[3 &* x], green: row[3 &* x &+ 1], blue: row[3 &* x &+ 2])
      }
    }
    var sum: UInt32 = 0
    for x in 0..<width { sum &+= UInt32(luma[x]) }
    lumaSum += Int(sum)
    rowCount += 1
    if rowCount >= 3, width >= 3 { squareSum += squaredLaplacians() }
  }

  /// Over the inner pixels of the row before the last. Each is at most 1020 squared: 4096 of them fit in 32 bits.
  private func squaredLaplacians() -> Int {
    let above = lumas.start + rowCount % 3 * width
    let middle = lumas.start + (rowCount + 1) % 3 * width
    let below = lumas.start + (rowCount + 2) % 3 * width
    var sum: UInt32 = 0
    for x in 1..<width - 1 {
      let beside = Int32(middle[x &- 1]) &+ Int32(middle[x &+ 1]) &+ Int32(above[x]) &+ Int32(below[x])
      let laplacian = 4 &* Int32(middle[x]) &- beside
      sum &+= UInt32(bitPattern: laplacian &* laplacian)
    }
    return Int(sum)
  }

  /// The measure of the rows since `reset`.
  var quality: PictureQuality {
    let inner = max(0, width - 2) * max(0, rowCount - 2)
    return PictureQuality(
      meanLuma: rowCount == 0 ? 0 : Float(lumaSum) / Float(rowCount * width),
      sharpness: inner == 0 ? 0 : Float(squareSum) / Float(inner))
  }
}
