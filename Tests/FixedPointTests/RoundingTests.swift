import FixedPoint
import Testing

@Suite struct RoundingTests {
  @Test func theHighProductSaturatesOnce() {
    #expect(roundingDoublingHighMultiply(Int32.min, .min) == .max)
    #expect(roundingDoublingHighMultiply(Int32.min, .max) == Int32.min + 1)
    #expect(roundingDoublingHighMultiply(Int32.max, .max) == Int32.max - 1)
    #expect(roundingDoublingHighMultiply(Int16.min, .min) == .max)
    #expect(roundingDoublingHighMultiply(Int16.min, .max) == Int16.min + 1)
  }

  /// Half of 3, 1, -1 and -3: ties go upwards.
  @Test(arguments: [(3, 2), (1, 1), (-1, 0), (-3, -1), (0, 0), (-2, -1)])
  func tiesOfTheHighProductGoUpwards(x: Int, expected: Int) {
    #expect(roundingDoublingHighMultiply(Int32(x), 0x4000_0000) == Int32(expected))
    #expect(roundingDoublingHighMultiply(Int16(x), 1 << 14) == Int16(expected))
  }

  static let rightShifts: [(x: Int32, exponent: Int32, expected: Int32)] = [
    (3, 1, 2), (1, 1, 1), (-1, 1, -1), (-3, 1, -2), (-2, 2, -1), (-1, 2, 0), (2, 2, 1), (1, 2, 0), (5, 0, 5),
    (.max, 31, 1), (.min, 31, -1), (0x4000_0000, 31, 1), (0x3FFF_FFFF, 31, 0), (-0x4000_0000, 31, -1),
    (.min, 0, .min), (.max, 1, 0x4000_0000),
  ]

  @Test(arguments: rightShifts)
  func tiesOfTheRightShiftGoAwayFromZero(x: Int32, exponent: Int32, expected: Int32) {
    #expect(roundingRightShift(x, by: exponent) == expected)
  }

  @Test func allSixteenBitProductsAreNearest() {
    var random = SplitMix64(state: 4)
    for a in [Int16.min, -32767, -1, 0, 1, 32767] {
      for _ in 0..<2_000 {
        let b = Int16(truncatingIfNeeded: random.next())
        let expected = nearest(Int128(a) * Int128(b), dividedBy: 1 << 15, ties: .upwards)
        #expect(Int128(roundingDoublingHighMultiply(a, b)) == min(expected, 32767))
      }
    }
  }

  @Test func theLeftShiftSaturates() {
    #expect(saturatingLeftShift(Int16(100), by: 3) == 800)
    #expect(saturatingLeftShift(Int16(-100), by: 9) == .min)
    #expect(saturatingLeftShift(Int16(100), by: 9) == .max)
    #expect(saturatingLeftShift(Int32(-3), by: 30) == Int32.min)
    #expect(saturatingLeftShift(Int32(3), by: 40) == Int32.max)
    #expect(saturatingLeftShift(Int32(-5), by: -1) == -3)
    #expect(saturatingLeftShift(Int16(1), by: 200) == .max)
    #expect(saturatingLeftShift(Int16(0), by: 200) == 0)
  }
}
