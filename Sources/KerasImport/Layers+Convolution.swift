import TFLite

extension NetworkBuilder {
  /// Weights of a product and what is added to each of its channels, into which following layers are folded.
  struct Product {
    /// [rows][channels]: the channel runs fastest.
    var kernel: [Float]
    var bias: [Float]
    var activation = Activation.none
    /// What follows as an operator of its own.
    var following = KerasActivation.linear
    /// The value that the operator gives after all that was taken in.
    var result: ValueID
  }

  mutating func translateConvolution(_ node: Node) throws(KerasImportError) {
    let source = try picture(of: node)
    let weights = try kernelAndBias(of: node)
    let shape = weights.kernel.shape
    let groups = node.config["groups"].integer ?? 1
    guard shape.count == 4, groups > 0, shape[2] * groups == source.shape[3], shape[3] % groups == 0 else {
      throw node.unsupported("its kernel of shape \(shape) does not fit an input of shape \(source.shape)")
    }
    let product = try takeFollowing(node, kernel: weights.kernel.values, bias: weights.bias)
    let perChannel = shape[0] * shape[1] * shape[2]
    let filter = constant(
      "\(node.place.name)/kernel", [shape[3], shape[0], shape[1], shape[2]],
      Self.transposed(product.kernel, rows: perChannel, columns: shape[3]))
    let bias = constant("\(node.place.name)/bias", [shape[3]], product.bias)
    let options = try convolutionOptions(of: node, product.activation)
    let value = try emit(
      .convolution2D, version: groups > 1 ? 6 : 1, [source.tensor, filter, bias], .convolution(options),
      shape: try resultShape(source, (shape[0], shape[1]), options, channels: shape[3], node),
      name: node.place.name)
    try finish(product, value, node)
  }

  mutating func translateDepthwiseConvolution(_ node: Node) throws(KerasImportError) {
    let source = try picture(of: node)
    let weights = try kernelAndBias(of: node)
    let product = try takeFollowing(node, kernel: weights.kernel.values, bias: weights.bias)
    try finish(product, try emitDepthwise(node, source, kernelShape: weights.kernel.shape, product), node)
  }

  /// A depthwise convolution and a pointwise one.
  mutating func translateSeparableConvolution(_ node: Node) throws(KerasImportError) {
    let source = try picture(of: node)
    let hasBias = node.config["use_bias"].bool ?? true
    let arrays = try file.weights(
      of: node.place, named: ["depthwise_kernel", "pointwise_kernel"] + (hasBias ? ["bias"] : []))
    let (depthwise, pointwise) = (arrays[0], arrays[1])
    guard depthwise.shape.count == 4, pointwise.shape.count == 4,
      pointwise.shape[2] == depthwise.shape[2] * depthwise.shape[3]
    else { throw node.unsupported("its two kernels do not fit each other") }
    let middleChannels = pointwise.shape[2]
    let middle = try emitDepthwise(
      node, source, kernelShape: depthwise.shape,
      Product(
        kernel: depthwise.values, bias: [Float](repeating: 0, count: middleChannels), result: node.result))
    let channels = pointwise.shape[3]
    let product = try takeFollowing(
      node, kernel: pointwise.values, bias: hasBias ? arrays[2].values : [Float](repeating: 0, count: channels))
    let filter = constant(
      "\(node.place.name)/pointwise_kernel", [channels, 1, 1, middleChannels],
      Self.transposed(product.kernel, rows: middleChannels, columns: channels))
    let bias = constant("\(node.place.name)/bias", [channels], product.bias)
    let options = ConvolutionOptions(
      padding: .valid, strideHeight: 1, strideWidth: 1, dilationHeight: 1, dilationWidth: 1,
      activation: product.activation)
    let value = try emit(
      .convolution2D, [middle.tensor, filter, bias], .convolution(options),
      shape: Array(middle.shape.dropLast()) + [channels], name: node.place.name)
    try finish(product, value, node)
  }

  mutating func translateDense(_ node: Node) throws(KerasImportError) {
    let source = try input(of: node)
    let weights = try kernelAndBias(of: node)
    let shape = weights.kernel.shape
    guard shape.count == 2, source.shape.count >= 2, source.shape.last == shape[0] else {
      throw node.unsupported("its kernel of shape \(shape) does not fit an input of shape \(source.shape)")
    }
    let product = try takeFollowing(node, kernel: weights.kernel.values, bias: weights.bias)
    let filter = constant(
      "\(node.place.name)/kernel", [shape[1], shape[0]],
      Self.transposed(product.kernel, rows: shape[0], columns: shape[1]))
    let bias = constant("\(node.place.name)/bias", [shape[1]], product.bias)
    let keepsDimensions = source.shape.count > 2
    let options = FullyConnectedOptions(
      activation: product.activation, hasShuffledWeights: false, keepDimensions: keepsDimensions,
      asymmetricQuantizeInputs: false)
    let value = try emit(
      .fullyConnected, version: keepsDimensions ? 5 : 1, [source.tensor, filter, bias], .fullyConnected(options),
      shape: Array(source.shape.dropLast()) + [shape[1]], name: node.place.name)
    try finish(product, value, node)
  }

