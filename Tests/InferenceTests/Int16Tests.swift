import Inference
import ReferenceOperators
import TFLite
import Testing

/// int16 activations with int8 weights: the compiled engine against the plain one, byte for byte.
@Suite struct Int16Tests {
  private static let seeds: Range<UInt64> = 1..<9

  private func expectSameBytes(
    _ random: inout RandomModel, _ result: Int, _ what: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let model = random.model(outputs: [result])
    let inputs = random.inputBytes()
    let expected = try ReferenceInterpreter(model: model).run(inputs: inputs)
    for threads in [1, 3] {
      #expect(
        try run(model, inputs: inputs, threads: threads) == expected, "\(threads) threads: \(what)",
        sourceLocation: sourceLocation)
    }
  }

  private func number(_ range: ClosedRange<Int>, _ random: inout RandomModel) -> Int {
    Int.random(in: range, using: &random.random)
  }

  private func activation(_ random: inout RandomModel) -> Activation {
    Activation(rawValue: number(0...3, &random)) ?? .none
  }

  private func affine(_ scale: Float) -> Quantization { Quantization(scales: [scale], zeroPoints: [0], axis: 0) }

  private func windowOptions(_ random: inout RandomModel) -> ConvolutionOptions {
    ConvolutionOptions(
      padding: number(0...1, &random) == 0 ? .same : .valid, strideHeight: number(1...3, &random),
      strideWidth: number(1...3, &random), dilationHeight: number(1...2, &random),
      dilationWidth: number(1...2, &random),
      activation: activation(&random))
  }

  // MARK: Sums of products

  @Test(arguments: seeds) func groupedConvolutions(seed: UInt64) throws {
    var random = RandomModel(.int16, seed: seed)
    // 300 and more products of one tap do not fit 32 bits together.
    let (groups, depth, perGroup) = (
      number(1...3, &random), [3, 7, 300, 600][number(0...3, &random)], number(1...9, &random)
    )
    let options = windowOptions(&random)
    let picture = random.input([number(1...2, &random), 7, 9, groups * depth], scale: 0.001)
    let filters = random.weights([groups * perGroup, 3, 2, depth], axis: 0, isPerTensor: seed % 2 == 0)
    let bias =
      seed % 3 == 0 ? random.integers((0..<groups * perGroup).map { $0 * 1000 }) : random.bias(groups * perGroup)
    let result = random.append(
      .convolution2D, .convolution(options), [picture, filters, bias], quantization: affine(0.01))
    try expectSameBytes(&random, result, "\(groups) groups of \(depth) to \(perGroup), \(options)")
  }

  @Test(arguments: seeds) func depthwiseConvolutions(seed: UInt64) throws {
    var random = RandomModel(.int16, seed: 100 + seed)
    let (depth, multiplier) = (number(1...40, &random), number(1...2, &random))
    let options = windowOptions(&random)
    let picture = random.input([number(1...2, &random), 8, 9, depth], scale: 0.001)
    let filters = random.weights([1, 3, 3, depth * multiplier], axis: 3, isPerTensor: seed % 2 == 0)
    let result = random.append(
      .depthwiseConvolution2D, .depthwiseConvolution(.init(convolution: options, depthMultiplier: multiplier)),
      [picture, filters, random.bias(depth * multiplier)], quantization: affine(0.001))
    try expectSameBytes(&random, result, "\(depth) times \(multiplier), \(options)")
  }

  /// All weights and values at their largest: the sum of 2000 products has 34 bits.
  @Test func largestSums() throws {
    var random = RandomModel(.int16, seed: 3)
    let rows = random.input([1, 2000], scale: 0.001)
    let weights = random.constant([2, 2000], affine(0.01), type: .int8)
    let result = random.append(
      .fullyConnected, product(keepsDimensions: false), [rows, weights, nil], quantization: affine(0.02))
    let model = random.model(outputs: [result])
    let lowest = [[UInt8]](repeating: [0, 0x80], count: 2000).flatMap { $0 }
    #expect(
      try run(model, inputs: [lowest]) == (try ReferenceInterpreter(model: model).run(inputs: [lowest])))
  }

  private func product(keepsDimensions: Bool, _ activation: Activation = .none) -> OperatorOptions {
    .fullyConnected(
      .init(
        activation: activation, hasShuffledWeights: false, keepDimensions: keepsDimensions,
        asymmetricQuantizeInputs: false))
  }

  @Test(arguments: seeds) func products(seed: UInt64) throws {
    var random = RandomModel(.int16, seed: 200 + seed)
    let (rows, depth, columns) = (number(1...9, &random), number(1...600, &random), number(1...40, &random))
    let input = random.input([rows, depth], scale: 0.001)
    let options = product(keepsDimensions: seed % 2 == 0, activation(&random))
    let weights = random.weights([columns, depth], axis: 0, isPerTensor: seed % 2 == 0)
    let result = random.append(
      .fullyConnected, options, [input, weights, seed % 3 == 0 ? nil : random.bias(columns)], quantization: affine(0.01)
    )
    try expectSameBytes(&random, result, "\(rows) x \(depth) x \(columns)")
  }

  // MARK: Element by element

  @Test(arguments: [BuiltinOperator.add, .sub, .mul, .maximum, .minimum], seeds)
  func binaryOperators(code: BuiltinOperator, seed: UInt64) throws {
    var random = RandomModel(.int16, seed: 300 + seed)
    let shape = [1, number(1...4, &random), number(1...5, &random), number(1...70, &random)]
    let narrow = shape.map { number(0...1, &random) == 0 ? 1 : $0 }
    // Powers of two are shifted, unless the options say otherwise.
    let scales: [Float] = seed % 2 == 0 ? [0x1p-10, 0x1p-12, 0x1p-10] : [0.003, 0.0011, 0.0027]
    let (left, right) = (random.input(shape, affine(scales[0])), random.input(narrow, affine(scales[1])))
    let activation = activation(&random)
    let result = random.append(
      code, .arithmetic(activation: activation, shiftsPowersOfTwo: seed % 4 != 0), [left, right],
      quantization: affine(code == .mul ? scales[2] * 9 : scales[2]))
    try expectSameBytes(&random, result, "\(code), seed \(seed): \(shape) and \(narrow), \(activation)")
  }

  @Test(arguments: [Float(0x1p-12), 0x1p-11, 0x1p-13, 0.000_31, 0.017, 3])
  func functions(scale: Float) throws {
    let probability = affine(1 / 32768)
    let cases: [(BuiltinOperator, OperatorOptions, Quantization)] = [
      (.softmax, .softmax(beta: 0.7), probability), (.logistic, .none, probability), (.tanh, .none, probability),
      (.exp, .none, affine(0.01)), (.leakyRelu, .leakyRelu(alpha: 0.3), affine(scale * 0.8)),
      (.leakyRelu, .leakyRelu(alpha: -0.3), affine(scale)), (.relu, .none, affine(scale * 1.3)),
      (.relu6, .none, affine(0.0011)), (.abs, .none, affine(scale)), (.abs, .none, affine(scale * 1.1)),
      (.quantize, .none, affine(scale * 1.7)),
    ]
    for (code, options, quantization) in cases {
      var random = RandomModel(.int16, seed: 400)
      let values = random.input([16, 133], affine(scale))
      let result = random.append(code, options, [values], quantization: quantization)
      try expectSameBytes(&random, result, "\(code) of steps of \(scale)")
    }
  }

  @Test(arguments: [ElementType.int8, .int32]) func quantizationsToOtherTypes(type: ElementType) throws {
    var random = RandomModel(.int16, seed: 500)
    let values = random.input([33], affine(0.004))
    let result = random.append(.quantize, [values], quantization: affine(0.17), type: type)
    try expectSameBytes(&random, result, "to \(type)")
  }

  @Test func floatsInAndOut() throws {
    var random = RandomModel(.float32, seed: 501)
    let values = random.input([777], nil)
    let steps = random.append(.quantize, [values], quantization: affine(0.000_03), type: .int16)
    let result = random.append(.dequantize, [steps], quantization: nil)
    try expectSameBytes(&random, result, "float32 to int16 and back")
  }

  // MARK: Many to one, and from place to place

  @Test(arguments: seeds) func reductions(seed: UInt64) throws {
    var random = RandomModel(.int16, seed: 600 + seed)
    let values = random.input([2, number(1...5, &random), number(1...6, &random), 9], affine(0.01))
    let list = random.integers(seed % 2 == 0 ? [1, 2] : [-1])
    for code in [BuiltinOperator.mean, .sum, .reduceMax, .reduceMin] {
      let scale: Float = code == .mean || code == .sum ? 0.013 : 0.01
      let result = random.append(
        code, .reduce(keepDimensions: seed % 2 == 0), [values, list], quantization: affine(scale))
      try expectSameBytes(&random, result, "\(code), seed \(seed)")
    }
  }

  @Test(arguments: seeds) func pools(seed: UInt64) throws {
    var random = RandomModel(.int16, seed: 700 + seed)
    let values = random.input([2, number(4...9, &random), number(4...9, &random), 5], affine(0.001))
    let options = PoolOptions(
      padding: seed % 2 == 0 ? .same : .valid, strideHeight: number(1...3, &random),
      strideWidth: number(1...3, &random),
      filterHeight: number(1...4, &random), filterWidth: number(1...4, &random), activation: activation(&random))
    for code in [BuiltinOperator.averagePool2D, .maxPool2D] {
      let result = random.append(code, .pool(options), [values], quantization: affine(0.001))
      try expectSameBytes(&random, result, "\(code), seed \(seed): \(options)")
    }
  }

  /// A PAD in front of a convolution is left to it; the others move elements of two bytes.
  @Test func arrangements() throws {
    var random = RandomModel(.int16, seed: 800)
    let values = random.input([1, 5, 6, 4], affine(0.001))
    let pads = random.integers([0, 0, 1, 2, 0, 1, 0, 0])
    let padded = random.append(.pad, [values, pads], quantization: affine(0.001))
    let options = ConvolutionOptions(
      padding: .valid, strideHeight: 2, strideWidth: 1, dilationHeight: 1, dilationWidth: 1, activation: .relu)
    let filters = random.weights([3, 3, 3, 4], axis: 0, isPerTensor: false)
    let convolved = random.append(
      .convolution2D, .convolution(options), [padded, filters, random.bias(3)], quantization: affine(0.01))
    try expectSameBytes(&random, convolved, "PAD and CONV_2D")
    let turned = random.append(.transpose, [values, random.integers([0, 2, 3, 1])], quantization: affine(0.001))
    let joined = random.append(
      .concatenation, .concatenation(axis: 1, activation: .none), [turned, turned], quantization: affine(0.001))
    try expectSameBytes(&random, joined, "TRANSPOSE and CONCATENATION")
  }

  // MARK: What is refused

  @Test func zeroPointsAndScalesThatTheReferenceDoesNotTake() {
    func refusal(_ code: BuiltinOperator, from: Quantization, to: Quantization) -> String? {
      var random = RandomModel(.int16, seed: 900)
      let values = random.input([4], from)
      let result = random.append(code, [values], quantization: to)
      do {
        _ = try Program(compiling: random.model(outputs: [result]))
        return nil
      } catch {
        return "\(error)"
      }
    }
    let shifted = Quantization(scales: [0.1], zeroPoints: [5], axis: 0)
    #expect(refusal(.relu, from: shifted, to: affine(0.1))?.contains("zero point 0") == true)
    #expect(refusal(.logistic, from: affine(0.1), to: affine(0.1))?.contains("1/32768") == true)
    #expect(refusal(.softmax, from: affine(0.1), to: affine(0.1))?.contains("1/32768") == true)
    #expect(refusal(.relu, from: affine(.infinity), to: affine(0.1)) != nil)
    #expect(refusal(.relu, from: affine(0.1), to: affine(0.1)) == nil)
  }
}
