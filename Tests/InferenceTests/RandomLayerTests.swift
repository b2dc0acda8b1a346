import Inference
import ReferenceOperators
import TFLite
import Testing

/// Layers of random shapes and settings: the compiled engine against the plain one, for every kernel family.
@Suite struct RandomLayerTests {
  /// Compares both engines on the last tensor of a graph, and says what the graph was.
  private func compare(_ random: inout RandomModel, output: Int, _ what: String) throws {
    let model = random.model(outputs: [output])
    let inputs = random.inputBytes()
    let expected = try ReferenceInterpreter(model: model).run(inputs: inputs)
    for family in families {
      let outputs = try run(
        model, inputs: inputs, family: family, threads: Int.random(in: 1...3, using: &random.random))
      if random.isQuantized {
        #expect(outputs == expected, "\(family): \(what)")
      } else {
        let largest = expected.joined().isEmpty ? 0 : floats(expected[0]).map { abs($0) }.max() ?? 0
        let error = zip(floats(outputs[0]), floats(expected[0])).map { abs($0 - $1) }.max() ?? 0
        #expect(outputs[0].count == expected[0].count && error <= 1e-5 * max(1, largest), "\(family): \(what)")
      }
    }
  }

  private func pick<Element>(_ elements: [Element], _ random: inout RandomModel) -> Element {
    elements[Int.random(in: elements.indices, using: &random.random)]
  }

  private func convolutionOptions(_ random: inout RandomModel) -> ConvolutionOptions {
    let strides = (pick([1, 1, 2, 3], &random), pick([1, 1, 2], &random))
    let dilation = strides == (1, 1) ? pick([1, 1, 2], &random) : 1
    return ConvolutionOptions(
      padding: pick([.same, .valid], &random), strideHeight: strides.0, strideWidth: strides.1,
      dilationHeight: dilation, dilationWidth: dilation, activation: pick([.none, .relu, .relu6], &random))
  }

  @Test(arguments: [ElementType.int8, .uint8, .float32])
  func convolutions(type: ElementType) throws {
    for seed in 0..<24 as Range<UInt64> {
      var random = RandomModel(type, seed: seed)
      let options = convolutionOptions(&random)
      let (height, width) = (pick([1, 2, 3, 5], &random), pick([1, 3], &random))
      let depth = pick([1, 3, 8, 17, 33], &random)
      let channels = pick([1, 2, 7, 16, 37], &random)
      let picture = random.input([pick([1, 2], &random), pick([11, 12], &random), pick([9, 13], &random), depth])
      let weights = random.weights([channels, height, width, depth], axis: 0, isPerTensor: seed % 4 == 0)
      let bias = seed % 5 == 0 ? nil : random.bias(channels)
      let result = random.append(
        .convolution2D, .convolution(options), [picture, weights, bias], quantization: random.quantization(0.2))
      try compare(&random, output: result, "seed \(seed): \(height)x\(width), \(depth) to \(channels), \(options)")
    }
  }

  @Test(arguments: [ElementType.int8, .uint8, .float32])
  func depthwiseConvolutions(type: ElementType) throws {
    for seed in 0..<24 as Range<UInt64> {
      var random = RandomModel(type, seed: 100 + seed)
      let options = convolutionOptions(&random)
      let (height, width) = (pick([1, 3, 5], &random), pick([1, 3, 4], &random))
      let depth = pick([1, 3, 16, 33, 64], &random)
      let multiplier = pick([1, 1, 1, 2, 5], &random)
      let picture = random.input([pick([1, 2], &random), 10, pick([9, 21], &random), depth])
      let weights = random.weights([1, height, width, depth * multiplier], axis: 3, isPerTensor: seed % 4 == 0)
      let result = random.append(
        .depthwiseConvolution2D,
        .depthwiseConvolution(.init(convolution: options, depthMultiplier: multiplier)),
        [picture, weights, random.bias(depth * multiplier)], quantization: random.quantization(0.1))
      try compare(&random, output: result, "seed \(seed): \(height)x\(width), \(depth) times \(multiplier), \(options)")
    }
  }

  @Test(arguments: [ElementType.int8, .float32])
  func paddingsBeforeConvolutions(type: ElementType) throws {
    for seed in 0..<8 as Range<UInt64> {
      var random = RandomModel(type, seed: 200 + seed)
      let quantization = random.quantization(0.05)
      let picture = random.input([1, 7, 8, 5])
      let pads = random.integers([0, 0, pick([0, 1, 2], &random), 1, pick([0, 3], &random), 2, 0, 0])
      let padded = random.append(.pad, [picture, pads], quantization: quantization)
      let options = convolutionOptions(&random)
      let weights = random.weights([6, 3, 3, 5], axis: 0, isPerTensor: false)
      let first = random.append(
        .convolution2D, .convolution(options), [padded, weights, random.bias(6)], quantization: random.quantization(0.1)
      )
      // Every other seed has a second reader, which needs the padded picture itself.
      let second = random.append(
        seed % 2 == 0 ? .maxPool2D : .depthwiseConvolution2D,
        seed % 2 == 0
          ? .pool(
            .init(padding: .valid, strideHeight: 1, strideWidth: 1, filterHeight: 2, filterWidth: 2, activation: .none))
          : .depthwiseConvolution(.init(convolution: options, depthMultiplier: 1)),
        seed % 2 == 0
          ? [padded] : [padded, random.weights([1, 3, 3, 5], axis: 3, isPerTensor: false), random.bias(5)],
        quantization: seed % 2 == 0 ? quantization : random.quantization(0.1))
      try compare(&random, output: first, "seed \(seed): first reader, \(options)")
      try compare(&random, output: second, "seed \(seed): second reader, \(options)")
    }
  }

