import FixedPoint
import Testing

@Suite struct RealMultiplierTests {
  /// Multiples of 1/4; where the 31-bit multiplier rounds a tie upwards, this one goes away from zero.
  @Test(arguments: [(1, 0), (2, 1), (3, 1), (5, 1), (6, 2), (-1, 0), (-2, -1), (-3, -1), (-6, -2), (0, 0)])
  func tiesGoAwayFromZero(x: Int32, expected: Int32) {
    let quarter = RealMultiplier(inputScale: 0.5, weightScale: 0.25, outputScale: 0.5)
    #expect(quarter.real == 0.25)
    #expect(quarter.roundingOnce(x) == expected)
  }

  @Test func differsFromTheFixedPointAtANegativeTie() {
    #expect(RealMultiplier(real: 0.5).roundingOnce(-1) == -1)
    #expect(FixedPointMultiplier(real: 0.5).roundingOnce(-1) == 0)
  }

  @Test func staysWithin32Bits() {
    #expect(RealMultiplier(real: 1e30).roundingOnce(1) == .max)
    #expect(RealMultiplier(real: 1e30).roundingOnce(-1) == .min)
    #expect(RealMultiplier(real: .infinity).roundingOnce(0) == 0)
    #expect(RealMultiplier(real: .nan).roundingOnce(5) == 0)
  }
}
