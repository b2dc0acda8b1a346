import TFLite

extension OperatorCall {
  /// ARG_MAX: the index of the first of the largest elements along a dimension.
  func argumentOfMaximum() throws(ReferenceError) -> [TensorValue] {
    [try argument(real: { $0 > $1 }, integer: { $0 > $1 })]
  }

  /// ARG_MIN: the index of the first of the least.
  func argumentOfMinimum() throws(ReferenceError) -> [TensorValue] {
    [try argument(real: { $0 < $1 }, integer: { $0 < $1 })]
  }

  private func argument(
    real: (Float, Float) -> Bool, integer: (Int, Int) -> Bool
  ) throws(ReferenceError) -> TensorValue {
    guard case .argument(let type) = options else { throw malformed("it has no options") }
    let (input, axes) = (try input(0), try integers(1))
    guard axes.count == 1, !input.shape.contains(0) else { throw malformed("the dimensions \(axes) of \(input.shape)") }
    let axis = try axis(axes[0], rank: input.shape.count)
    var shape = input.shape
    shape.remove(at: axis)
    let reach = strides(of: input.shape)[axis]
    var places: [Int] = []
    for outer in 0..<input.elements.count / (reach * input.shape[axis]) {
      for inner in 0..<reach {
        let positions = (0..<input.shape[axis]).map { (outer * input.shape[axis] + $0) * reach + inner }
        places.append(
          input.type == .float32
            ? Self.first(positions.map { input.reals[$0] }, real)
            : Self.first(positions.map { input.integers[$0] }, integer))
      }
    }
    return try result(type: type, shape: shape, elements: .integers(places))
  }

  /// The first element that none comes before. What is not a number comes after all others.
  private static func first<Number: Comparable>(_ values: [Number], _ isBefore: (Number, Number) -> Bool) -> Int {
    var best = 0
    for index in values.indices where values[index] == values[index] {
      if values[best] != values[best] || isBefore(values[index], values[best]) { best = index }
    }
    return best
  }
}
