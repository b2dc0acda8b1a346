#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A function of one float. A type of its own, so that it is inlined into the loop over a tensor.
protocol FloatFunction: Sendable {
  func callAsFunction(_ value: Float) -> Float
  /// The loop. A requirement, because the compiler specializes it for each type that conforms, but not the run of a
  /// generic step, which is reached through an existential.
  func map(count: Int, _ from: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>)
}

extension FloatFunction {
  func map(count: Int, _ from: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>) {
    for index in 0..<count { target[index] = self(from[index]) }
  }
}

/// RELU and its like.
struct FloatClamp: FloatFunction {
  let range: ClosedRange<Float>
  func callAsFunction(_ value: Float) -> Float {
    let floored = value > range.lowerBound ? value : range.lowerBound
    return floored < range.upperBound ? floored : range.upperBound
  }
}

/// LEAKY_RELU.
struct FloatLeak: FloatFunction {
  let alpha: Float
  func callAsFunction(_ value: Float) -> Float { value > 0 ? value : value * alpha }
}

/// HARD_SWISH.
struct FloatHardSwish: FloatFunction {
  func callAsFunction(_ value: Float) -> Float {
    let shifted = value + 3
    let floored: Float = shifted > 0 ? shifted : 0
    let gate: Float = floored < 6 ? floored : 6
    return value * gate / 6
  }
}

/// NEG.
struct FloatNegation: FloatFunction {
  func callAsFunction(_ value: Float) -> Float { -value }
}

/// ABS.
struct FloatMagnitude: FloatFunction {
  func callAsFunction(_ value: Float) -> Float { abs(value) }
}

/// SQUARE.
struct FloatSquare: FloatFunction {
  func callAsFunction(_ value: Float) -> Float { value * value }
}

/// SQRT.
struct FloatRoot: FloatFunction {
  func callAsFunction(_ value: Float) -> Float { value.squareRoot() }
}

/// RSQRT.
struct FloatInverseRoot: FloatFunction {
  func callAsFunction(_ value: Float) -> Float { 1 / value.squareRoot() }
}

/// EXP, TANH and others of the C library.
struct FloatLibraryFunction: FloatFunction {
  let function: @Sendable (Float) -> Float
  func callAsFunction(_ value: Float) -> Float { function(value) }
}
