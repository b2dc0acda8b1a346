import CAllocationCount
import Inference
import ReferenceOperators
import TFLite
import Testing

/// Float layers that pass rows on to one another, and elementwise operators that a layer computes on its results: the
/// compiled engine against the plain one, for every kernel family.
@Suite struct FusedLayerTests {
  private func options(stride: Int = 1, _ activation: Activation = .none, _ padding: Padding = .same)
    -> ConvolutionOptions
  {
    ConvolutionOptions(
      padding: padding, strideHeight: stride, strideWidth: stride, dilationHeight: 1, dilationWidth: 1,
      activation: activation)
  }

  /// A convolution with float weights, or with int8 ones.
  private func convolution(
    _ random: inout RandomModel, _ source: Int, from depth: Int, to channels: Int, side: Int, isDynamic: Bool = false,
    _ options: ConvolutionOptions
  ) -> Int {
    let shape = [channels, side, side, depth]
    let weights =
      isDynamic ? quantizedWeights(&random, shape, axis: 0) : random.weights(shape, axis: 0, isPerTensor: false)
    return random.append(
      .convolution2D, .convolution(options), [source, weights, random.bias(channels)], quantization: nil)
  }

  private func depthwise(
    _ random: inout RandomModel, _ source: Int, channels: Int, isDynamic: Bool = false, _ options: ConvolutionOptions
  ) -> Int {
    let shape = [1, 3, 3, channels]
    let weights =
      isDynamic ? quantizedWeights(&random, shape, axis: 3) : random.weights(shape, axis: 3, isPerTensor: false)
    return random.append(
      .depthwiseConvolution2D, .depthwiseConvolution(.init(convolution: options, depthMultiplier: 1)),
      [source, weights, random.bias(channels)], quantization: nil)
  }

  private func quantizedWeights(_ random: inout RandomModel, _ shape: [Int], axis: Int) -> Int {
    let scales = (0..<shape[axis]).map { _ in Float.random(in: 0.002...0.02, using: &random.random) }
    let quantization = Quantization(scales: scales, zeroPoints: scales.map { _ in 0 }, axis: axis)
    return random.constant(shape, quantization, type: .int8)
  }

