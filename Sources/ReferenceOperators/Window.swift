import TFLite

/// How a window of weights slides along one dimension of a picture.
struct Window {
  let inputSize: Int
  let filterSize: Int
  let stride: Int
  let dilation: Int
  /// How many places the window takes.
  let outputSize: Int
  /// How far the first place reaches beyond the picture.
  let padding: Int

  /// Nil where the window is larger than a picture without padding.
  init?(_ mode: Padding, inputSize: Int, filterSize: Int, stride: Int, dilation: Int) {
    guard inputSize > 0, filterSize > 0, stride > 0, dilation > 0 else { return nil }
    let reach = (filterSize - 1) * dilation + 1
    outputSize =
      mode == .same ? (inputSize + stride - 1) / stride : (inputSize + stride - reach) / stride
    guard outputSize >= 0 else { return nil }
    self.inputSize = inputSize
    self.filterSize = filterSize
    self.stride = stride
    self.dilation = dilation
    padding = max((outputSize - 1) * stride + reach - inputSize, 0) / 2
  }

  /// The weights of the window at place `output` that lie inside the picture, each with where it lies.
  func taps(at output: Int) -> [(filter: Int, input: Int)] {
    let origin = output * stride - padding
    let first = origin < 0 ? (-origin + dilation - 1) / dilation : 0
    let end = origin < inputSize ? min(filterSize, (inputSize - origin + dilation - 1) / dilation) : 0
    return (first..<max(first, end)).map { (filter: $0, input: origin + $0 * dilation) }
  }
}

/// A window that slides over the rows and columns of pictures; `input` and `filter` positions count pixels.
struct Windows {
  let batches: Int
  let rows: Window
  let columns: Window

  /// The shape of the result with `depth` channels.
  func outputShape(depth: Int) -> [Int] { [batches, rows.outputSize, columns.outputSize, depth] }

  /// Calls `body` for each pixel of the result, in order, with the weights inside the picture.
  func forEachPlace(_ body: ([(filter: Int, input: Int)]) -> Void) {
    for batch in 0..<batches {
      for y in 0..<rows.outputSize {
        let rowTaps = rows.taps(at: y)
        for x in 0..<columns.outputSize {
          let columnTaps = columns.taps(at: x)
          body(
            rowTaps.flatMap { row in
              columnTaps.map { column in
                (
                  row.filter * columns.filterSize + column.filter,
                  (batch * rows.inputSize + row.input) * columns.inputSize + column.input
                )
              }
            })
        }
      }
    }
  }
}
