import TFLite

/// Float activations as layers with int8 weights quantize them while the model runs.
struct DynamicInput {
  /// One scale a row; a row is a picture, or a vector of a matrix product.
  let scales: [Float]
  /// All elements less the zero point of their row.
  let integers: [Int]

  /// Quantizes each of `rows` equal parts by itself. Zero is always in the range, and always a step.
  init(_ values: [Float], rows: Int, isSymmetric: Bool) {
    var scales: [Float] = []
    var integers: [Int] = []
    let count = values.count / max(1, rows)
    for row in 0..<rows {
      let part = values[row * count..<(row + 1) * count]
      let (least, greatest) = (min(0, part.min() ?? 0), max(0, part.max() ?? 0))
      guard least < greatest, (greatest - least).isFinite else {
        scales.append(1)
        integers += [Int](repeating: 0, count: count)
        continue
      }
      let (scale, zeroPoint) =
        isSymmetric
        ? (max(-least, greatest) / 127, 0) : Self.asymmetric(least: least, greatest: greatest)
      let inverse = isSymmetric ? 127 / max(-least, greatest) : 1 / scale
      let lowest: Float = isSymmetric ? -127 : -128
      scales.append(scale)
      integers += part.map {
        let steps = ($0 * inverse).rounded(.toNearestOrAwayFromZero) + Float(zeroPoint)
        return Int(min(max(steps, lowest), 127)) - zeroPoint
      }
    }
    self.scales = scales
    self.integers = integers
  }

  /// The zero point comes from the end of the range where rounding loses less.
  private static func asymmetric(least: Float, greatest: Float) -> (scale: Float, zeroPoint: Int) {
    let scale = Double(greatest - least) / 255
    let (least, greatest) = (Double(least), Double(greatest))
    let (fromLeast, fromGreatest) = (-128 - least / scale, 127 - greatest / scale)
    let isLeastBetter = 128 + abs(least / scale) < 127 + abs(greatest / scale)
    let zeroPoint = (isLeastBetter ? fromLeast : fromGreatest).rounded(.toNearestOrAwayFromZero)
    return (Float(scale), Int(min(max(zeroPoint, -128), 127)))
  }
}

extension OperatorCall {
  /// Sums of a layer with int8 weights from a float input: `sums` makes them of the quantized input and the weights, as
  /// many for each row of the input.
  ///
  /// - Parameter axis: the dimension of the weights that the results run along.
  func dynamicSums(
    _ input: TensorValue, _ weights: TensorValue, rows: Int, results: Int, axis: Int, isSymmetric: Bool,
    sums: ([Int], [Int]) -> [Int]
  ) throws(ReferenceError) -> [Float] {
    _ = try weightZeroPoint(weights)
    let scales = try weightScales(weights, count: results, axis: axis)
    let quantized = DynamicInput(input.reals, rows: rows, isSymmetric: isSymmetric)
    let sums = sums(quantized.integers, weights.integers)
    let perRow = sums.count / max(1, rows)
    return sums.enumerated().map { Float($1) * scales[$0 % results] * quantized.scales[$0 / perRow] }
  }
}
