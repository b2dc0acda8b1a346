import Inference
import ReferenceOperators
import TFLite
import Testing

/// Layers with int8 weights and float activations: the compiled engine against the plain one, for every kernel family.
@Suite struct DynamicRangeTests {
  /// Compares both engines; `tolerance` is relative to the largest value.
  private func compare(_ random: inout RandomModel, output: Int, tolerance: Float = 1e-5, _ what: String) throws {
    let model = random.model(outputs: [output])
    let inputs = random.inputBytes()
    let expected = floats(try ReferenceInterpreter(model: model).run(inputs: inputs)[0])
    let largest = expected.map { abs($0) }.max() ?? 0
    for family in families {
      let alone = try run(model, inputs: inputs, family: family)
      let error = zip(floats(alone[0]), expected).map { abs($0 - $1) }.max() ?? 0
      #expect(alone[0].count == 4 * expected.count && error <= tolerance * max(1, largest), "\(family): \(what)")
      for threads in 2...3 {
        #expect(try run(model, inputs: inputs, family: family, threads: threads) == alone, "\(family): \(what)")
      }
    }
  }

  private func pick<Element>(_ elements: [Element], _ random: inout RandomModel) -> Element {
    elements[Int.random(in: elements.indices, using: &random.random)]
  }

  private func options(_ random: inout RandomModel) -> ConvolutionOptions {
    let stride = pick([1, 1, 2], &random)
    return ConvolutionOptions(
      padding: pick([.same, .valid], &random), strideHeight: stride, strideWidth: stride,
      dilationHeight: stride == 1 ? pick([1, 2], &random) : 1, dilationWidth: 1,
      activation: pick([.none, .relu, .relu6], &random))
  }

  /// int8 weights with one scale, or one for each index along `axis`.
  private func weights(_ shape: [Int], axis: Int, isPerTensor: Bool, _ random: inout RandomModel) -> Int {
    let count = isPerTensor ? 1 : shape[axis]
    let scales = (0..<count).map { _ in Float.random(in: 0.002...0.02, using: &random.random) }
    let quantization = Quantization(scales: scales, zeroPoints: scales.map { _ in 0 }, axis: isPerTensor ? 0 : axis)
    return random.constant(shape, quantization, type: .int8)
  }

  @Test func convolutions() throws {
    for seed in 0..<24 as Range<UInt64> {
      var random = RandomModel(.float32, seed: seed)
      let options = options(&random)
      let (height, width) = (pick([1, 2, 3], &random), pick([1, 3], &random))
      let (depth, channels) = (pick([1, 3, 8, 17, 33], &random), pick([1, 2, 7, 16, 37, 80], &random))
      let picture = random.input([pick([1, 1, 2], &random), 11, pick([9, 13], &random), depth])
      let weights = weights([channels, height, width, depth], axis: 0, isPerTensor: seed % 3 == 0, &random)
      let bias = seed % 5 == 0 ? nil : random.bias(channels)
      let result = random.append(
        .convolution2D, .convolution(options), [picture, weights, bias], quantization: nil)
      try compare(&random, output: result, "seed \(seed): \(height)x\(width), \(depth) to \(channels), \(options)")
    }
  }

  /// Convolutions of single pixels, which quantize them a tile at a time: of several tiles, or of one for several panels
  /// of columns.
  @Test(arguments: [(20, 21, 40), (7, 7, 150), (1, 1, 200)])
  func pointwiseConvolutions(height: Int, width: Int, channels: Int) throws {
    for (seed, depth) in zip(50..., [5, 33, 64]) as Zip2Sequence<PartialRangeFrom<UInt64>, [Int]> {
      var random = RandomModel(.float32, seed: seed)
      let picture = random.input([1, height, width, depth])
      let same = ConvolutionOptions(
        padding: .same, strideHeight: 1, strideWidth: 1, dilationHeight: 1, dilationWidth: 1, activation: .relu6)
      let weights = weights([channels, 1, 1, depth], axis: 0, isPerTensor: seed == 51, &random)
      let result = random.append(
        .convolution2D, .convolution(same), [picture, weights, random.bias(channels)], quantization: nil)
      try compare(&random, output: result, "\(height)x\(width), \(depth) to \(channels)")
      // No form of the picture in int8 beside it.
      let program = try Program(compiling: random.model(outputs: [result]))
      #expect(program.arenaByteCount < 4 * height * width * (depth + channels) + 512)
    }
  }

