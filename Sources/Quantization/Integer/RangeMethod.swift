/// How the range that int8 values stand for is chosen from a histogram.
public enum RangeMethod: String, Sendable, CaseIterable {
  /// All values that were seen.
  case minMax = "min-max"
  /// All but the outermost 0.01 %.
  case percentile
  /// The range with the least mean squared error: rounding inside of it, clipping outside.
  case meanSquaredError = "mean squared error"

  /// The range; it always contains 0.
  func range(of histogram: ActivationHistogram) -> ClosedRange<Float> {
    guard histogram.low <= histogram.high else { return 0...0 }
    let (low, high) = (min(0, histogram.low), max(0, histogram.high))
    switch self {
    case .minMax: return low...high
    case .percentile:
      let range = Self.percentile(histogram)
      return min(0, max(low, range.lowerBound))...max(0, min(high, range.upperBound))
    case .meanSquaredError: return Self.leastError(histogram, within: low...high)
    }
  }

  private static func percentile(_ histogram: ActivationHistogram) -> ClosedRange<Float> {
    let outside = Double(histogram.counts.reduce(0, +)) * 0.5e-4
    func edge(_ bins: some Sequence<Int>) -> Int {
      var passed = 0.0
      for bin in bins {
        passed += Double(histogram.counts[bin])
        if passed > outside { return bin }
      }
      return 0
    }
    let (first, last) = (edge(histogram.counts.indices), edge(histogram.counts.indices.reversed()))
    let half = Double(histogram.binWidth) / 2
    return Float(histogram.center(first) - half)...Float(histogram.center(last) + half)
  }

  /// Tries ends between a fiftieth of the extreme values and the values themselves.
  private static func leastError(
    _ histogram: ActivationHistogram, within range: ClosedRange<Float>
  ) -> ClosedRange<Float> {
    let error = ClippingError(histogram)
    let steps = 50
    func ends(_ extreme: Float) -> [Double] {
      extreme == 0 ? [0] : (1...steps).map { Double(extreme) * Double($0) / Double(steps) }
    }
    var best = (error: Double.infinity, range: range)
    for low in ends(range.lowerBound) {
      for high in ends(range.upperBound) {
        let found = error.total(low, high)
        if found < best.error { best = (found, Float(low)...Float(high)) }
      }
    }
    return best.range
  }
}

/// The squared error that quantizing to a range brings, summed over a histogram.
private struct ClippingError {
  /// Moments (0, 1 and 2) of all values in the bins before each.
  private var moments: [SIMD4<Double>] = [.zero]
  private let histogram: ActivationHistogram

  init(_ histogram: ActivationHistogram) {
    self.histogram = histogram
    moments.reserveCapacity(histogram.counts.count + 1)
    for (bin, count) in histogram.counts.enumerated() {
      let (n, x) = (Double(count), histogram.center(bin))
      moments.append(moments[bin] + SIMD4(n, n * x, n * x * x, 0))
    }
  }

  func total(_ low: Double, _ high: Double) -> Double {
    let (first, last) = (bin(low), bin(high))
    let below = moments[first]
    let above = moments[moments.count - 1] - moments[last]
    let inside = moments[moments.count - 1][0] - below[0] - above[0] - Double(histogram.zeroCount)
    let step = (high - low) / 255
    func clipped(_ moments: SIMD4<Double>, _ end: Double) -> Double {
      moments[2] - 2 * end * moments[1] + end * end * moments[0]
    }
    return max(0, inside) * step * step / 12 + clipped(below, low) + clipped(above, high)
  }

  private func bin(_ value: Double) -> Int {
    let place = (value + Double(histogram.radius)) / Double(histogram.binWidth)
    return max(0, min(histogram.counts.count, Int(place.rounded())))
  }
}
