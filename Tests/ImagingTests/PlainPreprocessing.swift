import Imaging

/// What `Preprocessor` does, written in the plainest way in double arithmetic on whole pictures. Values are rounded to
/// 8 bits where training did: after the conversion, and after each axis.
struct PlainPicture {
  /// By row, column and channel.
  var pixels: [[[Double]]]

  init(_ bytes: [UInt8], _ format: PictureFormat, channels: Int) {
    pixels = (0..<format.height).map { y in
      (0..<format.width).map { x in Self.pixel(bytes, format, x, y, channels: channels) }
    }
  }

  private static func pixel(
    _ bytes: [UInt8], _ format: PictureFormat, _ x: Int, _ y: Int, channels: Int
  ) -> [Double] {
    let row = y * format.bytesPerRow
    let chromaRow = (format.height + y / 2) * format.bytesPerRow
    func value(_ index: Int) -> Double { Double(bytes[index]) }
    switch format.pixelFormat {
    case .rgb24:
      let rgb = (0..<3).map { value(row + x * 3 + $0) }
      return channels == 3 ? rgb : [(0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2]).rounded()]
    case .grey:
      return [Double](repeating: luma(value(row + x), format.color), count: channels)
    case .yuyv:
      let pair = row + x / 2 * 4
      return color(value(row + x * 2), value(pair + 1), value(pair + 3), format.color, channels: channels)
    case .nv12:
      let pair = chromaRow + x / 2 * 2
      return color(value(row + x), value(pair), value(pair + 1), format.color, channels: channels)
    case .jpeg:
      return []
    }
  }

  private static func byte(_ value: Double) -> Double { min(255, max(0, (value + 0.5).rounded(.down))) }

  private static func luma(_ y: Double, _ color: ColorEncoding) -> Double {
    byte(color.range == .limited ? (y - 16) * 255 / 219 : y)
  }

  private static func color(
    _ y: Double, _ u: Double, _ v: Double, _ color: ColorEncoding, channels: Int
  ) -> [Double] {
    guard channels == 3 else { return [luma(y, color)] }
    let isLimited = color.range == .limited
    let y = isLimited ? (y - 16) / 219 : y / 255
    let pb = (u - 128) / (isLimited ? 224 : 255)
    let pr = (v - 128) / (isLimited ? 224 : 255)
    let rgb =
      switch color.matrix {
      case .bt601: [y + 1.402 * pr, y - 0.344136 * pb - 0.714136 * pr, y + 1.772 * pb]
      case .bt709: [y + 1.5748 * pr, y - 0.187324 * pb - 0.468124 * pr, y + 1.8556 * pb]
      case .bt2020: [y + 1.4746 * pr, y - 0.164553 * pb - 0.571353 * pr, y + 1.8814 * pb]
      }
    return rgb.map { byte($0 * 255) }
  }

  mutating func crop(x: Int, y: Int, width: Int, height: Int) {
    pixels = pixels[y..<y + height].map { Array($0[x..<x + width]) }
  }

  mutating func resize(width: Int, height: Int, filter: InputContract.Filter) {
    pixels = pixels.map { row in Self.resize(row, to: width, filter) }
    let columns = (0..<width).map { x in Self.resize(pixels.map { $0[x] }, to: height, filter) }
    pixels = (0..<height).map { y in columns.map { $0[y] } }
  }

  private static func resize(_ line: [[Double]], to count: Int, _ filter: InputContract.Filter) -> [[Double]] {
    let scale = Double(line.count) / Double(count)
    return (0..<count).map { output in
      let weights = weights(line.count, center: (Double(output) + 0.5) * scale, scale: scale, filter)
      let sum = weights.reduce(0, +)
      return line[0].indices.map { channel in
        byte(zip(line, weights).reduce(0) { $0 + $1.0[channel] * $1.1 } / sum)
      }
    }
  }

  /// The weight of every pixel of the line.
  private static func weights(
    _ count: Int, center: Double, scale: Double, _ filter: InputContract.Filter
  ) -> [Double] {
    switch filter {
    case .triangle:
      let support = max(1, scale)
      return (0..<count).map { max(0, 1 - abs(Double($0) + 0.5 - center) / support) }
    case .bilinear:
      var weights = [Double](repeating: 0, count: count)
      let left = (center - 0.5).rounded(.down)
      weights[min(max(Int(left), 0), count - 1)] += 1 - (center - 0.5 - left)
      weights[min(max(Int(left) + 1, 0), count - 1)] += center - 0.5 - left
      return weights
    case .nearest:
      return (0..<count).map { $0 == min(Int(center), count - 1) ? 1 : 0 }
    }
  }

  /// Rows of pixels of channels.
  var values: [Double] { pixels.flatMap { $0.flatMap { $0 } } }
}
