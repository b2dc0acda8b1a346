/// Reads the options table of an operator.
///
/// As in TensorFlow Lite, a table that is absent, or of another operator's type, leaves the schema's defaults.
struct OptionsReader {
  let operatorTable: FlatBufferTable

  func read(for code: OperatorCode) throws(ModelError) -> OperatorOptions {
    guard case .builtin(let builtin) = code else { return try custom(code) }
    switch builtin {
    case .convolution2D: return .convolution(try convolution(options(1), dilationAt: 4))
    case .depthwiseConvolution2D: return .depthwiseConvolution(try depthwiseConvolution(options(2)))
    case .fullyConnected: return .fullyConnected(try fullyConnected(options(8)))
    case .averagePool2D, .maxPool2D, .l2Pool2d: return .pool(try pool(options(5)))
    case .add: return try sum(options(11))
    case .sub: return try sum(options(28))
    case .mul: return .arithmetic(activation: try options(21).activation(0))
    case .div: return .arithmetic(activation: try options(29).activation(0))
    case .softmax: return .softmax(beta: try options(9).float(0, "beta"))
    case .leakyRelu: return .leakyRelu(alpha: try options(75).float(0, "alpha"))
    case .gelu: return .gelu(approximate: try options(116).bool(0, "approximate"))
    case .transposeConv: return try transposeConvolution(options(49))
    case .batchMatmul:
      let options = try options(101)
      return .batchMatrixMultiply(
        adjointX: try options.bool(0, "adj_x"), adjointY: try options.bool(1, "adj_y"))
    default: return try arrangement(builtin)
    }
  }

  /// Options of the one custom operator that is known here: a FlexBuffer.
  private func custom(_ code: OperatorCode) throws(ModelError) -> OperatorOptions {
    guard code == .custom(DetectionOptions.operatorName) else { return .none }
    let bytes = try operatorTable.numbers(5, "the custom options", as: UInt8.self, limit: ModelLimits.nameByteCount)
    guard let map = FlexBufferMap(bytes ?? []) else {
      throw .mismatch(operatorTable.place, what: "Its custom options are no FlexBuffer map")
    }
    return .detection(DetectionOptions(map))
  }

  /// Options of the operators that move, choose or reduce elements.
  private func arrangement(_ builtin: BuiltinOperator) throws(ModelError) -> OperatorOptions {
    switch builtin {
    case .concatenation:
      let options = try options(10)
      return .concatenation(axis: try options.int(0, "axis"), activation: try options.activation(1))
    case .reshape: return .reshape(newShape: try options(17).ints(0, "new_shape"))
    case .squeeze: return .squeeze(dimensions: try options(30).ints(0, "squeeze_dims"))
    case .mean, .sum, .reduceMax, .reduceMin, .reduceProd, .reduceAny, .reduceAll:
      return .reduce(keepDimensions: try options(27).bool(0, "keep_dims"))
    // The first two fields of RESIZE_BILINEAR, the new size, are no longer in use.
    case .resizeBilinear: return try resize(options(15), firstField: 2)
    case .resizeNearestNeighbor: return try resize(options(74), firstField: 0)
    case .stridedSlice: return .stridedSlice(try stridedSlice(options(32)))
    case .pack:
      let options = try options(59)
      return .pack(axis: try options.int(1, "axis"), count: try options.int(0, "values_count"))
    case .unpack:
      let options = try options(64)
      return .unpack(axis: try options.int(1, "axis"), count: try options.int(0, "num"))
    case .split: return .split(count: try options(35).int(0, "num_splits"))
    case .splitV: return .split(count: try options(79).int(0, "num_splits"))
    case .gather:
      let options = try options(23)
      return .gather(axis: try options.int(0, "axis"), batchDimensions: try options.int(1, "batch_dims"))
    case .spaceToDepth: return .blockSize(try options(19).int(0, "block_size"))
    case .depthToSpace: return .blockSize(try options(94).int(0, "block_size"))
    case .mirrorPad: return .mirrorPad(isSymmetric: try options(77).byte(0, "mode") == 1)
    case .argMax: return .argument(outputType: try options(40).elementType(0, "output_type"))
    case .argMin: return .argument(outputType: try options(57).elementType(0, "output_type"))
    case .cast:
      let options = try options(37)
      return .cast(
        from: try options.elementType(0, "in_data_type"), to: try options.elementType(1, "out_data_type"))
    default: return .none
    }
  }

  /// The options table where its type in the schema's union is `type`.
  private func options(_ type: UInt8) throws(ModelError) -> OptionsTable {
    let found = try operatorTable.scalar(3, "the options' type", default: UInt8(0))
    let table = found == type ? try operatorTable.table(4, "the options") : nil
    return OptionsTable(table: table, place: operatorTable.place)
  }

