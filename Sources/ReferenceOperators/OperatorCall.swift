import TFLite

/// One operator of a graph with the values that it reads.
struct OperatorCall {
  let index: Int
  let name: String
  let inputs: [TensorValue?]
  /// The results as the file declares them. Types and shapes come from the operator, quantization from here.
  let outputs: [Tensor]
  let options: OperatorOptions

  /// The error for operands that do not fit together.
  func malformed(_ detail: String) -> ReferenceError {
    .malformed(operator: name, index: index, detail: detail)
  }

  /// The error for a form that has no reference version.
  func unsupported(_ detail: String) -> ReferenceError {
    .unsupported(operator: name, index: index, detail: detail)
  }

  /// The operand at `position`, which must be there.
  func input(_ position: Int) throws(ReferenceError) -> TensorValue {
    guard let value = optionalInput(position) else { throw malformed("operand \(position) is missing") }
    return value
  }

  /// The operand at `position`, or nil where it is left out.
  func optionalInput(_ position: Int) -> TensorValue? {
    inputs.indices.contains(position) ? inputs[position] : nil
  }

  /// An operand of integers that says how to work: a shape, axes, paddings.
  func integers(_ position: Int) throws(ReferenceError) -> [Int] {
    let value = try input(position)
    guard case .integers(let values) = value.elements else {
      throw malformed("operand \(position) is \(value.type), integers are needed")
    }
    return values
  }

  /// A dimension counted from the front; negative numbers count from the end.
  func axis(_ number: Int, rank: Int) throws(ReferenceError) -> Int {
    let axis = number < 0 ? number + rank : number
    guard axis >= 0, axis < rank else { throw malformed("dimension \(number) of a tensor with \(rank) dimensions") }
    return axis
  }

  /// The result at `position`, with the quantization that the file declares for it.
  func result(
    _ position: Int = 0, type: ElementType, shape: [Int], elements: Elements
  ) throws(ReferenceError) -> TensorValue {
    guard outputs.indices.contains(position) else { throw malformed("result \(position) is missing") }
    guard elementCount(of: shape) == elements.count else {
      throw malformed("its result would have the shape \(shape) and \(elements.count) elements")
    }
    return TensorValue(
      name: outputs[position].name, type: type, shape: shape, quantization: outputs[position].quantization,
      elements: elements)
  }

  /// A shape that is computed, checked for size before anything is made of it.
  func checked(_ shape: [Int]) throws(ReferenceError) -> [Int] {
    guard elementCount(of: shape) != nil else { throw malformed("its result would have the shape \(shape)") }
    return shape
  }
}
