import TFLite

extension OperatorCall {
  /// TRANSPOSE: dimension i of the result is dimension `permutation[i]` of the input.
  func transpose() throws(ReferenceError) -> [TensorValue] {
    let input = try input(0)
    var permutation: [Int] = []
    for number in try integers(1) { permutation.append(try axis(number, rank: input.shape.count)) }
    guard permutation.sorted() == Array(input.shape.indices) else {
      throw malformed("the permutation \(permutation) of \(input.shape)")
    }
    let shape = permutation.map { input.shape[$0] }
    let inputStrides = strides(of: input.shape)
    let steps = permutation.map { inputStrides[$0] }
    let positions = Indices(of: shape).map { index in zip(index, steps).reduce(0) { $0 + $1.0 * $1.1 } }
    return [try result(type: input.type, shape: shape, elements: input.elements.picked(positions))]
  }

  /// GATHER: the entries that the second operand names, along a dimension.
  func gather() throws(ReferenceError) -> [TensorValue] {
    guard case .gather(let number, let batchDimensions) = options else { throw malformed("it has no options") }
    guard batchDimensions == 0 else { throw unsupported("batch dimensions") }
    let (input, names) = (try input(0), try input(1))
    let axis = try axis(number, rank: input.shape.count)
    let size = input.shape[axis]
    guard let bad = names.integers.first(where: { $0 < 0 || $0 >= size }) else {
      let inner = input.shape[(axis + 1)...].reduce(1, *)
      let outer = input.shape[..<axis].reduce(1, *)
      var gathered = input.shape
      gathered.replaceSubrange(axis...axis, with: names.shape)
      let shape = try checked(gathered)
      let positions = (0..<outer).flatMap { row in
        names.integers.flatMap { name in (0..<inner).map { (row * size + name) * inner + $0 } }
      }
      return [try result(type: input.type, shape: shape, elements: input.elements.picked(positions))]
    }
    throw malformed("entry \(bad) of dimension \(axis) of \(input.shape)")
  }

  /// TILE: repeats the input along each dimension.
  func tile() throws(ReferenceError) -> [TensorValue] {
    let input = try input(0)
    let repeats = try integers(1)
    guard repeats.count == input.shape.count, repeats.allSatisfy({ $0 >= 0 && $0 <= largestElementCount }) else {
      throw malformed("\(repeats) repetitions of \(input.shape)")
    }
    let shape = try checked(zip(input.shape, repeats).map { $0 * $1 })
    let steps = strides(of: input.shape)
    let positions = Indices(of: shape).map { index in
      index.indices.reduce(0) { $0 + index[$1] % input.shape[$1] * steps[$1] }
    }
    return [try result(type: input.type, shape: shape, elements: input.elements.picked(positions))]
  }
}
