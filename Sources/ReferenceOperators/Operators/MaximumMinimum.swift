import TFLite

extension OperatorCall {
  /// MAXIMUM, with broadcasting. Quantized operands are compared as they are.
  func maximum() throws(ReferenceError) -> [TensorValue] {
    [try extreme(float: { $0 > $1 ? $0 : $1 }, integer: { max($0, $1) })]
  }

  /// MINIMUM, with broadcasting. Quantized operands are compared as they are.
  func minimum() throws(ReferenceError) -> [TensorValue] {
    [try extreme(float: { $0 < $1 ? $0 : $1 }, integer: { min($0, $1) })]
  }

  private func extreme(
    float: (Float, Float) -> Float, integer: (Int, Int) -> Int
  ) throws(ReferenceError) -> TensorValue {
    let (a, b, broadcast) = try pair()
    let elements: Elements =
      a.type == .float32
      ? .reals(broadcast.map(a.reals, b.reals, float)) : .integers(broadcast.map(a.integers, b.integers, integer))
    return try result(type: a.type, shape: broadcast.shape, elements: elements)
  }
}
