import TFLite

extension OperatorCall {
  /// PAD and PADV2: surrounds the input with a value; without one with what stands for 0.
  func pad() throws(ReferenceError) -> [TensorValue] {
    let input = try input(0)
    let paddings = try paddings(input)
    let shape = try checked(zip(input.shape, paddings).map { $0 + $1.before + $1.after })
    let fill = try padValue(input)
    let inputStrides = strides(of: input.shape)
    let positions: [Int?] = Indices(of: shape).map { index in
      var position = 0
      for axis in index.indices {
        let place = index[axis] - paddings[axis].before
        guard place >= 0, place < input.shape[axis] else { return nil }
        position += place * inputStrides[axis]
      }
      return position
    }
    let elements: Elements
    switch (input.elements, fill) {
    case (.reals(let values), .reals(let fill)): elements = .reals(positions.map { $0.map { values[$0] } ?? fill[0] })
    case (.integers(let values), .integers(let fill)):
      elements = .integers(positions.map { $0.map { values[$0] } ?? fill[0] })
    default: throw malformed("a value of another type than the input's \(input.type)")
    }
    return [try result(type: input.type, shape: shape, elements: elements)]
  }

  /// MIRROR_PAD: surrounds the input with its own elements in reverse, with the outermost repeated or not.
  func mirrorPad() throws(ReferenceError) -> [TensorValue] {
    guard case .mirrorPad(let isSymmetric) = options else { throw malformed("it has no options") }
    let input = try input(0)
    let paddings = try paddings(input)
    let offset = isSymmetric ? 0 : 1
    for (size, padding) in zip(input.shape, paddings) where max(padding.before, padding.after) > size - offset {
      throw malformed("a padding of \(padding.before) and \(padding.after) around \(size) elements")
    }
    let shape = try checked(zip(input.shape, paddings).map { $0 + $1.before + $1.after })
    let inputStrides = strides(of: input.shape)
    let positions = Indices(of: shape).map { index in
      index.indices.reduce(0) { position, axis in
        var place = index[axis] - paddings[axis].before
        if place < 0 { place = offset - 1 - place }
        if place >= input.shape[axis] { place = 2 * input.shape[axis] - 1 - offset - place }
        return position + place * inputStrides[axis]
      }
    }
    return [try result(type: input.type, shape: shape, elements: input.elements.picked(positions))]
  }

  private func paddings(_ input: TensorValue) throws(ReferenceError) -> [(before: Int, after: Int)] {
    let numbers = try integers(1)
    guard numbers.count == 2 * input.shape.count, numbers.allSatisfy({ $0 >= 0 && $0 <= largestElementCount }) else {
      throw malformed("the paddings \(numbers) of an input \(input.shape)")
    }
    return input.shape.indices.map { (numbers[2 * $0], numbers[2 * $0 + 1]) }
  }

  private func padValue(_ input: TensorValue) throws(ReferenceError) -> Elements {
    if let value = optionalInput(2) {
      guard value.elements.count == 1 else { throw malformed("a value \(value.shape), one number is needed") }
      return value.elements
    }
    if case .reals = input.elements { return .reals([0]) }
    return .integers([input.isQuantized8 ? try outputAffine(input.type).zeroPoint : 0])
  }
}
