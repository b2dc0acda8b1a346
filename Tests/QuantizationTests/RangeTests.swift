import Testing

@testable import Quantization

/// Histograms of fixed size, and the ranges chosen from them.
struct RangeTests {
  private static func histogram(_ parts: [Float]...) -> ActivationHistogram {
    var histogram = ActivationHistogram()
    for part in parts {
      let isAdded = part.withUnsafeBufferPointer { histogram.add($0) }
      #expect(isAdded)
    }
    return histogram
  }

  @Test func valuesKeepTheirPlaceWhenTheWidthGrows() {
    let small = SmallModels.noise(10_000, seed: 1)
    let histogram = Self.histogram(small, [300, -5])
    #expect(histogram.counts.reduce(0, +) == 10_002)
    #expect(histogram.radius == 512 && histogram.low == -5 && histogram.high == 300)
    // Of the noise about half lies below zero.
    let below = (0..<ActivationHistogram.binCount / 2).map { histogram.counts[$0] }.reduce(0, +)
    #expect(abs(Int(below) - small.filter { $0 < 0 }.count - 1) <= 5)
  }

  @Test func numbersThatAreNotFiniteAreNotAdded() {
    var histogram = Self.histogram([1, 2])
    for bad in [Float.nan, .infinity, -.infinity] {
      let isAdded = [0, bad, 1].withUnsafeBufferPointer { histogram.add($0) }
      #expect(!isAdded)
    }
    #expect(histogram.counts.reduce(0, +) == 2)
  }

  @Test func minMaxTakesAllValues() {
    #expect(RangeMethod.minMax.range(of: Self.histogram([-1, 2, 0.5])) == -1...2)
    // 0 is always met: padding is 0.
    #expect(RangeMethod.minMax.range(of: Self.histogram([3, 4])) == 0...4)
    #expect(RangeMethod.minMax.range(of: ActivationHistogram()) == 0...0)
  }

  @Test func percentileClipsALoneOutlier() {
    let range = RangeMethod.percentile.range(of: Self.histogram(SmallModels.noise(200_000, seed: 1), [40]))
    #expect(range.upperBound < 1.1 && range.upperBound > 0.9, "\(range)")
    #expect(range.lowerBound > -1.1 && range.lowerBound < -0.9, "\(range)")
  }

  /// The error that is really made, against the other two ranges.
  @Test(arguments: [2, 3, 6, 20] as [Float])
  func meanSquaredErrorMakesTheLeastError(_ outlier: Float) {
    let values = SmallModels.noise(50_000, seed: 1) + [outlier, -outlier / 2]
    let histogram = Self.histogram(values)
    func error(_ method: RangeMethod) -> Double {
      let range = method.range(of: histogram)
      let step = (range.upperBound - range.lowerBound) / 255
      return values.map { value in
        let level = max(0, min(255, ((value - range.lowerBound) / step).rounded()))
        let error = Double(level * step + range.lowerBound - value)
        return error * error
      }.reduce(0, +)
    }
    #expect(error(.meanSquaredError) <= 1.05 * min(error(.minMax), error(.percentile)))
  }

  @Test func evenValuesAreNotClipped() {
    let range = RangeMethod.meanSquaredError.range(of: Self.histogram(SmallModels.noise(100_000, seed: 1)))
    #expect(range.lowerBound < -0.97 && range.upperBound > 0.97)
  }
}
