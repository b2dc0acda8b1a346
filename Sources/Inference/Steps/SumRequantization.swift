import FixedPoint

/// How the exact 64-bit sums of a layer become steps of its result.
///
/// In layers of int16 the bias decides how the reference kernels scale: with one of int64 the multiplier is cut to 16
/// bits and rounded once; with one of int32 the sums have 32 bits and are rounded twice, as in int8. FULLY_CONNECTED
/// scales real numbers in either case.
struct SumRequantization: Sendable {
  /// What takes a sum to steps of the result.
  enum Rescaling: Sendable {
    case shortened([FixedPointMultiplier])
    case twice([FixedPointMultiplier])
    case real([RealMultiplier])
  }

  /// One entry a result channel.
  let bias: [Int64]
  let rescaling: Rescaling
  var zeroPoint: Int32 = 0
  let range: ClosedRange<Int32>

  /// Writes the results of `sums`, which belong to the channels from `first` on.
  func write<Element: FixedWidthInteger>(
    _ sums: UnsafePointer<Int64>, to result: UnsafeMutablePointer<Element>, first: Int, count: Int
  ) {
    for index in 0..<count {
      let channel = first + index
      let sum = sums[index] &+ bias[channel]
      let steps =
        switch rescaling {
        case .shortened(let multipliers): multipliers[channel].roundingOnceShortened(sum)
        case .twice(let multipliers): multipliers[channel].roundingTwice(Int32(truncatingIfNeeded: sum))
        case .real(let multipliers): multipliers[channel].roundingOnce(sum)
        }
      result[index] = Element(truncatingIfNeeded: min(max(steps &+ zeroPoint, range.lowerBound), range.upperBound))
    }
  }
}

extension RealMultiplier {
  /// `x * real`, ties away from zero; held within 32 bits, and zero where the factor is not a number.
  func roundingOnce(_ x: Int64) -> Int32 {
    let product = (Double(x) * real).rounded(.toNearestOrAwayFromZero)
    if product.isNaN { return 0 }
    return Int32(max(Double(Int32.min), min(Double(Int32.max), product)))
  }
}
