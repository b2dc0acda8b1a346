import FixedPoint
import TFLite

extension OperatorCall {
  /// SOFTMAX over the last dimension.
  func softmax() throws(ReferenceError) -> [TensorValue] {
    guard case .softmax(let beta) = options else { throw malformed("it has no options") }
    let input = try input(0)
    guard let depth = input.shape.last, depth > 0 else { throw malformed("an input \(input.shape)") }
    switch input.type {
    case .float32:
      let values = rows(of: input.reals, depth).flatMap { softmax($0, beta: beta) }
      return [try result(type: .float32, shape: input.shape, elements: .reals(values))]
    case .int8, .uint8:
      let output = try outputAffine(input.type)
      let least = input.type == .int8 ? -128 : 0
      guard output.zeroPoint == least else {
        throw malformed("a result with the zero point \(output.zeroPoint), \(least) is needed")
      }
      let scaling = try DifferenceScaling(self, beta: beta, scale: try affine(input).scale)
      let values = rows(of: input.integers, depth).flatMap { row in
        scaling.softmax(row).map { min($0 + least, least + 255) }
      }
      return [try result(type: input.type, shape: input.shape, elements: .integers(values))]
    case .int16:
      let scale = try affine(input).scale
      let values = rows(of: input.integers, depth).flatMap { softmaxOfInt16($0, scale: scale * beta) }
      return [try result(type: .int16, shape: input.shape, elements: .integers(values))]
    default: throw unsupported("an input of type \(input.type)")
    }
  }

  private func softmax(_ row: ArraySlice<Float>, beta: Float) -> [Float] {
    let largest = row.reduce(-Float.greatestFiniteMagnitude, max)
    let powers = row.map { exponential(($0 - largest) * beta) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }

  /// The elements in runs of `depth`.
  func rows<Element>(of elements: [Element], _ depth: Int) -> [ArraySlice<Element>] {
    stride(from: 0, to: elements.count, by: depth).map { elements[$0..<$0 + depth] }
  }
}

/// How differences of two steps become fixed-point numbers with 5 bits above the point.
struct DifferenceScaling {
  let multiplier: FixedPointMultiplier
  /// Differences below this count as minus infinity.
  let least: Int

  init(_ call: OperatorCall, beta: Float, scale: Float) throws(ReferenceError) {
    let real = min(Double(beta) * Double(scale) * 0x1p26, 0x1p31 - 1)
    multiplier = FixedPointMultiplier(real: real)
    guard real > 1 else { throw call.malformed("an input with the scale \(scale) times \(beta), which is too small") }
    least = -Int((31 * 0x1p26 / Double(sign: .plus, exponent: Int(multiplier.shift), significand: 1)).rounded(.down))
  }

  /// The exponentials of a row less its largest element, in Q0.31; nil for those that count as nothing.
  func exponentials(_ row: ArraySlice<Int>) -> [Int32?] {
    let largest = row.max() ?? 0
    return row.map { step in
      step - largest < least
        ? nil : fixedPointExponential(multiplier.roundingTwice(Int32(step - largest)))
    }
  }

  /// The sum of the exponentials in Q12.19.
  static func sum(_ exponentials: [Int32?]) -> Int32 {
    exponentials.reduce(0) { $0 &+ roundingRightShift($1 ?? 0, by: 12) }
  }

  /// The softmax of a row in steps of 1/256, before it is held within 8 bits.
  func softmax(_ row: ArraySlice<Int>) -> [Int] {
    let exponentials = exponentials(row)
    let sum = Self.sum(exponentials)
    let (reciprocal, bitsOverUnit) = fixedPointReciprocal(UInt32(bitPattern: sum), integerBits: 12)
    return exponentials.map { power in
      guard let power else { return 0 }
      let share = roundingDoublingHighMultiply(reciprocal, power)
      return Int(roundingRightShift(share, by: Int32(bitsOverUnit + 23)))
    }
  }
}
