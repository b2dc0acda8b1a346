import CKernels
import TFLite

/// How a window of taps moves over pictures: the geometry of convolutions and pools.
struct Window {
  private(set) var batches: Int
  let inputHeight: Int
  let inputWidth: Int
  let height: Int
  let width: Int
  let strideHeight: Int
  let strideWidth: Int
  let dilationHeight: Int
  let dilationWidth: Int
  /// Rows of padding above the picture.
  let top: Int
  /// Columns of padding left of the picture.
  let left: Int
  let outputHeight: Int
  let outputWidth: Int
  /// Whether some tap of some result lies outside the picture.
  let hasPadding: Bool

  var taps: Int { height * width }
  var outputPixels: Int { batches * outputHeight * outputWidth }
  /// Whether result pixel i is made of input pixel i alone.
  var isPointwise: Bool { taps == 1 && strideHeight == 1 && strideWidth == 1 && !hasPadding }

  /// Works out the geometry for a picture of `input` shape [batches, height, width, channels].
  ///
  /// `absorbed` is a PAD in front, whose rows and columns count as part of the picture's padding.
  init(
    input: [Int], height: Int, width: Int, options: ConvolutionOptions, absorbed: Compiler.AbsorbedPad?, _ node: Node
  ) throws(CompilationError) {
    batches = input[0]
    inputHeight = input[1]
    inputWidth = input[2]
    self.height = height
    self.width = width
    strideHeight = options.strideHeight
    strideWidth = options.strideWidth
    dilationHeight = options.dilationHeight
    dilationWidth = options.dilationWidth
    let settings = [strideHeight, strideWidth, dilationHeight, dilationWidth, height, width]
    guard settings.allSatisfy({ (1...65_536).contains($0) }) else {
      throw node.mismatch("window sizes, strides and dilations must be 1 to 65536")
    }
    let rows = Self.placed(
      inputHeight + (absorbed.map { $0.top + $0.bottom } ?? 0), height, strideHeight, dilationHeight, options.padding)
    let columns = Self.placed(
      inputWidth + (absorbed.map { $0.left + $0.right } ?? 0), width, strideWidth, dilationWidth, options.padding)
    guard rows.count > 0, columns.count > 0 else {
      throw node.mismatch("the window of \(height)x\(width) is larger than the picture of \(inputHeight)x\(inputWidth)")
    }
    outputHeight = rows.count
    outputWidth = columns.count
    top = rows.before + (absorbed?.top ?? 0)
    left = columns.before + (absorbed?.left ?? 0)
    let bottom = (outputHeight - 1) * strideHeight + (height - 1) * dilationHeight - top
    let right = (outputWidth - 1) * strideWidth + (width - 1) * dilationWidth - left
    hasPadding = top > 0 || left > 0 || bottom >= inputHeight || right >= inputWidth
  }

  /// The same for one picture of the batch.
  var ofOnePicture: Window {
    var window = self
    window.batches = 1
    return window
  }

  /// The geometry of a matrix product of that many rows: each row is a pixel.
  init(rows: Int) {
    (batches, inputHeight, inputWidth, height, width) = (1, 1, rows, 1, 1)
    (strideHeight, strideWidth, dilationHeight, dilationWidth) = (1, 1, 1, 1)
    (top, left, outputHeight, outputWidth, hasPadding) = (0, 0, 1, rows, false)
  }

  /// For a window of one tap: that of a picture of those pixels alone which some result sees.
  var ofSeenPixels: Window { Window(batches: batches, outputHeight: outputHeight, outputWidth: outputWidth) }

  private init(batches: Int, outputHeight: Int, outputWidth: Int) {
    (self.batches, inputHeight, inputWidth, height, width) = (batches, outputHeight, outputWidth, 1, 1)
    (strideHeight, strideWidth, dilationHeight, dilationWidth) = (1, 1, 1, 1)
    (top, left, self.outputHeight, self.outputWidth, hasPadding) = (0, 0, outputHeight, outputWidth, false)
  }

  /// How many windows fit along one dimension, and how much padding lies before the first.
  private static func placed(
    _ size: Int, _ window: Int, _ stride: Int, _ dilation: Int, _ padding: Padding
  ) -> (count: Int, before: Int) {
    let reach = (window - 1) * dilation + 1
    switch padding {
    case .same:
      let count = (size + stride - 1) / stride
      return (count, max(0, (count - 1) * stride + reach - size) / 2)
    case .valid: return ((size + stride - reach) / stride, 0)
    }
  }

  /// The kernels' own form, for pixels of that many bytes.
  func geometry(pixelByteCount: Int) -> maskd_window {
    maskd_window(
      input_height: inputHeight, input_width: inputWidth, height: height, width: width,
      stride_height: strideHeight, stride_width: strideWidth, dilation_height: dilationHeight,
      dilation_width: dilationWidth, top: top, left: left, output_height: outputHeight, output_width: outputWidth,
      pixel_bytes: pixelByteCount)
  }

  /// The form that depthwise kernels take for a row of results, all of whose taps are in memory.
  func depthwiseGeometry(pixelByteCount: Int, resultByteCount: Int) -> maskd_depthwise_window {
    maskd_depthwise_window(
      height: height, width: width, tap_step: dilationWidth * pixelByteCount,
      pixel_step: strideWidth * pixelByteCount, result_step: resultByteCount, left: 0, right: 0, outside: 0)
  }

  /// The pixel (in pixels from the start of the input) under a tap of a result pixel, or nil outside the picture.
  @inline(__always)
  func pixel(batch: Int, y: Int, x: Int, tapY: Int, tapX: Int) -> Int? {
    let row = y * strideHeight - top + tapY * dilationHeight
    let column = x * strideWidth - left + tapX * dilationWidth
    guard row >= 0, row < inputHeight, column >= 0, column < inputWidth else { return nil }
    return (batch * inputHeight + row) * inputWidth + column
  }
}
