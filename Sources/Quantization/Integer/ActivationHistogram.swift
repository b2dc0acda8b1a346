/// How often an activation has which values: a histogram of fixed size, whatever is added to it.
///
/// Its bins lie around zero over a width that is doubled, two bins becoming one, when a value comes that lies outside.
struct ActivationHistogram {
  static let binCount = 4096

  private(set) var counts = [UInt64](repeating: 0, count: binCount)
  /// Bins reach from -radius to radius, a power of two.
  private(set) var radius: Float = 0x1p-20
  /// The least and the greatest value so far.
  private(set) var (low, high): (Float, Float) = (.infinity, -.infinity)
  /// Values that are 0: quantized without an error, whatever the range.
  private(set) var zeroCount: UInt64 = 0

  var binWidth: Float { 2 * radius / Float(Self.binCount) }

  /// The value in the middle of a bin.
  func center(_ bin: Int) -> Double { (Double(bin) + 0.5) * Double(binWidth) - Double(radius) }

  /// Adds values. Returns false where one of them is not finite; nothing is added then.
  mutating func add(_ values: UnsafeBufferPointer<Float>) -> Bool {
    var (low, high, probe): (Float, Float, Float) = (.infinity, -.infinity, 0)
    for value in values {
      low = min(low, value)
      high = max(high, value)
      // Stays 0 as long as all is finite.
      probe += value * 0
    }
    guard probe == 0 else { return false }
    guard !values.isEmpty else { return true }
    self.low = min(self.low, low)
    self.high = max(self.high, high)
    while radius < max(high, -low) { widen() }
    let factor = Float(Self.binCount) / (2 * radius)
    let radius = radius
    var zeros = 0
    counts.withUnsafeMutableBufferPointer { counts in
      for value in values {
        counts[min(Int((value + radius) * factor), Self.binCount - 1)] &+= 1
        zeros &+= value == 0 ? 1 : 0
      }
    }
    zeroCount += UInt64(zeros)
    return true
  }

  private mutating func widen() {
    let half = Self.binCount / 2
    var wider = [UInt64](repeating: 0, count: Self.binCount)
    for bin in counts.indices { wider[bin / 2 + half / 2] += counts[bin] }
    counts = wider
    radius *= 2
  }
}
