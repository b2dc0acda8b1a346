import TFLite

// Operators that take parts of a tensor.
extension OperatorCall {
  /// SPLIT: equal parts along the dimension that the first operand names.
  func split() throws(ReferenceError) -> [TensorValue] {
    let input = try input(1)
    guard let number = try integers(0).first else { throw malformed("it names no dimension") }
    let axis = try axis(number, rank: input.shape.count)
    guard !outputs.isEmpty, input.shape[axis] % outputs.count == 0 else {
      throw malformed("\(outputs.count) parts of dimension \(axis) of \(input.shape)")
    }
    let size = input.shape[axis] / outputs.count
    return try parts(input, axis: axis, sizes: Array(repeating: size, count: outputs.count))
  }

  /// SPLIT_V: parts of given sizes; one of them may be open (-1).
  func splitBySizes() throws(ReferenceError) -> [TensorValue] {
    let input = try input(0)
    guard let number = try integers(2).first else { throw malformed("it names no dimension") }
    let axis = try axis(number, rank: input.shape.count)
    var sizes = try integers(1)
    if let open = sizes.firstIndex(of: -1) {
      sizes[open] = 0
      sizes[open] = input.shape[axis] - sizes.reduce(0, &+)
    }
    guard sizes.count == outputs.count, sizes.allSatisfy({ $0 >= 0 && $0 <= input.shape[axis] }),
      sizes.reduce(0, +) == input.shape[axis]
    else { throw malformed("parts of the sizes \(sizes) of dimension \(axis) of \(input.shape)") }
    return try parts(input, axis: axis, sizes: sizes)
  }

  /// UNPACK: each entry along a dimension, without that dimension.
  func unpack() throws(ReferenceError) -> [TensorValue] {
    guard case .unpack(let number, _) = options else { throw malformed("it has no options") }
    let input = try input(0)
    let axis = try axis(number, rank: input.shape.count)
    guard input.shape[axis] == outputs.count else {
      throw malformed("\(outputs.count) results of dimension \(axis) of \(input.shape)")
    }
    var results: [TensorValue] = []
    for var part in try parts(input, axis: axis, sizes: Array(repeating: 1, count: outputs.count)) {
      part.shape.remove(at: axis)
      results.append(part)
    }
    return results
  }

  private func parts(_ input: TensorValue, axis: Int, sizes: [Int]) throws(ReferenceError) -> [TensorValue] {
    let inner = input.shape[(axis + 1)...].reduce(1, *)
    let outer = input.shape[..<axis].reduce(1, *)
    var results: [TensorValue] = []
    var start = 0
    for (number, size) in sizes.enumerated() {
      let positions = (0..<outer).flatMap { row in
        (0..<size * inner).map { (row * input.shape[axis] + start) * inner + $0 }
      }
      var shape = input.shape
      shape[axis] = size
      results.append(try result(number, type: input.type, shape: shape, elements: input.elements.picked(positions)))
      start += size
    }
    return results
  }

  /// SLICE: from `begin`, as many as `size` says; -1 means all that follow.
  func slice() throws(ReferenceError) -> [TensorValue] {
    let input = try input(0)
    let (begin, sizes) = (try integers(1), try integers(2))
    guard begin.count == input.shape.count, sizes.count == input.shape.count else {
      throw malformed("a begin \(begin) and sizes \(sizes) of an input \(input.shape)")
    }
    let shape = input.shape.indices.map { sizes[$0] == -1 ? input.shape[$0] &- begin[$0] : sizes[$0] }
    guard
      input.shape.indices.allSatisfy({
        begin[$0] >= 0 && shape[$0] >= 0 && begin[$0] <= input.shape[$0] && shape[$0] <= input.shape[$0] - begin[$0]
      })
    else { throw malformed("a begin \(begin) and sizes \(sizes) of an input \(input.shape)") }
    let steps = strides(of: input.shape)
    let positions = Indices(of: shape).map { index in
      index.indices.reduce(0) { $0 + (index[$1] + begin[$1]) * steps[$1] }
    }
    return [try result(type: input.type, shape: shape, elements: input.elements.picked(positions))]
  }
}
