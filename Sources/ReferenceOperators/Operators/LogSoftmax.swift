import FixedPoint
import TFLite

extension OperatorCall {
  /// LOG_SOFTMAX over the last dimension. A quantized result has steps of 1/16 below 0.
  func logSoftmax() throws(ReferenceError) -> [TensorValue] {
    let input = try input(0)
    guard let depth = input.shape.last, depth > 0 else { throw malformed("an input \(input.shape)") }
    switch input.type {
    case .float32:
      let values = rows(of: input.reals, depth).flatMap { logSoftmax($0) }
      return [try result(type: .float32, shape: input.shape, elements: .reals(values))]
    case .int8, .uint8:
      let output = try outputAffine(input.type)
      let bounds = try bounds(.none, input.type, output)
      guard output == Affine(scale: 1 / 16, zeroPoint: bounds.upper) else {
        throw malformed("a result with the scale \(output.scale) and the zero point \(output.zeroPoint)")
      }
      let scaling = try DifferenceScaling(self, beta: 1, scale: try affine(input).scale)
      let values = rows(of: input.integers, depth).flatMap { scaling.logSoftmax($0, bounds) }
      return [try result(type: input.type, shape: input.shape, elements: .integers(values))]
    default: throw unsupported("an input of type \(input.type)")
    }
  }

  private func logSoftmax(_ row: ArraySlice<Float>) -> [Float] {
    let largest = row.reduce(-Float.greatestFiniteMagnitude, max)
    let logarithmOfSum = logarithm(row.reduce(0) { $0 + exponential($1 - largest) })
    return row.map { $0 - largest - logarithmOfSum }
  }
}

extension DifferenceScaling {
  /// The logarithm of the softmax of a row in steps of 1/16, where the largest step stands for 0.
  fileprivate func logSoftmax(_ row: ArraySlice<Int>, _ bounds: Bounds) -> [Int] {
    let largest = row.max() ?? 0
    let logarithmOfSum = fixedPointLogarithm(Self.sum(exponentials(row)))
    // The difference from which on the result could not be told apart from the least step.
    let unit = Double(sign: .plus, exponent: 31 - Int(multiplier.shift), significand: 1)
    let reverse = FixedPointMultiplier(real: unit / Double(multiplier.multiplier))
    let limit = max(least - 1, Int(reverse.roundingTwice(logarithmOfSum &+ Int32.min)))
    return row.map { step in
      guard step - largest > limit else { return bounds.lower }
      let difference = multiplier.roundingTwice(Int32(step - largest))
      return bounds.clamp(Int(roundingRightShift(difference &- logarithmOfSum, by: 22)) + bounds.upper)
    }
  }
}
