import TFLite

// Operators that give the same elements another shape, or tell a shape.
extension OperatorCall {
  /// RESHAPE. The shape is the second operand where that is a list of int32, else the option.
  func reshape() throws(ReferenceError) -> [TensorValue] {
    let input = try input(0)
    var shape: [Int]
    if let operand = optionalInput(1), operand.shape.count == 1, operand.type == .int32 {
      shape = operand.integers
    } else if case .reshape(let newShape) = options {
      // An old way to write a scalar.
      shape = newShape == [0] ? [] : newShape
    } else {
      throw malformed("it has no shape")
    }
    let open = shape.indices.filter { shape[$0] == -1 }
    guard open.count <= 1 else { throw malformed("the shape \(shape) with more than one open dimension") }
    if let axis = open.first {
      shape[axis] = 1
      guard let rest = elementCount(of: shape), rest > 0 else { throw malformed("the shape \(shape)") }
      shape[axis] = input.elements.count / rest
    }
    return [try result(type: input.type, shape: shape, elements: input.elements)]
  }

  /// SQUEEZE: takes away dimensions of size 1, all or those named.
  func squeeze() throws(ReferenceError) -> [TensorValue] {
    let input = try input(0)
    var axes: Set<Int> = []
    if case .squeeze(let dimensions) = options, !dimensions.isEmpty {
      for number in dimensions {
        let axis = try axis(number, rank: input.shape.count)
        guard input.shape[axis] == 1 else { throw malformed("dimension \(number) of \(input.shape), which is not 1") }
        axes.insert(axis)
      }
    } else {
      axes = Set(input.shape.indices.filter { input.shape[$0] == 1 })
    }
    let shape = input.shape.indices.filter { !axes.contains($0) }.map { input.shape[$0] }
    return [try result(type: input.type, shape: shape, elements: input.elements)]
  }

  /// EXPAND_DIMS: puts in a dimension of size 1.
  func expandDimensions() throws(ReferenceError) -> [TensorValue] {
    let input = try input(0)
    guard let number = try integers(1).first else { throw malformed("it names no dimension") }
    var shape = input.shape
    shape.insert(1, at: try axis(number, rank: shape.count + 1))
    return [try result(type: input.type, shape: shape, elements: input.elements)]
  }

  /// SHAPE: the sizes of the input, as the integer type that the file declares.
  func shape() throws(ReferenceError) -> [TensorValue] {
    let input = try input(0)
    let type: ElementType = outputs.first?.type == .int64 ? .int64 : .int32
    return [try result(type: type, shape: [input.shape.count], elements: .integers(input.shape))]
  }

  /// BROADCAST_ARGS: the shape that two shapes broadcast to.
  func broadcastArguments() throws(ReferenceError) -> [TensorValue] {
    let (first, second) = (try input(0), try input(1))
    guard let shape = Broadcast.shape(first.integers, second.integers) else {
      throw malformed("the shapes \(first.integers) and \(second.integers)")
    }
    return [try result(type: first.type, shape: [shape.count], elements: .integers(shape))]
  }

  /// BROADCAST_TO: repeats dimensions of size 1 to a given shape.
  func broadcastTo() throws(ReferenceError) -> [TensorValue] {
    let input = try input(0)
    let shape = try checked(try integers(1))
    guard Broadcast.shape(input.shape, shape) == shape else { throw malformed("\(input.shape) to \(shape)") }
    let elements = input.elements.picked(Broadcast.positions(of: input.shape, in: shape))
    return [try result(type: input.type, shape: shape, elements: elements)]
  }
}
