import FixedPoint
import Testing

@Suite struct FixedPointMultiplierTests {
  /// Values worked out by hand from real = multiplier * 2^(shift - 31).
  static let partsByHand: [(real: Double, multiplier: Int, shift: Int)] = [
    (0.0, 0, 0),
    (1.0, 0x4000_0000, 1),
    (0.5, 0x4000_0000, 0),
    (0.75, 0x6000_0000, 0),
    (-0.75, -(0x6000_0000), 0),
    (3.0, 0x6000_0000, 2),
    (0x1p-31, 0x4000_0000, -30),
    // The smallest shift that is kept, and the first factor that is not.
    (0x1p-32, 0x4000_0000, -31),
    (0x1.fffffffp-33, 0, 0),
    // 1 - 2^-33 rounds up to 2^31, which does not fit and becomes 2^30 with one more in the shift.
    (1 - 0x1p-33, 0x4000_0000, 1),
    // 1 - 2^-32 is a tie in the last bit and goes away from zero, to the same.
    (1 - 0x1p-32, 0x4000_0000, 1),
    (1 - 0x1p-31, 0x7FFF_FFFF, 0),
    // A small factor that rounds up to a power of two is kept, as the shift is looked at after the rounding.
    (0x1p-32 - 0x1p-65, 0x4000_0000, -31),
    (Double.leastNonzeroMagnitude, 0, 0),
    (Double.infinity, 0, 0),
    (-Double.infinity, 0, 0),
    (Double.nan, 0, 0),
  ]

  @Test(arguments: partsByHand)
  func partsOfARealFactor(real: Double, multiplier: Int, shift: Int) {
    let made = FixedPointMultiplier(real: real)
    #expect(Int(made.multiplier) == multiplier)
    #expect(Int(made.shift) == shift)
  }

  @Test func everyFactorIsNearestToItsReal() {
    var random = SplitMix64(state: 1)
    for _ in 0..<10_000 {
      let real = Double(random.next() >> 11) * 0x1p-53 * (random.next() & 1 == 0 ? 1 : 0x1p-20) + 0x1p-31
      let made = FixedPointMultiplier(real: real)
      #expect(made.multiplier >= 0x4000_0000)
      // Both sides are exact: the difference of two doubles that are that near has no rounding.
      let error = abs(
        Double(made.multiplier) - real * Double(sign: .plus, exponent: Int(31 - made.shift), significand: 1))
      #expect(error <= 0.5)
    }
  }

  @Test func twoRoundingsAreTheTwoNearestIntegers() {
    var random = SplitMix64(state: 2)
    for _ in 0..<20_000 {
      let x = random.nextValue()
      let factor = FixedPointMultiplier(multiplier: random.nextValue() | 0x4000_0000, shift: -Int32(random.next() % 32))
      let high = nearest(Int128(x) * Int128(factor.multiplier), dividedBy: 1 << 31, ties: .upwards)
      let expected = nearest(high, dividedBy: 1 << Int128(-factor.shift), ties: .awayFromZero)
      #expect(Int128(factor.roundingTwice(x)) == expected, "\(x) by \(factor)")
    }
  }

  @Test func oneRoundingIsTheNearestInteger() {
    var random = SplitMix64(state: 3)
    for _ in 0..<20_000 {
      let x = random.nextValue() >> 8
      let factor = FixedPointMultiplier(multiplier: random.nextValue() & .max, shift: 8 - Int32(random.next() % 40))
      let expected = nearest(
        Int128(x) * Int128(factor.multiplier), dividedBy: 1 << Int128(31 - factor.shift), ties: .upwards)
      #expect(Int128(factor.roundingOnce(x)) == expected, "\(x) by \(factor)")
    }
  }

  /// 1.5 * 1/2 = 0.75: twice is 1.5 -> 2 -> 1, once is 1; 3 * 1/8 = 0.375: twice is 1.5 -> 2 -> 0.5 -> 1, once is 0.
  @Test func theTwoRoundingsDiffer() {
    let eighth = FixedPointMultiplier(real: 0.125)
    #expect(eighth.shift == -2)
    #expect(eighth.roundingTwice(3) == 1)
    #expect(eighth.roundingOnce(3) == 0)
    // Below zero the first rounding goes up and the second goes away from zero: -1.5 -> -1 -> -0.25 -> 0.
    #expect(eighth.roundingTwice(-3) == 0)
    #expect(eighth.roundingOnce(-4) == 0)
    #expect(eighth.roundingOnce(4) == 1)
  }

  @Test func aLeftShiftComesFirstAndWraps() {
    let six = FixedPointMultiplier(real: 6)
    #expect(six.roundingTwice(7) == 42)
    #expect(six.roundingOnce(7) == 42)
    // 2^29 * 2^3 wraps to 0; one more wraps to 8 and gives 8 * 0.75.
    #expect(six.roundingTwice(1 << 29) == 0)
    #expect(six.roundingTwice(1 << 29 + 1) == 6)
  }

  @Test func theShortenedMultiplierStaysIn16Bits() {
    #expect(FixedPointMultiplier(multiplier: .max, shift: 0).shortened == 32767)
    #expect(FixedPointMultiplier(multiplier: 0x7FFF_0000, shift: 0).shortened == 32767)
    #expect(FixedPointMultiplier(multiplier: 0x7FFE_8000, shift: 0).shortened == 32767)
    #expect(FixedPointMultiplier(multiplier: 0x7FFE_7FFF, shift: 0).shortened == 32766)
    #expect(FixedPointMultiplier(real: 0.5).shortened == 16384)
    #expect(FixedPointMultiplier(real: 0.5).roundingOnceShortened(3) == 2)
    #expect(FixedPointMultiplier(real: 0.5).roundingOnceShortened(-3) == -1)
    #expect(FixedPointMultiplier(real: 0x1p-10).roundingOnceShortened(1 << 40) == 0x4000_0000)
  }

  @Test func factorsBeyondAnyModelDoNotTrap() {
    for real in [0x1p31, 0x1p40, 0x1p1000, Double.greatestFiniteMagnitude] {
      let factor = FixedPointMultiplier(real: real)
      for x in [Int32.min, -1, 0, 1, Int32.max] {
        _ = factor.roundingTwice(x)
        _ = factor.roundingOnce(x)
        _ = factor.roundingOnceShortened(Int64(x))
      }
    }
    #expect(FixedPointMultiplier(real: 0x1p40).roundingTwice(1) == 0)
  }
}
