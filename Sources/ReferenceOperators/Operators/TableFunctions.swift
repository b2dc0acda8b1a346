import TFLite

// Functions of one number. On int8 and uint8 the reference works out all 256 results in single precision.
extension OperatorCall {
  /// LOGISTIC. A quantized result has steps of 1/256.
  func logistic() throws(ReferenceError) -> [TensorValue] {
    let input = try input(0)
    if input.type == .int16 { return [try sigmoidOfInt16(input, isTangent: false)] }
    if input.isQuantized8 {
      guard try outputAffine(input.type).scale == 1 / 256 else {
        throw malformed("a result with the scale \(try outputAffine(input.type).scale), 1/256 is needed")
      }
      return [try tabulated(input) { 1 / (1 + exponential(-$0)) }]
    }
    return [try mapped(input, logisticOfFloat)]
  }

  /// TANH.
  func hyperbolicTangents() throws(ReferenceError) -> [TensorValue] {
    let input = try input(0)
    return [
      input.type == .int16 ? try sigmoidOfInt16(input, isTangent: true) : try function(hyperbolicTangent)
    ]
  }

  /// EXP.
  func exponentials() throws(ReferenceError) -> [TensorValue] { [try function(exponential)] }

  /// ELU.
  func exponentialLinear() throws(ReferenceError) -> [TensorValue] {
    [try function { $0 < 0 ? exponentialLessOne($0) : $0 }]
  }

  /// GELU, exact or by a hyperbolic tangent.
  func gaussianErrorLinear() throws(ReferenceError) -> [TensorValue] {
    guard case .gelu(let approximate) = options else { throw malformed("it has no options") }
    if approximate {
      let root: Float = 0.797_884_56  // sqrt(2 / pi)
      return [try function { 0.5 * $0 * (1 + hyperbolicTangent(root * ($0 + 0.044715 * $0 * $0 * $0))) }]
    }
    return [try function { $0 * 0.5 * complementaryErrorFunction($0 * -0.707_106_77) }]
  }

  private func function(_ transform: (Float) -> Float) throws(ReferenceError) -> TensorValue {
    let input = try input(0)
    if input.type == .int16 { return try interpolated(input) { Float(transform($0)) } }
    return input.isQuantized8 ? try tabulated(input, transform) : try mapped(input, transform)
  }

  private func mapped(_ input: TensorValue, _ transform: (Float) -> Float) throws(ReferenceError) -> TensorValue {
    guard input.type == .float32 else { throw unsupported("an input of type \(input.type)") }
    return try result(type: .float32, shape: input.shape, elements: .reals(input.reals.map(transform)))
  }

  private func tabulated(_ input: TensorValue, _ transform: (Float) -> Float) throws(ReferenceError) -> TensorValue {
    let (from, to) = (try affine(input), try outputAffine(input.type))
    let bounds = try bounds(.none, input.type, to)
    let inverseScale = 1 / to.scale
    let values = input.integers.map { step in
      let real = from.scale * Float(step - from.zeroPoint)
      return bounds.clamp(roundedToInt32(transform(real) * inverseScale) + to.zeroPoint)
    }
    return try result(type: input.type, shape: input.shape, elements: .integers(values))
  }

  /// Beyond the two bounds the reference leaves out what single precision cannot show.
  private func logisticOfFloat(_ x: Float) -> Float {
    if x > 16.619_047 { return 1 }
    if x < -9 { return exponential(x) }
    return 1 / (1 + exponential(-x))
  }
}
