import FixedPoint
import TFLite

extension OperatorCall {
  /// ADD, with broadcasting.
  func add() throws(ReferenceError) -> [TensorValue] {
    [try sumOrDifference(sign: 1, float: { $0 + $1 }, integer: { $0 &+ $1 })]
  }

  /// SUB, with broadcasting.
  func subtract() throws(ReferenceError) -> [TensorValue] {
    [try sumOrDifference(sign: -1, float: { $0 - $1 }, integer: { $0 &- $1 })]
  }

  /// The type of the result is that of the operands, whatever the file declares for it.
  private func sumOrDifference(
    sign: Int, float: (Float, Float) -> Float, integer: (Int, Int) -> Int
  ) throws(ReferenceError) -> TensorValue {
    let (a, b, broadcast) = try pair()
    let activation = try fusedActivation()
    switch a.type {
    case .float32:
      let values = try activate(broadcast.map(a.reals, b.reals, float), activation)
      return try result(type: a.type, shape: broadcast.shape, elements: .reals(values))
    case .int8, .uint8, .int16:
      let scaling = try CommonScaling(self, a, b, activation)
      let values = broadcast.map(a.integers, b.integers) { scaling.combine($0, $1, sign: sign) }
      return try result(type: a.type, shape: broadcast.shape, elements: .integers(values))
    case .int32, .int64:
      return try wrappingResult(a, b, broadcast, activation, integer)
    default: throw unsupported("operands of type \(a.type)")
    }
  }

  /// The two operands of an operator that takes them element by element.
  func pair() throws(ReferenceError) -> (TensorValue, TensorValue, Broadcast) {
    let (a, b) = (try input(0), try input(1))
    guard a.type == b.type else { throw malformed("operands of types \(a.type) and \(b.type)") }
    guard let broadcast = Broadcast(a.shape, b.shape) else {
      throw malformed("operands of shapes \(a.shape) and \(b.shape)")
    }
    return (a, b, broadcast)
  }

  /// The fused activation of an arithmetic operator; none where the options are absent.
  func fusedActivation() throws(ReferenceError) -> Activation {
    switch options {
    case .arithmetic(let activation, _): activation
    case .none: .none
    default: throw malformed("it has the options of another operator")
    }
  }

  /// Integers that stand for themselves; results wrap around within their type.
  func wrappingResult(
    _ a: TensorValue, _ b: TensorValue, _ broadcast: Broadcast, _ activation: Activation, _ combine: (Int, Int) -> Int
  ) throws(ReferenceError) -> TensorValue {
    let bounds = try bounds(activation, a.type, Affine(scale: 1, zeroPoint: 0))
    let values = broadcast.map(a.integers, b.integers) { x, y in
      let value = combine(x, y)
      return bounds.clamp(a.type == .int32 ? Int(Int32(truncatingIfNeeded: value)) : value)
    }
    return try result(type: a.type, shape: broadcast.shape, elements: .integers(values))
  }
}

/// Two quantized operands brought to a common scale: twice the larger of theirs, with 20 bits below the unit, or 15
/// for int16. Where int16 scales are powers of two, one operand is shifted to the other's scale instead.
private struct CommonScaling {
  let leftShift: Int
  /// How far each operand is shifted to the right; nil where scales are multiplied.
  let shifts: (first: Int32, second: Int32)?
  let first: Affine
  let second: Affine
  let output: Affine
  let firstMultiplier: FixedPointMultiplier
  let secondMultiplier: FixedPointMultiplier
  let outputMultiplier: FixedPointMultiplier
  let bounds: Bounds

  init(_ call: OperatorCall, _ a: TensorValue, _ b: TensorValue, _ activation: Activation) throws(ReferenceError) {
    (first, second, output) = (try call.affine(a), try call.affine(b), try call.outputAffine(a.type))
    leftShift = a.type == .int16 ? 15 : 20
    shifts = a.type == .int16 ? try Self.shifts(call, first, second, output) : nil
    let twiceLargest = Double(2 * max(first.scale, second.scale))
    firstMultiplier = FixedPointMultiplier(real: Double(first.scale) / twiceLargest)
    secondMultiplier = FixedPointMultiplier(real: Double(second.scale) / twiceLargest)
    outputMultiplier = FixedPointMultiplier(
      real: twiceLargest / Double(Float(1 << leftShift) * output.scale))
    bounds = try call.bounds(activation, a.type, output)
  }

  private static func shifts(
    _ call: OperatorCall, _ first: Affine, _ second: Affine, _ output: Affine
  ) throws(ReferenceError) -> (first: Int32, second: Int32)? {
    if case .arithmetic(_, shiftsPowersOfTwo: false) = call.options { return nil }
    let scales = [first.scale, second.scale, output.scale]
    guard scales.allSatisfy({ $0.significand == 1 }) else { return nil }
    let shifts = scales.map { Int32(output.scale.exponent - $0.exponent) }
    guard shifts.allSatisfy({ (0...15).contains($0) }), shifts.contains(0), shifts[0] == 0 || shifts[1] == 0 else {
      throw call.unsupported("scales \(scales) that are powers of two")
    }
    return (shifts[0], shifts[1])
  }

  func combine(_ a: Int, _ b: Int, sign: Int) -> Int {
    if let shifts {
      let x = roundingRightShift(Int32(a), by: shifts.first)
      return bounds.clamp(Int(x) + sign * Int(roundingRightShift(Int32(b), by: shifts.second)))
    }
    let x = firstMultiplier.roundingTwice((a - first.zeroPoint) << leftShift)
    let y = secondMultiplier.roundingTwice((b - second.zeroPoint) << leftShift)
    return bounds.clamp(outputMultiplier.roundingTwice(x + sign * y) + output.zeroPoint)
  }
}