  /// Compares both engines, for up to four threads, and looks that `fused` operators became `steps` steps. A rounding
  /// error may move a quantized value by a step, hence the tolerance where layers with int8 weights follow one another.
  private func compare(
    _ random: inout RandomModel, output: Int, steps: Int, tolerance: Float = 1e-5, _ what: String
  ) throws {
    let model = random.model(outputs: [output])
    #expect(try Program(compiling: model).stepDescriptions.count == steps, "\(what)")
    let inputs = random.inputBytes()
    let expected = floats(try ReferenceInterpreter(model: model).run(inputs: inputs)[0])
    let largest = expected.map { abs($0) }.max() ?? 0
    for family in families {
      let alone = try run(model, inputs: inputs, family: family)
      let error = zip(floats(alone[0]), expected).map { abs($0 - $1) }.max() ?? 0
      #expect(
        alone[0].count == 4 * expected.count && error <= tolerance * max(1, largest), "\(family): \(what), \(error)")
      for threads in 2...4 {
        #expect(try run(model, inputs: inputs, family: family, threads: threads) == alone, "\(family): \(what)")
      }
    }
  }

  /// Three float layers whose rows are made when they are asked for, of several pictures.
  @Test(arguments: [1, 2], [Padding.same, .valid])
  func rowsAreMadeForThreeLayers(stride: Int, padding: Padding) throws {
    for (seed, channels) in zip(500..., [3, 16, 24, 35]) as Zip2Sequence<PartialRangeFrom<UInt64>, [Int]> {
      var random = RandomModel(.float32, seed: seed)
      let picture = random.input([2, 11, 9, 3])
      let wide = convolution(
        &random, picture, from: 3, to: channels, side: 3, options(stride: stride, .relu6, padding))
      let middle = depthwise(&random, wide, channels: channels, options(stride: stride, .relu6, padding))
      let narrow = convolution(&random, middle, from: channels, to: 5, side: 1, options())
      try compare(&random, output: narrow, steps: 1, "\(channels) channels, stride \(stride), \(padding)")
    }
  }

  /// A picture wider than a tile, and rows of a layer with int8 weights.
  @Test func rowsOfALayerWithQuantizedWeights() throws {
    var random = RandomModel(.float32, seed: 510)
    let picture = random.input([1, 5, 100, 4])
    let wide = convolution(&random, picture, from: 4, to: 20, side: 1, isDynamic: true, options(.relu6))
    let result = depthwise(&random, wide, channels: 20, options(stride: 2))
    // Its range, and both layers.
    try compare(&random, output: result, steps: 2, "quantized weights")
  }

  /// Two layers read the padded picture of one: it must be there as a whole.
  @Test func aPictureWithTwoReadersIsMadeOnce() throws {
    var random = RandomModel(.float32, seed: 520)
    let picture = random.input([1, 6, 7, 4])
    let wide = convolution(&random, picture, from: 4, to: 8, side: 1, options())
    let pads = random.integers([0, 0, 1, 1, 1, 1, 0, 0])
    let padded = random.append(.pad, [wide, pads], quantization: nil)
    let left = depthwise(&random, padded, channels: 8, options(.none, .valid))
    let right = depthwise(&random, padded, channels: 8, options(.none, .valid))
    let sum = random.append(.add, .arithmetic(activation: .none), [left, right], quantization: nil)
    try compare(&random, output: sum, steps: 4, "two readers")
  }

  /// Functions and sums on results that a layer with int8 weights reads quantized, with the range of what was computed.
  @Test func functionsAndSumsAreFused() throws {
    for (seed, channels) in zip(530..., [8, 33, 130]) as Zip2Sequence<PartialRangeFrom<UInt64>, [Int]> {
      var random = RandomModel(.float32, seed: seed)
      let picture = random.input([1, 9, 8, 6])
      let first = convolution(&random, picture, from: 6, to: channels, side: 1, isDynamic: true, options())
      let curved = random.append(.hardSwish, [first], quantization: nil)
      let middle = depthwise(&random, curved, channels: channels, isDynamic: true, options())
      let clamped = random.append(.relu6, [middle], quantization: nil)
      let narrow = convolution(&random, clamped, from: channels, to: 6, side: 1, isDynamic: true, options())
      let sum = random.append(.add, .arithmetic(activation: .relu), [picture, narrow], quantization: nil)
      let last = convolution(&random, sum, from: 6, to: 7, side: 3, isDynamic: true, options())
      // The range of the input, three layers, and the quantized form for the last one; and one for the first layer where
      // it has several panels of columns.
      try compare(&random, output: last, steps: channels == 130 ? 7 : 6, tolerance: 0.01, "\(channels) channels")
    }
  }

  /// What is added may be the bytes that the sum is written to.
  @Test func aChainOfSumsTakesTheBytesOfItsOperands() throws {
    var random = RandomModel(.float32, seed: 540)
    let picture = random.input([1, 12, 12, 16])
    var sum = convolution(&random, picture, from: 16, to: 16, side: 1, options())
    for _ in 0..<2 {
      let branch = convolution(&random, sum, from: 16, to: 16, side: 3, isDynamic: true, options())
      sum = random.append(.add, .arithmetic(activation: .none), [branch, sum], quantization: nil)
    }
    try compare(&random, output: sum, steps: 5, tolerance: 0.01, "a chain of sums")
    let program = try Program(compiling: random.model(outputs: [sum]))
    let floats = 12 * 12 * 16 * 4
    // The input, the sum, its quantized form, and small things.
    #expect(program.arenaByteCount < 2 * floats + floats / 4 + 4096)
  }

  /// Zeros around a picture are left to the maximum that reads it, but only where nothing in the picture is less.
  @Test(arguments: [Activation.relu, .none])
  func paddingBeforeAMaximum(activation: Activation) throws {
    var random = RandomModel(.float32, seed: 560)
    let picture = random.input([1, 9, 8, 3])
    let wide = convolution(&random, picture, from: 3, to: 5, side: 3, options(activation))
    let pads = random.integers([0, 0, 1, 1, 1, 1, 0, 0])
    let padded = random.append(.pad, [wide, pads], quantization: nil)
    let pool = PoolOptions(
      padding: .valid, strideHeight: 2, strideWidth: 2, filterHeight: 3, filterWidth: 3, activation: .none)
    let result = random.append(.maxPool2D, .pool(pool), [padded], quantization: nil)
    try compare(&random, output: result, steps: activation == .relu ? 1 : 4, "\(activation)")
  }

  /// A pool takes the rows of the layer in front, of several pictures, unless it would keep nearly all of them.
  @Test(arguments: [BuiltinOperator.maxPool2D, .averagePool2D], [1, 2])
  func poolsTakeRows(operation: BuiltinOperator, pictures: Int) throws {
    for (seed, side) in zip(570..., [2, 3, 7]) as Zip2Sequence<PartialRangeFrom<UInt64>, [Int]> {
      var random = RandomModel(.float32, seed: seed)
      let picture = random.input([pictures, 13, 12, 5])
      let wide = convolution(
        &random, picture, from: 5, to: 20, side: 3, isDynamic: pictures == 1, options(.relu6))
      let pool = PoolOptions(
        padding: seed == 571 ? .same : .valid, strideHeight: 2, strideWidth: 2, filterHeight: side, filterWidth: side,
        activation: .none)
      let result = random.append(operation, .pool(pool), [wide], quantization: nil)
      // Range and quantized form of the picture where weights are integers.
      let steps = (side == 7 ? 2 : 1) + (pictures == 1 ? 2 : 0)
      try compare(&random, output: result, steps: steps, tolerance: 1e-4, "\(side)x\(side)")
    }
  }

  /// Of a picture that two convolutions of single pixels see in part, that part alone is quantized, once.
  @Test func seenPixelsAreQuantizedOnce() throws {
    var random = RandomModel(.float32, seed: 580)
    let picture = random.input([1, 15, 14, 33])
    let left = convolution(&random, picture, from: 33, to: 40, side: 1, isDynamic: true, options(stride: 2))
    let right = convolution(&random, picture, from: 33, to: 40, side: 1, isDynamic: true, options(stride: 2))
    let sum = random.append(.add, .arithmetic(activation: .none), [left, right], quantization: nil)
    // The range, the pixels, and two layers of which one adds.
    try compare(&random, output: sum, steps: 4, "stride 2")
    let program = try Program(compiling: random.model(outputs: [sum]))
    #expect(program.arenaByteCount < 4 * 15 * 14 * 33 + 8 * 7 * (33 + 4 * 40) + 8 * 7 * 4 * 40 + 1024)
  }

  @Test(.enabled(if: allocation_count_is_available()))
  func invokeAllocatesNothing() throws {
    var random = RandomModel(.float32, seed: 550)
    let picture = random.input([1, 9, 9, 3])
    let wide = convolution(&random, picture, from: 3, to: 16, side: 3, options())
    let curved = random.append(.hardSwish, [wide], quantization: nil)
    let middle = depthwise(&random, curved, channels: 16, options())
    let last = depthwise(&random, middle, channels: 16, isDynamic: true, options())
    let narrow = convolution(&random, last, from: 16, to: 16, side: 1, isDynamic: true, options())
    let sum = random.append(.add, .arithmetic(activation: .none), [narrow, middle], quantization: nil)
    let axes = random.integers([1, 2])
    let mean = random.append(.mean, .reduce(keepDimensions: false), [sum, axes], quantization: nil)
    let softmax = random.append(.softmax, .softmax(beta: 1), [mean], quantization: nil)
    let session = Session(try Program(compiling: random.model(outputs: [softmax])))
    _ = run(session, inputs: random.inputBytes())
    let before = allocation_count_of_this_thread()
    session.invoke()
    session.invoke()
    let after = allocation_count_of_this_thread()
    #expect(after == before)
  }
}