  // MARK: What they share

  /// Gives the product's result its value, with the activation that the operator could not take in.
  private mutating func finish(_ product: Product, _ value: Value, _ node: Node) throws(KerasImportError) {
    define(product.result, as: try apply(product.following, to: value, node))
  }

  private mutating func emitDepthwise(
    _ node: Node, _ source: Value, kernelShape shape: [Int], _ product: Product
  ) throws(KerasImportError) -> Value {
    guard shape.count == 4, shape[2] == source.shape[3] else {
      throw node.unsupported("its kernel of shape \(shape) does not fit an input of shape \(source.shape)")
    }
    let channels = shape[2] * shape[3]
    // The channel and its multiple stand side by side in both formats.
    let filter = constant("\(node.place.name)/depthwise_kernel", [1, shape[0], shape[1], channels], product.kernel)
    let bias = constant("\(node.place.name)/depthwise_bias", [channels], product.bias)
    let options = try convolutionOptions(of: node, product.activation)
    let isDilated = options.dilationHeight > 1 || options.dilationWidth > 1
    return try emit(
      .depthwiseConvolution2D, version: isDilated ? 2 : 1, [source.tensor, filter, bias],
      .depthwiseConvolution(.init(convolution: options, depthMultiplier: shape[3])),
      shape: try resultShape(source, (shape[0], shape[1]), options, channels: channels, node),
      name: "\(node.place.name)/depthwise")
  }

  private func kernelAndBias(of node: Node) throws(KerasImportError) -> (kernel: WeightArray, bias: [Float]) {
    let hasBias = node.config["use_bias"].bool ?? true
    let arrays = try file.weights(of: node.place, named: hasBias ? ["kernel", "bias"] : ["kernel"])
    let channels = arrays[0].shape.suffix(node.className == "DepthwiseConv2D" ? 2 : 1).reduce(1, *)
    let bias = hasBias ? arrays[1].values : [Float](repeating: 0, count: channels)
    guard bias.count == channels, channels > 0 else {
      throw node.unsupported("it has \(bias.count) biases for \(channels) channels")
    }
    return (arrays[0], bias)
  }

  private func convolutionOptions(
    of node: Node, _ activation: Activation
  ) throws(KerasImportError) -> ConvolutionOptions {
    let (strideHeight, strideWidth) = try pair("strides", of: node)
    let (dilationHeight, dilationWidth) = try pair("dilation_rate", of: node)
    return ConvolutionOptions(
      padding: try padding(of: node), strideHeight: strideHeight, strideWidth: strideWidth,
      dilationHeight: dilationHeight, dilationWidth: dilationWidth, activation: activation)
  }

  private func resultShape(
    _ source: Value, _ window: (height: Int, width: Int), _ options: ConvolutionOptions, channels: Int, _ node: Node
  ) throws(KerasImportError) -> [Int] {
    let height = try windowCount(
      source.shape[1], window: (window.height - 1) * options.dilationHeight + 1, stride: options.strideHeight,
      padding: options.padding, node)
    let width = try windowCount(
      source.shape[2], window: (window.width - 1) * options.dilationWidth + 1, stride: options.strideWidth,
      padding: options.padding, node)
    return [1, height, width, channels]
  }

  /// [rows][columns] to [columns][rows].
  private static func transposed(_ values: [Float], rows: Int, columns: Int) -> [Float] {
    var result = [Float](repeating: 0, count: values.count)
    for row in 0..<rows { for column in 0..<columns { result[column * rows + row] = values[row * columns + column] } }
    return result
  }

  /// Takes the layer's own activation, a BatchNormalization and an activation behind it into the product, as far as
  /// they are the only readers of what comes before.
  private mutating func takeFollowing(
    _ node: Node, kernel: [Float], bias: [Float]
  ) throws(KerasImportError) -> Product {
    var product = Product(kernel: kernel, bias: bias, result: node.result)
    let own = try activation(of: node.config["activation"], node)
    if own == .linear {
      if let (index, next) = onlyReader(of: product.result), next.className == "BatchNormalization", !next.isFunction {
        let (scale, shift) = try scaleAndShift(of: next, channels: bias.count)
        for position in product.kernel.indices { product.kernel[position] *= scale[position % bias.count] }
        for channel in product.bias.indices {
          product.bias[channel] = product.bias[channel] * scale[channel] + shift[channel]
        }
        absorb(index)
        product.result = next.result
      }
      if let (index, next) = onlyReader(of: product.result), let fused = try fusedActivation(of: next) {
        absorb(index)
        product.activation = fused
        product.result = next.result
      }
      return product
    }
    if let fused = own.fused { product.activation = fused } else { product.following = own }
    return product
  }
}
