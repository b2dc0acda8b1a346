import FixedPoint
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Musl
#endif

@Suite struct FixedPointFunctionTests {
  @Test func exponentialIsNearTheRealOne() {
    #expect(fixedPointExponential(0) == .max)
    for raw in stride(from: -1, to: Int(Int32.min), by: -7_654_321) {
      let real = exp(Double(raw) / 0x1p26) * 0x1p31
      #expect(abs(Double(fixedPointExponential(Int32(raw))) - real) < 512, "\(raw)")
    }
  }

  @Test func reciprocalIsNearTheRealOne() {
    for x in [1, 2, 3, 5, 255, 1 << 19, 1_000_003, 1 << 30] as [UInt32] {
      let (fraction, bits) = fixedPointReciprocal(x, integerBits: 31)
      let real = 1 / Double(x)
      let given = Double(fraction) / 0x1p31 * Double(sign: .plus, exponent: -bits, significand: 1)
      #expect(abs(given - real) < real * 1e-8, "\(x)")
    }
  }

  @Test func logarithmIsNearTheRealOne() {
    for raw in stride(from: 1 << 19, to: Int(Int32.max), by: 12_345_678) {
      let real = log(Double(raw) / 0x1p19) * 0x1p26
      #expect(abs(Double(fixedPointLogarithm(Int32(raw))) - real) < 256, "\(raw)")
    }
  }
}
