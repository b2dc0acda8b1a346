import TFLite

extension NetworkBuilder {
  /// Makes the operators of one layer.
  mutating func translate(_ index: Int) throws(KerasImportError) {
    let node = graph.nodes[index]
    if node.isFunction { return try translateFunction(node) }
    switch node.className {
    case "Conv2D", "Convolution2D": try translateConvolution(node)
    case "DepthwiseConv2D": try translateDepthwiseConvolution(node)
    case "SeparableConv2D": try translateSeparableConvolution(node)
    case "Dense": try translateDense(node)
    case "BatchNormalization": try translateBatchNormalization(node)
    case "Rescaling": try translateRescaling(node)
    case "Normalization": try translateNormalization(node)
    case "Activation", "ReLU", "LeakyReLU", "ELU", "Softmax": try translateActivation(node)
    case "PReLU": try translatePReLU(node)
    case "Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate": try translateMerge(node)
    case "MaxPooling2D", "MaxPool2D", "AveragePooling2D", "AvgPool2D": try translatePool(node)
    case "GlobalAveragePooling2D", "GlobalAvgPool2D", "GlobalMaxPooling2D", "GlobalMaxPool2D":
      try translateGlobalPool(node)
    case "ZeroPadding2D", "Cropping2D", "UpSampling2D": try translatePictureChange(node)
    case "Flatten", "Reshape": try translateReshape(node)
    case _ where Self.doesNothing(node.className): define(node.result, as: try input(of: node))
    default: throw node.unsupported("there is no counterpart of this layer; remove it or replace it by others")
    }
  }

  /// Layers that only matter while a model is trained.
  private static func doesNothing(_ className: String) -> Bool {
    let names: Set<String> = [
      "Dropout", "SpatialDropout2D", "AlphaDropout", "GaussianDropout", "GaussianNoise", "ActivityRegularization",
      "Identity",
    ]
    // Augmentation.
    let random: Set<String> = [
      "RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation", "RandomContrast", "RandomBrightness",
      "RandomShear", "RandomHue", "RandomSaturation", "RandomSharpness", "RandomGaussianBlur", "RandomColorJitter",
      "RandomGrayscale", "RandomErasing", "RandomPosterization", "RandomInvert",
    ]
    return names.contains(className) || random.contains(className)
  }
}
