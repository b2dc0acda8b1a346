// Where the kernels find the pixels of a window.

extension Window {
  /// Points each tap of some neighbouring results in one row to its input pixel: result by result, tap by tap.
  @inline(__always)
  func point<Element>(
    _ pointers: UnsafeMutablePointer<UnsafePointer<Element>?>, _ input: UnsafePointer<Element>,
    outside: UnsafePointer<Element>, channels: Int, row: Int, columns: Range<Int>
  ) {
    let (batch, y) = row.quotientAndRemainder(dividingBy: outputHeight)
    var slot = 0
    for x in columns {
      for tapY in 0..<height {
        for tapX in 0..<width {
          let pixel = pixel(batch: batch, y: y, x: x, tapY: tapY, tapX: tapX)
          pointers[slot] = pixel.map { input + $0 * channels } ?? outside
          slot += 1
        }
      }
    }
  }

  /// Points each tap of a tile of neighbouring results to its input pixel: tap by tap, `mr` slots a tap.
  @inline(__always)
  func point<Element>(
    _ pointers: UnsafeMutablePointer<UnsafePointer<Element>?>, _ input: UnsafePointer<Element>,
    outside: UnsafePointer<Element>, channels: Int, first: Int, rows: Int, mr: Int
  ) {
    if isPointwise {
      for row in 0..<rows { pointers[row] = input + (first + row) * channels }
      return
    }
    var x = first % outputWidth
    var y = first / outputWidth % outputHeight
    var batch = first / (outputWidth * outputHeight)
    for row in 0..<rows {
      var slot = row
      for tapY in 0..<height {
        for tapX in 0..<width {
          let pixel = pixel(batch: batch, y: y, x: x, tapY: tapY, tapX: tapX)
          pointers[slot] = pixel.map { input + $0 * channels } ?? outside
          slot += mr
        }
      }
      x += 1
      if x == outputWidth { (x, y) = (0, y + 1) }
      if y == outputHeight { (y, batch) = (0, batch + 1) }
    }
  }
}
