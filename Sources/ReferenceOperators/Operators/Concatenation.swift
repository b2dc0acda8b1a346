import TFLite

extension OperatorCall {
  /// CONCATENATION along a dimension. Legacy uint8 operands with scales of their own are brought to the result's.
  func concatenation() throws(ReferenceError) -> [TensorValue] {
    guard case .concatenation(let number, let activation) = options else { throw malformed("it has no options") }
    guard activation == .none else { throw unsupported("the fused activation \(activation)") }
    let first = try input(0)
    let axis = try axis(number, rank: first.shape.count)
    var operands: [TensorValue] = []
    var shape = first.shape
    shape[axis] = 0
    for position in inputs.indices {
      let operand = try input(position)
      guard operand.type == first.type, operand.shape.count == shape.count,
        shape.indices.allSatisfy({ $0 == axis || operand.shape[$0] == shape[$0] })
      else { throw malformed("operands \(first.summary) and \(operand.summary) along dimension \(axis)") }
      shape[axis] += operand.shape[axis]
      operands.append(try rescaled(operand))
    }
    let outer = shape[..<axis].reduce(1, *)
    let elements: Elements
    if case .reals = first.elements {
      elements = .reals(interleaved(operands.map(\.reals), outer: outer))
    } else {
      elements = .integers(interleaved(operands.map(\.integers), outer: outer))
    }
    return [try result(type: first.type, shape: shape, elements: elements)]
  }

  /// PACK: puts tensors of one shape beside each other along a new dimension.
  func pack() throws(ReferenceError) -> [TensorValue] {
    guard case .pack(let number, _) = options else { throw malformed("it has no options") }
    let first = try input(0)
    let axis = try axis(number, rank: first.shape.count + 1)
    var operands: [TensorValue] = []
    for position in inputs.indices {
      let operand = try input(position)
      guard operand.type == first.type, operand.shape == first.shape else {
        throw malformed("operands \(first.summary) and \(operand.summary)")
      }
      operands.append(operand)
    }
    let outer = first.shape[..<axis].reduce(1, *)
    let shape = first.shape[..<axis] + [operands.count] + first.shape[axis...]
    let elements: Elements
    if case .reals = first.elements {
      elements = .reals(interleaved(operands.map(\.reals), outer: outer))
    } else {
      elements = .integers(interleaved(operands.map(\.integers), outer: outer))
    }
    return [try result(type: first.type, shape: Array(shape), elements: elements)]
  }

  /// One of `outer` equal parts of each operand after the other, then the next part of each.
  private func interleaved<Element>(_ operands: [[Element]], outer: Int) -> [Element] {
    (0..<outer).flatMap { row in
      operands.flatMap { $0[(row * ($0.count / outer))..<((row + 1) * ($0.count / outer))] }
    }
  }

  /// In single precision, as the reference does it.
  private func rescaled(_ operand: TensorValue) throws(ReferenceError) -> TensorValue {
    guard operand.type == .uint8, operand.quantization != nil else { return operand }
    let (from, to) = (try affine(operand), try outputAffine(.uint8))
    if from == to { return operand }
    let scale = from.scale * (1 / to.scale)
    let bias = Float(-from.zeroPoint) * scale
    let bounds = try bounds(.none, .uint8, to)
    var rescaled = operand
    rescaled.elements = .integers(
      operand.integers.map { bounds.clamp(roundedToInt32(Float($0) * scale + bias) + to.zeroPoint) })
    return rescaled
  }
}