  /// One thread writes the results of a depthwise convolution over the picture, whose rows it has quantized; for several
  /// threads, which give the same bytes, each has its place.
  @Test(arguments: [3, 5], [1, 2])
  func depthwiseConvolutionsTakeTheBytesOfTheirPictures(side: Int, dilation: Int) throws {
    var random = RandomModel(.float32, seed: 170)
    let (height, width, channels) = (23, 20, 24)
    var options = ConvolutionOptions(
      padding: .same, strideHeight: 1, strideWidth: 1, dilationHeight: 1, dilationWidth: 1, activation: .none)
    let picture = random.input([1, height, width, 3])
    let wide = random.append(
      .convolution2D, .convolution(options),
      [picture, weights([channels, 3, 3, 3], axis: 0, isPerTensor: false, &random), random.bias(channels)],
      quantization: nil)
    options.dilationHeight = dilation
    let result = random.append(
      .depthwiseConvolution2D, .depthwiseConvolution(.init(convolution: options, depthMultiplier: 1)),
      [wide, weights([1, side, side, channels], axis: 3, isPerTensor: false, &random), random.bias(channels)],
      quantization: nil)
    try compare(&random, output: result, tolerance: 0.01, "\(side)x\(side), dilation \(dilation)")
    let model = random.model(outputs: [result])
    let program = try Program(compiling: model)
    let isInPlace = program.arenaByteCount < 4 * height * width * (2 * channels)
    #expect(isInPlace == (dilation == 1))
  }

  @Test func depthwiseConvolutions() throws {
    for seed in 0..<24 as Range<UInt64> {
      var random = RandomModel(.float32, seed: 100 + seed)
      let options = options(&random)
      let (side, depth) = (pick([1, 3, 5], &random), pick([1, 3, 16, 33, 72], &random))
      let multiplier = pick([1, 1, 2], &random)
      let picture = random.input([pick([1, 1, 2], &random), 10, pick([9, 21], &random), depth])
      let weights = weights([1, side, side, depth * multiplier], axis: 3, isPerTensor: false, &random)
      let result = random.append(
        .depthwiseConvolution2D,
        .depthwiseConvolution(.init(convolution: options, depthMultiplier: multiplier)),
        [picture, weights, random.bias(depth * multiplier)], quantization: nil)
      try compare(&random, output: result, "seed \(seed): \(side)x\(side), \(depth) times \(multiplier), \(options)")
    }
  }

  /// A range is that of the whole tensor, though the step that finds it may be too short to be shared: nothing of what
  /// lay in the places of other threads counts.
  @Test func rangesOfEarlierRunsDoNotCount() throws {
    var random = RandomModel(.float32, seed: 160)
    let picture = random.input([1, 50, 50, 3])
    let weights = weights([40, 3, 3, 3], axis: 0, isPerTensor: false, &random)
    let result = random.append(
      .convolution2D, .convolution(options(&random)), [picture, weights, random.bias(40)], quantization: nil)
    let model = random.model(outputs: [result])
    let inputs = random.inputBytes()
    let alone = try run(model, inputs: inputs)
    for threads in 2...4 {
      var options = CompilerOptions()
      options.threadCount = threads
      let session = Session(try Program(compiling: model, options: options))
      let areSame = (0..<3).allSatisfy { _ in run(session, inputs: inputs) == alone }
      #expect(areSame, "\(threads) threads")
    }
  }

  @Test func groups() throws {
    var random = RandomModel(.float32, seed: 150)
    let picture = random.input([1, 6, 7, 8])
    let weights = weights([12, 3, 3, 4], axis: 0, isPerTensor: false, &random)
    let result = random.append(
      .convolution2D, .convolution(options(&random)), [picture, weights, random.bias(12)], quantization: nil)
    try compare(&random, output: result, "two groups")
  }

