/// A factor that is kept as a real number: how FULLY_CONNECTED scales its sums.
///
/// Source: the reference kernels of LiteRT 2.3. They multiply in double precision and round once, ties away from zero;
/// a 31-bit multiplier gives the same except at ties and within 2^-25 of them.
public struct RealMultiplier: Sendable, Equatable {
  /// The factor.
  public let real: Double

  /// Takes the factor as it is.
  @inlinable
  public init(real: Double) {
    self.real = real
  }

  /// What turns a sum of products of two quantized tensors into steps of a third; worked out in double precision.
  public init(inputScale: Float, weightScale: Float, outputScale: Float) {
    self.init(real: Double(inputScale) * Double(weightScale) / Double(outputScale))
  }

  /// `x * real`, ties away from zero; held within 32 bits, and zero where the factor is not a number.
  @inlinable
  public func roundingOnce(_ x: Int32) -> Int32 {
    let product = (Double(x) * real).rounded(.toNearestOrAwayFromZero)
    if product.isNaN { return 0 }
    return Int32(max(Double(Int32.min), min(Double(Int32.max), product)))
  }
}
