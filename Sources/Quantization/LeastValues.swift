/// Which of many non-negative numbers are the least: those below a threshold, and the first that are equal to it.
struct LeastValues {
  private let threshold: Float
  private var equalCount: Int

  /// Finds the `count` least of the values of several lists, each list multiplied with a factor.
  ///
  /// Non-negative floats are in the order of their bit patterns, so the threshold is found from counts of their upper
  /// halves and then of the lower halves of those that are left: nothing is sorted.
  init(count: Int, of lists: [[Float]], factors: [Float]) {
    var left = count
    var prefix: UInt32 = 0
    for shift: UInt32 in [16, 0] {
      var counts = [Int](repeating: 0, count: 1 << 16)
      for (list, factor) in zip(lists, factors) {
        for value in list {
          let bits = (value * factor).bitPattern
          if shift == 16 || bits >> 16 == prefix >> 16 { counts[Int(bits >> shift & 0xFFFF)] += 1 }
        }
      }
      var bucket = 0
      while bucket < counts.count - 1, left > counts[bucket] {
        left -= counts[bucket]
        bucket += 1
      }
      prefix |= UInt32(bucket) << shift
    }
    threshold = Float(bitPattern: prefix)
    equalCount = left
  }

  /// Whether a value is among them. Values must be asked for in the order in which they were given.
  mutating func contains(_ value: Float) -> Bool {
    if value < threshold { return true }
    guard value == threshold, equalCount > 0 else { return false }
    equalCount -= 1
    return true
  }
}