  @Test(arguments: [false, true])
  func products(isAsymmetric: Bool) throws {
    for seed in 0..<12 as Range<UInt64> {
      var random = RandomModel(.float32, seed: 200 + seed)
      let (rows, depth, columns) = (
        pick([1, 1, 4], &random), pick([1, 7, 129], &random), pick([2, 31, 100], &random)
      )
      let source = random.input([rows, depth])
      let weights = weights([columns, depth], axis: 0, isPerTensor: seed % 2 == 0, &random)
      let options = FullyConnectedOptions(
        activation: pick([.none, .relu], &random), hasShuffledWeights: false, keepDimensions: false,
        asymmetricQuantizeInputs: isAsymmetric)
      let result = random.append(
        .fullyConnected, .fullyConnected(options), [source, weights, seed % 3 == 0 ? nil : random.bias(columns)],
        quantization: nil)
      try compare(&random, output: result, "seed \(seed): \(rows) x \(depth) x \(columns)")
    }
  }

  /// A block with a padding in front, a layer of float weights between, and a sum that two layers read. Where layers
  /// follow one another a rounding error may move a value by a step, hence the tolerance.
  @Test func chains() throws {
    for seed in 0..<6 as Range<UInt64> {
      var random = RandomModel(.float32, seed: 300 + seed)
      let same = ConvolutionOptions(
        padding: .same, strideHeight: 1, strideWidth: 1, dilationHeight: 1, dilationWidth: 1, activation: .relu6)
      let picture = random.input([1, 9, 8, 6])
      let wide = random.append(
        .convolution2D, .convolution(same),
        [picture, weights([24, 1, 1, 6], axis: 0, isPerTensor: false, &random), random.bias(24)], quantization: nil)
      let pads = random.integers([0, 0, 1, 1, 1, 1, 0, 0])
      let padded = random.append(.pad, [wide, pads], quantization: nil)
      var valid = same
      valid.padding = .valid
      let depthwise = random.append(
        .depthwiseConvolution2D, .depthwiseConvolution(.init(convolution: valid, depthMultiplier: 1)),
        [
          padded,
          seed % 2 == 0
            ? random.weights([1, 3, 3, 24], axis: 3, isPerTensor: false)
            : weights([1, 3, 3, 24], axis: 3, isPerTensor: false, &random), random.bias(24),
        ], quantization: nil)
      let sum = random.append(.add, .arithmetic(activation: .none), [wide, depthwise], quantization: nil)
      let narrow = random.append(
        .convolution2D, .convolution(same),
        [sum, weights([6, 1, 1, 24], axis: 0, isPerTensor: false, &random), random.bias(6)], quantization: nil)
      let other = random.append(
        .convolution2D, .convolution(same),
        [sum, weights([6, 3, 3, 24], axis: 0, isPerTensor: true, &random), random.bias(6)], quantization: nil)
      let result = random.append(.add, .arithmetic(activation: .none), [narrow, other], quantization: nil)
      try compare(&random, output: result, tolerance: 0.01, "seed \(seed)")
    }
  }

  /// What is no number, or infinite, or next to nothing, must neither end the program nor depend on the threads.
  @Test func extremeInputsDoNoHarm() throws {
    for value in [Float.nan, .infinity, -.infinity, .greatestFiniteMagnitude, .leastNonzeroMagnitude, 1e-38, 0] {
      var random = RandomModel(.float32, seed: 400)
      let picture = random.input([1, 5, 5, 3])
      let result = random.append(
        .convolution2D, .convolution(options(&random)),
        [picture, weights([8, 3, 3, 3], axis: 0, isPerTensor: false, &random), random.bias(8)], quantization: nil)
      let model = random.model(outputs: [result])
      let bytes = (0..<75).flatMap { index in withUnsafeBytes(of: index == 40 ? value : 0) { [UInt8]($0) } }
      for family in families {
        let alone = try run(model, inputs: [bytes], family: family)
        #expect(alone[0].count % 32 == 0 && !alone[0].isEmpty)
        #expect(try run(model, inputs: [bytes], family: family, threads: 2) == alone)
      }
    }
  }
}
