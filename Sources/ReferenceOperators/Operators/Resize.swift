import TFLite

extension OperatorCall {
  /// RESIZE_BILINEAR. Float and legacy uint8 in single precision, int8 in fixed point with 10 bits.
  func resizeBilinear() throws(ReferenceError) -> [TensorValue] {
    let resize = try resizing()
    let input = try input(0)
    let shape = [input.shape[0], resize.height, resize.width, input.shape[3]]
    switch input.type {
    case .float32, .uint8:
      let isInteger = input.type == .uint8
      let values = isInteger ? input.integers.map { Float($0) } : input.reals
      let (rows, columns) = (resize.realRows(input.shape[1]), resize.realColumns(input.shape[2]))
      let mixed = interpolated(values, input.shape, rows, columns) { y, x, a, b, c, d in
        let sum =
          a * (1 - y) * (1 - x) + b * y * (1 - x) + c * (1 - y) * x + d * y * x + (isInteger ? 0.5 : 0)
        return sum
      }
      let elements: Elements = isInteger ? .integers(mixed.map { Int($0) }) : .reals(mixed)
      return [try result(type: input.type, shape: shape, elements: elements)]
    case .int8:
      let (rows, columns) = (resize.fixedRows(input.shape[1]), resize.fixedColumns(input.shape[2]))
      let one = 1 << 10
      let mixed = interpolated(input.integers, input.shape, rows, columns) { y, x, a, b, c, d in
        let sum = a * (one - y) * (one - x) + b * y * (one - x) + c * (one - y) * x + d * y * x
        return (sum + (sum > 0 ? 1 << 19 : -(1 << 19))) / (1 << 20)
      }
      return [try result(type: input.type, shape: shape, elements: .integers(mixed))]
    default: throw unsupported("an input of type \(input.type)")
    }
  }

  /// RESIZE_NEAREST_NEIGHBOR.
  func resizeNearestNeighbor() throws(ReferenceError) -> [TensorValue] {
    let resize = try resizing()
    let input = try input(0)
    let rows = resize.nearest(resize.height, input.shape[1])
    let columns = resize.nearest(resize.width, input.shape[2])
    let depth = input.shape[3]
    let positions = (0..<input.shape[0]).flatMap { batch in
      rows.flatMap { row in
        columns.flatMap { column in
          (0..<depth).map { ((batch * input.shape[1] + row) * input.shape[2] + column) * depth + $0 }
        }
      }
    }
    let shape = [input.shape[0], resize.height, resize.width, depth]
    return [try result(type: input.type, shape: shape, elements: input.elements.picked(positions))]
  }

  private func resizing() throws(ReferenceError) -> Resizing {
    guard case .resize(let alignCorners, let halfPixelCenters) = options else { throw malformed("it has no options") }
    let input = try input(0)
    let size = try integers(1)
    guard size.count == 2, size.allSatisfy({ $0 > 0 }), input.shape.count == 4, input.elements.count > 0 else {
      throw malformed("an input \(input.shape) to the size \(size)")
    }
    _ = try checked([input.shape[0], size[0], size[1], input.shape[3]])
    return Resizing(
      height: size[0], width: size[1], alignCorners: alignCorners, halfPixelCenters: halfPixelCenters)
  }

  /// `mix` of the four neighbours of each place, with the distances from the upper left one:
  /// upper left, lower left, upper right, lower right.
  private func interpolated<Number>(
    _ values: [Number], _ shape: [Int], _ rows: [Neighbors<Number>], _ columns: [Neighbors<Number>],
    _ mix: (Number, Number, Number, Number, Number, Number) -> Number
  ) -> [Number] {
    let (height, width, depth) = (shape[1], shape[2], shape[3])
    var results: [Number] = []
    for batch in 0..<shape[0] {
      for row in rows {
        for column in columns {
          for channel in 0..<depth {
            func value(_ y: Int, _ x: Int) -> Number { values[((batch * height + y) * width + x) * depth + channel] }
            results.append(
              mix(
                row.distance, column.distance, value(row.lower, column.lower), value(row.upper, column.lower),
                value(row.lower, column.upper), value(row.upper, column.upper)))
          }
        }
      }
    }
    return results
  }
}

/// Two neighbours along one dimension, and how far beyond the lower one a place lies.
private struct Neighbors<Number> {
  let lower: Int
  let upper: Int
  let distance: Number
}

/// Which places of a picture the pixels of a resized picture come from.
private struct Resizing {
  let height: Int
  let width: Int
  let alignCorners: Bool
  let halfPixelCenters: Bool

  func realRows(_ inputSize: Int) -> [Neighbors<Float>] { realNeighbors(height, inputSize) }
  func realColumns(_ inputSize: Int) -> [Neighbors<Float>] { realNeighbors(width, inputSize) }
  func fixedRows(_ inputSize: Int) -> [Neighbors<Int>] { fixedNeighbors(height, inputSize) }
  func fixedColumns(_ inputSize: Int) -> [Neighbors<Int>] { fixedNeighbors(width, inputSize) }

  /// The nearest place for each of `size` pixels.
  func nearest(_ size: Int, _ inputSize: Int) -> [Int] {
    let scale = scale(size, inputSize)
    return (0..<size).map { pixel in
      let place = (Float(pixel) + (halfPixelCenters ? 0.5 : 0)) * scale
      let nearest = alignCorners ? place.rounded(.toNearestOrAwayFromZero) : place.rounded(.down)
      return max(0, min(Int(nearest), inputSize - 1))
    }
  }

  private func scale(_ size: Int, _ inputSize: Int) -> Float {
    alignCorners && size > 1 ? Float(inputSize - 1) / Float(size - 1) : Float(inputSize) / Float(size)
  }

  private func realNeighbors(_ size: Int, _ inputSize: Int) -> [Neighbors<Float>] {
    let scale = scale(size, inputSize)
    return (0..<size).map { pixel in
      let place = halfPixelCenters ? (Float(pixel) + 0.5) * scale - 0.5 : Float(pixel) * scale
      let lower = max(Int(place.rounded(.down)), 0)
      return Neighbors(
        lower: lower, upper: min(Int(place.rounded(.up)), inputSize - 1), distance: place - Float(lower))
    }
  }

  private func fixedNeighbors(_ size: Int, _ inputSize: Int) -> [Neighbors<Int>] {
    let (top, bottom) = alignCorners && size > 1 ? (inputSize - 1, size - 1) : (inputSize, size)
    let scale = ((1 << 10) * top + bottom / 2) / bottom
    return (0..<size).map { pixel in
      let place = pixel * scale + (halfPixelCenters ? scale / 2 - (1 << 9) : 0)
      let lower = max(place / (1 << 10), 0)
      let upper = min((place + (1 << 10) - 1) / (1 << 10), inputSize - 1)
      return Neighbors(lower: lower, upper: upper, distance: place - lower * (1 << 10))
    }
  }
}
