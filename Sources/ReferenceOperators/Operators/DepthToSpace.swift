import TFLite

extension OperatorCall {
  /// DEPTH_TO_SPACE: a block of pixels from the channels of each pixel.
  func depthToSpace() throws(ReferenceError) -> [TensorValue] {
    let (input, block) = try blocks()
    let (height, width, depth) = (input.shape[1], input.shape[2], input.shape[3])
    guard depth % (block * block) == 0 else { throw malformed("blocks of \(block) from \(input.shape)") }
    let shape = try checked([input.shape[0], height * block, width * block, depth / (block * block)])
    let positions = Indices(of: shape).map { index in
      let channel = (index[1] % block * block + index[2] % block) * shape[3] + index[3]
      return ((index[0] * height + index[1] / block) * width + index[2] / block) * depth + channel
    }
    return [try result(type: input.type, shape: shape, elements: input.elements.picked(positions))]
  }

  /// SPACE_TO_DEPTH: the channels of each pixel from a block of pixels.
  func spaceToDepth() throws(ReferenceError) -> [TensorValue] {
    let (input, block) = try blocks()
    let (height, width, depth) = (input.shape[1], input.shape[2], input.shape[3])
    guard height % block == 0, width % block == 0 else { throw malformed("blocks of \(block) from \(input.shape)") }
    let shape = try checked([input.shape[0], height / block, width / block, depth * block * block])
    let positions = Indices(of: shape).map { index in
      let place = index[3] / depth
      let (y, x) = (index[1] * block + place / block, index[2] * block + place % block)
      return ((index[0] * height + y) * width + x) * depth + index[3] % depth
    }
    return [try result(type: input.type, shape: shape, elements: input.elements.picked(positions))]
  }

  private func blocks() throws(ReferenceError) -> (TensorValue, Int) {
    guard case .blockSize(let block) = options, block > 0, block < 1 << 16 else {
      throw malformed("it has no block size, or one that is out of range")
    }
    let input = try input(0)
    guard input.shape.count == 4 else { throw malformed("an input \(input.shape), four dimensions are needed") }
    return (input, block)
  }
}
