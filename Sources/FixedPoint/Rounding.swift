// The integer steps of which TensorFlow Lite's fixed-point arithmetic is made.

/// The high half of the doubled product of two numbers below 1 in 31-bit fractions: `a * b / 2^31`, ties upwards.
///
/// The one result that does not fit, of the two smallest numbers, becomes the largest number.
@inlinable
public func roundingDoublingHighMultiply(_ a: Int32, _ b: Int32) -> Int32 {
  if a == .min && b == .min { return .max }
  return Int32((Int64(a) * Int64(b) + (1 << 30)) >> 31)
}

/// The same for 15-bit fractions: `a * b / 2^15`, ties upwards, saturating.
@inlinable
public func roundingDoublingHighMultiply(_ a: Int16, _ b: Int16) -> Int16 {
  if a == .min && b == .min { return .max }
  return Int16((Int32(a) * Int32(b) + (1 << 14)) >> 15)
}

/// `x / 2^exponent`, ties away from zero; the exponent is 0 to 31.
@inlinable
public func roundingRightShift(_ x: Int32, by exponent: Int32) -> Int32 {
  if exponent <= 0 { return x }
  let half = Int64(1) << (exponent - 1)
  // Half away from zero: a negative tie must go down, so the half that is added is one less.
  return Int32((Int64(x) + half - (x < 0 ? 1 : 0)) >> Int64(exponent))
}

/// `x / 2^exponent`, ties away from zero; the exponent is 0 to 15.
@inlinable
public func roundingRightShift(_ x: Int16, by exponent: Int32) -> Int16 {
  Int16(roundingRightShift(Int32(x), by: exponent))
}

/// `x * 2^exponent`, held within 32 bits; the exponent is -31 or more.
@inlinable
public func saturatingLeftShift(_ x: Int32, by exponent: Int) -> Int32 {
  Int32(clamping: Int64(x) << Int64(min(exponent, 31)))
}

/// `x * 2^exponent`, held within 16 bits; the exponent is 0 or more.
@inlinable
public func saturatingLeftShift(_ x: Int16, by exponent: Int32) -> Int16 {
  Int16(clamping: Int64(x) << Int64(min(exponent, 32)))
}
