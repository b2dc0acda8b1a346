/// Gives an operator's settings the form of the file: what `OptionsReader` reads.
struct OptionsWriter {
  let node: OperatorDraft

  /// The table and its type in the schema's union; nil where the operator has none.
  func write() -> (type: UInt8, node: FlatBufferNode)? {
    guard let builtin = node.builtin else { return nil }
    switch node.options {
    case .none, .detection: return nil
    case .convolution(let options): return (1, convolution(options))
    case .depthwiseConvolution(let options): return (2, depthwiseConvolution(options))
    case .fullyConnected(let options): return (8, fullyConnected(options))
    case .pool(let options): return (5, pool(options))
    case .arithmetic(let activation, let shifts): return arithmetic(builtin, activation, shifts)
    case .softmax(let beta): return (9, .table(.number(0, beta)))
    case .leakyRelu(let alpha): return (75, .table(.number(0, alpha)))
    case .gelu(let approximate): return (116, .table(.truth(0, approximate)))
    case .batchMatrixMultiply(let x, let y): return (101, .table(.truth(0, x), .truth(1, y)))
    case .transposeConvolution(let padding, let height, let width, let activation):
      return (
        49,
        .table(
          .padding(0, padding), .int(1, width), .int(2, height), .activation(3, activation))
      )
    default: return arrangement(builtin)
    }
  }

  private func arrangement(_ builtin: BuiltinOperator) -> (type: UInt8, node: FlatBufferNode)? {
    switch node.options {
    case .concatenation(let axis, let activation): return (10, .table(.int(0, axis), .activation(1, activation)))
    case .reshape(let shape): return (17, .table(.reference(0, .int32s(shape))))
    case .squeeze(let dimensions): return (30, .table(.reference(0, .int32s(dimensions))))
    case .reduce(let keeps): return (27, .table(.truth(0, keeps)))
    case .resize(let alignCorners, let halfPixelCenters):
      let (type, first): (UInt8, Int) = builtin == .resizeBilinear ? (15, 2) : (74, 0)
      return (type, .table(.truth(first, alignCorners), .truth(first + 1, halfPixelCenters)))
    case .stridedSlice(let options): return (32, stridedSlice(options))
    case .pack(let axis, let count): return (59, .table(.int(0, count), .int(1, axis)))
    case .unpack(let axis, let count): return (64, .table(.int(0, count), .int(1, axis)))
    case .split(let count): return (builtin == .splitV ? 79 : 35, .table(.int(0, count)))
    case .gather(let axis, let batches): return (23, .table(.int(0, axis), .int(1, batches)))
    case .blockSize(let size): return (builtin == .depthToSpace ? 94 : 19, .table(.int(0, size)))
    case .mirrorPad(let isSymmetric): return (77, .table(.truth(0, isSymmetric)))
    case .argument(let type): return (builtin == .argMin ? 57 : 40, .table(.elementType(0, type)))
    case .cast(let from, let to): return (37, .table(.elementType(0, from), .elementType(1, to)))
    default: return nil
    }
  }

  private func arithmetic(
    _ builtin: BuiltinOperator, _ activation: Activation, _ shifts: Bool
  ) -> (type: UInt8, node: FlatBufferNode)? {
    let table = FlatBufferNode.table(.activation(0, activation))
    switch builtin {
    case .add: return (11, .table(.activation(0, activation), .truth(1, shifts, default: true)))
    case .sub: return (28, .table(.activation(0, activation), .truth(1, shifts, default: true)))
    case .mul: return (21, table)
    case .div: return (29, table)
    default: return nil
    }
  }

  private func convolution(_ options: ConvolutionOptions) -> FlatBufferNode {
    .table(
      .padding(0, options.padding), .int(1, options.strideWidth), .int(2, options.strideHeight),
      .activation(3, options.activation), .int(4, options.dilationWidth, default: 1),
      .int(5, options.dilationHeight, default: 1))
  }

  private func depthwiseConvolution(_ depthwise: DepthwiseConvolutionOptions) -> FlatBufferNode {
    let options = depthwise.convolution
    return .table(
      .padding(0, options.padding), .int(1, options.strideWidth), .int(2, options.strideHeight),
      .int(3, depthwise.depthMultiplier), .activation(4, options.activation),
      .int(5, options.dilationWidth, default: 1), .int(6, options.dilationHeight, default: 1))
  }

  private func fullyConnected(_ options: FullyConnectedOptions) -> FlatBufferNode {
    .table(
      .activation(0, options.activation), .truth(1, options.hasShuffledWeights), .truth(2, options.keepDimensions),
      .truth(3, options.asymmetricQuantizeInputs))
  }

  private func pool(_ options: PoolOptions) -> FlatBufferNode {
    .table(
      .padding(0, options.padding), .int(1, options.strideWidth), .int(2, options.strideHeight),
      .int(3, options.filterWidth), .int(4, options.filterHeight), .activation(5, options.activation))
  }

  private func stridedSlice(_ options: StridedSliceOptions) -> FlatBufferNode {
    .table(
      .int(0, options.beginMask), .int(1, options.endMask), .int(2, options.ellipsisMask),
      .int(3, options.newAxisMask), .int(4, options.shrinkAxisMask), .truth(5, options.offset))
  }
}

extension FlatBufferField {
  fileprivate static func int(_ index: Int, _ value: Int, default defaultValue: Int32 = 0) -> FlatBufferField? {
    number(index, Int32(truncatingIfNeeded: value), default: defaultValue)
  }

  fileprivate static func activation(_ index: Int, _ activation: Activation) -> FlatBufferField? {
    number(index, UInt8(activation.rawValue))
  }

  fileprivate static func padding(_ index: Int, _ padding: Padding) -> FlatBufferField? {
    number(index, UInt8(padding.rawValue))
  }

  fileprivate static func elementType(_ index: Int, _ type: ElementType) -> FlatBufferField? {
    number(index, UInt8(type.rawValue))
  }
}