  /// Padding with the least value before a maximum is left to the maximum; other padding, and windows that may lie in it
  /// altogether, are not.
  @Test(arguments: [ElementType.int8, .uint8])
  func paddingsBeforeMaxima(type: ElementType) throws {
    for seed in 0..<12 as Range<UInt64> {
      var random = RandomModel(type, seed: 250 + seed)
      let least = type == .int8 ? -128 : 0
      let quantization = Quantization(scales: [0.05], zeroPoints: [Int64(seed % 4 == 3 ? least + 40 : least)], axis: 0)
      let picture = random.input([pick([1, 2], &random), 7, 8, pick([5, 64], &random)], quantization)
      let (before, after) = (pick([0, 1, 2, 3], &random), pick([0, 1, 3], &random))
      let padded = random.append(
        .pad, [picture, random.integers([0, 0, before, after, 1, before, 0, 0])], quantization: quantization)
      let pool = PoolOptions(
        padding: pick([.valid, .valid, .same], &random), strideHeight: pick([1, 2], &random),
        strideWidth: pick([1, 2], &random), filterHeight: pick([2, 3], &random), filterWidth: 3,
        activation: pick([.none, .relu6], &random))
      let result = random.append(.maxPool2D, .pool(pool), [padded], quantization: quantization)
      try compare(&random, output: result, "seed \(seed): \(before), \(after), \(pool)")
    }
  }

  @Test(arguments: [ElementType.int8, .uint8, .float32])
  func products(type: ElementType) throws {
    for seed in 0..<16 as Range<UInt64> {
      var random = RandomModel(type, seed: 300 + seed)
      let (rows, depth, columns) = (
        pick([1, 1, 4, 9], &random), pick([1, 7, 64, 129], &random), pick([1, 2, 31, 100], &random)
      )
      let source = random.input([rows, depth])
      let weights = random.weights([columns, depth], axis: 0, isPerTensor: seed % 2 == 0)
      let options = FullyConnectedOptions(
        activation: pick([.none, .relu], &random), hasShuffledWeights: false, keepDimensions: false,
        asymmetricQuantizeInputs: false)
      let result = random.append(
        .fullyConnected, .fullyConnected(options), [source, weights, seed % 3 == 0 ? nil : random.bias(columns)],
        quantization: random.quantization(0.3))
      try compare(&random, output: result, "seed \(seed): \(rows) x \(depth) x \(columns)")
    }
  }

  @Test(arguments: [ElementType.int8, .uint8, .float32], [BuiltinOperator.add, .sub, .mul])
  func arithmetic(type: ElementType, code: BuiltinOperator) throws {
    let shapes = [([1, 5, 7, 9], [1, 5, 7, 9]), ([1, 5, 7, 9], [9]), ([2, 1, 7, 1], [2, 5, 1, 3]), ([], [4, 33])]
    for (seed, (left, right)) in shapes.enumerated() {
      var random = RandomModel(type, seed: UInt64(400 + seed))
      let (first, second) = (random.input(left), random.input(right))
      let result = random.append(
        code, .arithmetic(activation: pick([.none, .relu, .reluMinus1To1], &random)), [first, second],
        quantization: random.quantization(0.1))
      try compare(&random, output: result, "\(code) of \(left) and \(right)")
    }
  }

  @Test(arguments: [ElementType.int8, .uint8, .float32], [BuiltinOperator.averagePool2D, .maxPool2D])
  func pools(type: ElementType, code: BuiltinOperator) throws {
    for seed in 0..<12 as Range<UInt64> {
      var random = RandomModel(type, seed: 500 + seed)
      let source = random.input([pick([1, 2], &random), 9, 10, pick([1, 5, 48], &random)])
      let options = PoolOptions(
        padding: pick([.same, .valid], &random), strideHeight: pick([1, 2], &random),
        strideWidth: pick([1, 3], &random),
        filterHeight: pick([1, 2, 9], &random), filterWidth: pick([2, 3], &random),
        activation: pick([.none, .relu6], &random))
      let result = random.append(code, .pool(options), [source], quantization: random.tensors[source].quantization)
      try compare(&random, output: result, "\(code) \(options)")
    }
  }

  @Test(arguments: [ElementType.int8, .uint8, .float32])
  func means(type: ElementType) throws {
    for (seed, axes) in [[1, 2], [-1], [1], [0, 1, 2, 3], [2, 1, 3]].enumerated() {
      var random = RandomModel(type, seed: UInt64(600 + seed))
      let source = random.input([2, 5, 6, 19])
      let result = random.append(
        .mean, .reduce(keepDimensions: seed % 2 == 0), [source, random.integers(axes)],
        quantization: random.quantization(0.05))
      try compare(&random, output: result, "mean over \(axes)")
    }
  }

  @Test(arguments: [ElementType.int8, .uint8, .float32])
  func functions(type: ElementType) throws {
    let probability = Quantization(scales: [1 / 256], zeroPoints: [type == .int8 ? -128 : 0], axis: 0)
    for seed in 0..<6 as Range<UInt64> {
      var random = RandomModel(type, seed: 700 + seed)
      let source = random.input([3, 130], scale: 0.1)
      let cases: [(BuiltinOperator, OperatorOptions, Quantization?)] = [
        (.softmax, .softmax(beta: pick([1, 0.5], &random)), probability), (.logistic, .none, probability),
        (.leakyRelu, .leakyRelu(alpha: 0.3), random.quantization(0.1)), (.relu6, .none, random.quantization(0.1)),
      ]
      for (code, options, quantization) in cases {
        let result = random.append(code, options, [source], quantization: type == .float32 ? nil : quantization)
        try compare(&random, output: result, "seed \(seed): \(code)")
      }
    }
  }
}