  private func convolution(_ options: OptionsTable, dilationAt field: Int) throws(ModelError) -> ConvolutionOptions {
    ConvolutionOptions(
      padding: try options.padding(0), strideHeight: try options.positive(2, "stride_h"),
      strideWidth: try options.positive(1, "stride_w"),
      dilationHeight: try options.positive(field + 1, "dilation_h_factor", default: 1),
      dilationWidth: try options.positive(field, "dilation_w_factor", default: 1),
      activation: try options.activation(field - 1))
  }

  private func depthwiseConvolution(_ options: OptionsTable) throws(ModelError) -> DepthwiseConvolutionOptions {
    DepthwiseConvolutionOptions(
      convolution: try convolution(options, dilationAt: 5),
      depthMultiplier: try options.int(3, "depth_multiplier"))
  }

  /// ADD and SUB.
  private func sum(_ options: OptionsTable) throws(ModelError) -> OperatorOptions {
    .arithmetic(
      activation: try options.activation(0),
      shiftsPowersOfTwo: try options.bool(1, "pot_scale_int16", default: true))
  }

  private func fullyConnected(_ options: OptionsTable) throws(ModelError) -> FullyConnectedOptions {
    FullyConnectedOptions(
      activation: try options.activation(0), hasShuffledWeights: try options.byte(1, "weights_format") != 0,
      keepDimensions: try options.bool(2, "keep_num_dims"),
      asymmetricQuantizeInputs: try options.bool(3, "asymmetric_quantize_inputs"))
  }

  private func pool(_ options: OptionsTable) throws(ModelError) -> PoolOptions {
    PoolOptions(
      padding: try options.padding(0), strideHeight: try options.positive(2, "stride_h"),
      strideWidth: try options.positive(1, "stride_w"), filterHeight: try options.positive(4, "filter_height"),
      filterWidth: try options.positive(3, "filter_width"), activation: try options.activation(5))
  }

  private func transposeConvolution(_ options: OptionsTable) throws(ModelError) -> OperatorOptions {
    .transposeConvolution(
      padding: try options.padding(0), strideHeight: try options.positive(2, "stride_h"),
      strideWidth: try options.positive(1, "stride_w"), activation: try options.activation(3))
  }

  private func resize(_ options: OptionsTable, firstField: Int) throws(ModelError) -> OperatorOptions {
    .resize(
      alignCorners: try options.bool(firstField, "align_corners"),
      halfPixelCenters: try options.bool(firstField + 1, "half_pixel_centers"))
  }

  private func stridedSlice(_ options: OptionsTable) throws(ModelError) -> StridedSliceOptions {
    StridedSliceOptions(
      beginMask: try options.int(0, "begin_mask"), endMask: try options.int(1, "end_mask"),
      ellipsisMask: try options.int(2, "ellipsis_mask"), newAxisMask: try options.int(3, "new_axis_mask"),
      shrinkAxisMask: try options.int(4, "shrink_axis_mask"), offset: try options.bool(5, "offset"))
  }
}

/// An options table that may be absent: every field then has the schema's default.
private struct OptionsTable {
  let table: FlatBufferTable?
  let place: ModelError.Place

  func int(_ index: Int, _ name: String, default defaultValue: Int32 = 0) throws(ModelError) -> Int {
    try table?.int(index, name, default: defaultValue) ?? Int(defaultValue)
  }

  func byte(_ index: Int, _ name: String) throws(ModelError) -> Int8 {
    try table?.scalar(index, name, default: Int8(0)) ?? 0
  }

  func bool(_ index: Int, _ name: String, default defaultValue: Bool = false) throws(ModelError) -> Bool {
    try table?.bool(index, name, default: defaultValue) ?? defaultValue
  }

  func float(_ index: Int, _ name: String) throws(ModelError) -> Float {
    try table?.float(index, name) ?? 0
  }

  func ints(_ index: Int, _ name: String) throws(ModelError) -> [Int] {
    try table?.ints(index, name, limit: ModelLimits.dimensions) ?? []
  }

  func elementType(_ index: Int, _ name: String) throws(ModelError) -> ElementType {
    try table?.elementType(index, name) ?? .float32
  }

  /// A stride, dilation or window size: with 0 or less the operator has no result.
  func positive(_ index: Int, _ name: String, default defaultValue: Int32 = 0) throws(ModelError) -> Int {
    let value = try int(index, name, default: defaultValue)
    guard value > 0 else { throw .mismatch(place, what: "Its option \(name) is \(value), a positive number is needed") }
    return value
  }

  func padding(_ index: Int) throws(ModelError) -> Padding {
    let number = try byte(index, "padding")
    guard let padding = Padding(rawValue: Int(number)) else {
      throw .unsupported(place, what: "The padding with number \(number)")
    }
    return padding
  }

  func activation(_ index: Int) throws(ModelError) -> Activation {
    let number = try byte(index, "the fused activation")
    guard let activation = Activation(rawValue: Int(number)) else {
      throw .unsupported(place, what: "The fused activation with number \(number)")
    }
    return activation
  }
}
