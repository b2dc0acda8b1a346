#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// SOFTMAX and LOG_SOFTMAX in float32.
struct FloatSoftmax: Step {
  let source: Operand
  let result: Operand
  let rows: Int
  let depth: Int
  let beta: Float
  let isLogarithm: Bool

  var partCount: Int { rows }

  func run(_ parts: Range<Int>, in arena: Arena) {
    for row in parts {
      let from = arena.float(source) + row * depth
      let target = arena.float(result) + row * depth
      var largest = -Float.greatestFiniteMagnitude
      for index in 0..<depth { largest = from[index] > largest ? from[index] : largest }
      let sum = exponentiate(from, less: largest, to: target)
      if isLogarithm {
        let logarithm = log(sum)
        for index in 0..<depth { target[index] = (from[index] - largest) * beta - logarithm }
      } else {
        for index in 0..<depth { target[index] /= sum }
      }
    }
  }

  /// Writes e to the power of (value - largest) * beta, and returns the sum.
  private func exponentiate(
    _ from: UnsafePointer<Float>, less largest: Float, to target: UnsafeMutablePointer<Float>
  ) -> Float {
    var sums = SIMD8<Float>()
    let whole = depth / 8 * 8
    for start in stride(from: 0, to: whole, by: 8) {
      let values = UnsafeRawPointer(from + start).loadUnaligned(as: SIMD8<Float>.self)
      let powers = Self.exponential((values - largest) * beta)
      UnsafeMutableRawPointer(target + start).storeBytes(of: powers, as: SIMD8<Float>.self)
      sums += powers
    }
    var sum = sums.sum()
    for index in whole..<depth {
      target[index] = Self.exponential(SIMD8(repeating: (from[index] - largest) * beta))[0]
      sum += target[index]
    }
    return sum
  }

  /// e to the power of each lane, wrong by less than two units in the last place. What is not a number stays so; what
  /// would be less than the least normal number, or not finite, is taken to the nearest that is neither.
  @inline(__always)
  static func exponential(_ power: SIMD8<Float>) -> SIMD8<Float> {
    let floored = power.replacing(with: -87, where: power .< -87)
    let x = floored.replacing(with: 88, where: floored .> 88)
    // x = n ln 2 + r: added to this, n stands in the lowest bits.
    let shift = SIMD8<Float>(repeating: 0x1.8p23)
    let shifted = x * 0x1.715476p+0 + shift
    let n = shifted - shift
    let r = x - n * 0x1.62e4p-1 - n * 0x1.7f7d1cp-20
    // 1 + r + r^2 (1/2 + r (1/6 + ...)), from -ln 2 / 2 to ln 2 / 2.
    var series = SIMD8<Float>(repeating: 0x1.a01a02p-13)
    series = series * r + 0x1.6c16c2p-10
    series = series * r + 0x1.111112p-7
    series = series * r + 0x1.555556p-5
    series = series * r + 0x1.555556p-3
    series = series * r + 0.5
    let mantissa = 1 + (r + r * r * series)
    let exponent = unsafeBitCast(shifted, to: SIMD8<UInt32>.self) &<< 23
    return unsafeBitCast(unsafeBitCast(mantissa, to: SIMD8<UInt32>.self) &+ exponent, to: SIMD8<Float>.self)
  }
}
