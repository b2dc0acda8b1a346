/// A real factor as a 31-bit fraction and a power of two: `real ≈ multiplier * 2^(shift - 31)`.
///
/// This is how TensorFlow Lite scales integers, bit for bit. Which rounding an operator uses is its own matter:
/// most round twice, FULLY_CONNECTED rounds once, and operators on 16-bit activations use the shortened multiplier.
public struct FixedPointMultiplier: Sendable, Equatable {
  /// The fraction, scaled by 2^31: zero, or at least 2^30 in magnitude when made from a real number.
  public let multiplier: Int32
  /// The power of two, -31 or more; positive for factors of 1 and above.
  public let shift: Int32

  /// Takes the two parts as they are.
  @inlinable
  public init(multiplier: Int32, shift: Int32) {
    self.multiplier = multiplier
    self.shift = shift
  }

  /// The nearest multiplier to `real`; ties go away from zero.
  ///
  /// A factor below 2^-32 becomes zero, as do infinity and NaN, which no checked scale gives.
  public init(real: Double) {
    guard real != 0, real.isFinite else {
      self.init(multiplier: 0, shift: 0)
      return
    }
    // The significand lies in 1..<2; the fraction in 0.5..<1.
    let fraction = real.significand / 2
    var shift = Int32(real.exponent) + 1
    var magnitude = Int64((fraction * 0x1p31).rounded(.toNearestOrAwayFromZero))
    if magnitude == 1 << 31 {
      magnitude >>= 1
      shift += 1
    }
    guard shift >= -31 else {
      self.init(multiplier: 0, shift: 0)
      return
    }
    self.init(multiplier: Int32(real < 0 ? -magnitude : magnitude), shift: shift)
  }

  /// `x * real` with two roundings: to the high half of the doubled product, ties upwards, then by the right shift,
  /// ties away from zero.
  ///
  /// For a positive shift `x` is shifted left first and wraps around, as it does in the reference kernels.
  @inlinable
  public func roundingTwice(_ x: Int32) -> Int32 {
    let shifted = shift > 0 ? x << shift : x
    let high = roundingDoublingHighMultiply(shifted, multiplier)
    return shift < 0 ? roundingRightShift(high, by: -shift) : high
  }

  /// `x * real` with one rounding of the exact product, ties upwards; the low 32 bits of the result.
  @inlinable
  public func roundingOnce(_ x: Int32) -> Int32 {
    // Beyond 30 there is no bit left to round; the reference takes the largest factor that it can hold.
    let factor = shift > 30 ? Int64(Int32.max) : Int64(multiplier)
    let total = Int64(31 - min(shift, 30))
    let product = Int64(x) * factor + (1 << (total - 1))
    return Int32(truncatingIfNeeded: product >> total)
  }

  /// `x * real` with the multiplier shortened to 16 bits and one rounding: for 48-bit sums of 16-bit activations.
  @inlinable
  public func roundingOnceShortened(_ x: Int64) -> Int32 {
    let total = Int64(15 - min(shift, 14))
    let product = x &* Int64(shortened) &+ (1 << (total - 1))
    return Int32(truncatingIfNeeded: product >> total)
  }

  /// The multiplier in 16 bits: `real ≈ shortened * 2^(shift - 15)`; ties upwards, at most 32767.
  @inlinable
  public var shortened: Int16 {
    multiplier >= 0x7FFF_0000 ? Int16.max : Int16((Int64(multiplier) + 0x8000) >> 16)
  }
}
