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

  @Test func inverseSquareRootIsNearTheRealOne() {
    for x in [2, 3, 4, 5, 100, 65_536, 1_000_003, 1 << 29, Int(Int32.max)] {
      let root = fixedPointInverseSquareRoot(Int32(x))
      let given = Double(root.multiplier) * Double(sign: .plus, exponent: Int(root.shift) - 31, significand: 1)
      #expect(abs(given * Double(x).squareRoot() - 1) < 1e-5, "\(x)")
    }
    #expect(fixedPointInverseSquareRoot(1) == fixedPointInverseSquareRoot(-7))
  }
}
