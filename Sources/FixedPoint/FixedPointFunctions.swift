// Exponential, reciprocal and logarithm as TensorFlow Lite's fixed-point kernels compute them. A number is an Int32
// with some integer bits above the binary point; "Q5.26" has 5 of them and 26 below. Constants are the real values of
// their comments in Q0.31. Source of method and constants: gemmlowp's fixedpoint.h and TensorFlow Lite's common.h.

private func multiplied(_ a: Int32, _ b: Int32) -> Int32 { roundingDoublingHighMultiply(a, b) }

/// e^x for x <= 0 in Q5.26; the result is in Q0.31.
public func fixedPointExponential(_ x: Int32) -> Int32 {
  if x == 0 { return .max }
  let quarter: Int32 = 1 << 24
  // x = -remainder + fraction, with the fraction in -1/4 ..< 0.
  let fraction = (x & (quarter - 1)) - quarter
  var result = exponentialNearZero(saturatingLeftShift(fraction, by: 5))
  let remainder = fraction &- x
  // e^-2^n for n = -2 ... 4, one for each bit of the remainder.
  let factors: [Int32] = [1_672_461_947, 1_302_514_674, 790_015_084, 290_630_308, 39_332_535, 720_401, 242]
  for (bit, factor) in zip(Int32(24)..., factors) where remainder & (1 << bit) != 0 {
    result = multiplied(result, factor)
  }
  return result
}

/// e^x for x in -1/4 ..< 0 in Q0.31: a series of fourth order around -1/8.
private func exponentialNearZero(_ x: Int32) -> Int32 {
  let center: Int32 = 1_895_147_668  // e^(-1/8)
  let third: Int32 = 715_827_883
  let d = x &+ (1 << 28)
  let d2 = multiplied(d, d)
  let d3 = multiplied(d2, d)
  let quarterOfD4 = roundingRightShift(multiplied(d2, d2), by: 2)
  let tail = roundingRightShift(multiplied(quarterOfD4 &+ d3, third) &+ d2, by: 1)
  return center &+ multiplied(center, d &+ tail)
}

/// 1 / (1 + x) for x in 0 ..< 1 in Q0.31: three steps of Newton and Raphson from 48/17 - 32/17 * d.
public func fixedPointReciprocalOfOnePlus(_ x: Int32) -> Int32 {
  let half = Int32((Int64(x) + Int64(Int32.max) + 1) / 2)
  var y = 1_515_870_810 &+ multiplied(half, -1_010_580_540)  // 48/17 and -32/17 in Q2.29
  for _ in 0..<3 {
    let error = (1 << 29) &- multiplied(half, y)
    y = y &+ saturatingLeftShift(multiplied(y, error), by: 2)
  }
  return saturatingLeftShift(y, by: 1)
}

/// The reciprocal of a positive number with `integerBits` bits above the point: a fraction of 31 bits, and by how many
/// bits the number stands above 1.
public func fixedPointReciprocal(_ x: UInt32, integerBits: Int) -> (fraction: Int32, bitsOverUnit: Int) {
  let leadingZeros = x.leadingZeroBitCount
  let aboveOne = Int32(truncatingIfNeeded: (x << UInt32(leadingZeros)) &- (1 << 31))
  return (fixedPointReciprocalOfOnePlus(aboveOne), integerBits - leadingZeros)
}

/// ln(x) for x >= 1 in Q12.19; the result is in Q5.26.
public func fixedPointLogarithm(_ x: Int32) -> Int32 {
  let rootHalf: Int32 = 1_518_500_250  // sqrt(1/2)
  let fourthRootHalf: Int32 = 1_805_811_301  // sqrt(sqrt(1/2))
  let (scaled, power) = nearestPowerOfRootTwo(x, rootHalf)
  let p = Int32((Int64(scaled) + Int64(fourthRootHalf) + 1) / 2)
  let difference = scaled &- fourthRootHalf
  let q = difference &+ difference
  let square = multiplied(q, q)
  let numerator = multiplied(q, scaled) &+ multiplied(multiplied(q, square), 117_049_297)  // 11/240 * 2^(1/4)
  // 2^(3/4) - 2^(1/4), 2^(1/4) / 20 and 2^(1/4) / 4
  let denominator =
    multiplied(p, (1_057_819_769 &+ q) &+ multiplied(127_690_142, square)) &+ multiplied(638_450_708, q)
  let reciprocal = fixedPointReciprocalOfOnePlus(denominator)
  let sum = multiplied(power, 1_488_522_236) &+ multiplied(roundingRightShift(numerator, by: 6), reciprocal)  // ln 2
  return saturatingLeftShift(sum, by: 1)
}

/// x in Q12.19 as `scaled * 2^power`, where `scaled` is near sqrt(sqrt(1/2)) in Q0.31 and `power` is in Q6.25.
private func nearestPowerOfRootTwo(_ x: Int32, _ rootHalf: Int32) -> (scaled: Int32, power: Int32) {
  let quarter: Int32 = 1 << 23
  let zerosA = UInt32(bitPattern: x).leadingZeroBitCount
  let scaledA = saturatingLeftShift(multiplied(saturatingLeftShift(x, by: zerosA - 1), rootHalf), by: 1)
  let powerA = saturatingLeftShift(Int32(12 - zerosA), by: 25) &+ quarter
  let zerosB = UInt32(bitPattern: multiplied(x, rootHalf)).leadingZeroBitCount - 1
  let scaledB = saturatingLeftShift(x, by: zerosB)
  let powerB = saturatingLeftShift(Int32(12 - zerosB), by: 25) &- quarter
  return (min(scaledA, scaledB), max(powerA, powerB))
}

/// 1 / sqrt(x) for a whole number: five steps of Newton and Raphson from 1, on x brought to 1/2 ..< 2 by a power of 4.
///
/// Source: TensorFlow Lite's common.h. Numbers below 2 count as 1.
public func fixedPointInverseSquareRoot(_ x: Int32) -> FixedPointMultiplier {
  guard x > 1 else { return FixedPointMultiplier(multiplier: .max, shift: 0) }
  var (scaled, exponent) = (x, Int32(11))
  while scaled >= 1 << 29 {
    scaled /= 4
    exponent += 1
  }
  let pairs = Int32(scaled.leadingZeroBitCount - 1) / 2 - 1
  exponent -= pairs
  scaled <<= 2 * pairs
  // In Q3.28 from here on.
  let half = roundingRightShift(scaled >> 1, by: 1)
  let threeHalves: Int32 = (1 << 28) + (1 << 27)
  var y: Int32 = 1 << 28
  for _ in 0..<5 {
    let cube = saturatingLeftShift(multiplied(multiplied(y, y), y), by: 6)
    y = saturatingLeftShift(multiplied(threeHalves, y) &- multiplied(half, cube), by: 3)
  }
  y = multiplied(y, 1_518_500_250)  // sqrt(1/2)
  if exponent < 0 { return FixedPointMultiplier(multiplier: y << -exponent, shift: 0) }
  return FixedPointMultiplier(multiplier: y, shift: -exponent)
}
