import Inference
import ReferenceOperators
import TFLite
import Testing

/// Operators with settings and quantization at the edges of what a file may say: the compiled engine against the
/// plain one, byte for byte, for every kernel family.
@Suite struct RandomOperatorTests {
  /// Seed 106 is one that told two ways of summing uint8 apart.
  private static let seeds: Range<UInt64> = 100..<112

  private func expectSameBytes(
    _ random: inout RandomModel, _ result: Int, _ what: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let model = random.model(outputs: [result])
    let inputs = random.inputBytes()
    let expected = try ReferenceInterpreter(model: model).run(inputs: inputs)
    for family in families {
      #expect(
        try run(model, inputs: inputs, family: family) == expected, "\(family): \(what)", sourceLocation: sourceLocation
      )
    }
  }

  private func number(_ range: ClosedRange<Int>, _ random: inout RandomModel) -> Int {
    Int.random(in: range, using: &random.random)
  }

  /// A scale over many magnitudes and a zero point that is often at an end of its range.
  private func quantization(_ random: inout RandomModel, magnitudes: ClosedRange<Int> = -3...3) -> Quantization {
    var scale = Float.random(in: 0.5...1, using: &random.random) * 0.05
    for _ in 0..<abs(number(magnitudes, &random)) { scale *= Bool.random(using: &random.random) ? 2 : 0.5 }
    let lowest = random.type == .int8 ? -128 : 0
    let zeroPoint = lowest + [0, 255, 128, number(0...255, &random)][number(0...3, &random)]
    return Quantization(scales: [scale], zeroPoints: [Int64(zeroPoint)], axis: 0)
  }

  /// Weights of one scale; uint8 ones with any zero point.
  private func weights(_ shape: [Int], _ random: inout RandomModel) -> Int {
    let wide = quantization(&random)
    return random.constant(
      shape, random.type == .uint8 ? wide : Quantization(scales: wide.scales, zeroPoints: [0], axis: 0))
  }

  private func source(_ shape: [Int], _ random: inout RandomModel) -> Int {
    random.input(shape, quantization(&random))
  }

  private func windowOptions(_ random: inout RandomModel) -> ConvolutionOptions {
    ConvolutionOptions(
      padding: number(0...1, &random) == 0 ? .same : .valid, strideHeight: number(1...4, &random),
      strideWidth: number(1...4, &random), dilationHeight: number(1...3, &random),
      dilationWidth: number(1...3, &random), activation: Activation(rawValue: number(0...3, &random)) ?? .none)
  }

  // MARK: Sums of products

  @Test(arguments: [ElementType.int8, .uint8])
  func groupedConvolutions(type: ElementType) throws {
    for seed in Self.seeds {
      var random = RandomModel(type, seed: seed)
      let (groups, depth, perGroup) = (number(1...4, &random), number(1...9, &random), number(1...35, &random))
      let options = windowOptions(&random)
      let picture = source(
        [number(1...2, &random), number(10...14, &random), number(10...14, &random), groups * depth], &random)
      let kernel = (number(1...3, &random), number(1...3, &random))
      let filters = weights([groups * perGroup, kernel.0, kernel.1, depth], &random)
      let result = random.append(
        .convolution2D, .convolution(options), [picture, filters, random.bias(groups * perGroup)],
        quantization: quantization(&random, magnitudes: -8...8))
      try expectSameBytes(
        &random, result, "seed \(seed): \(groups) groups of \(depth) to \(perGroup), \(kernel), \(options)")
    }
  }

  @Test(arguments: [ElementType.int8, .uint8])
  func depthwiseConvolutions(type: ElementType) throws {
    for seed in Self.seeds {
      var random = RandomModel(type, seed: 1000 + seed)
      let (depth, multiplier) = (number(1...40, &random), number(1...3, &random))
      let options = windowOptions(&random)
      let size = (number(10...14, &random), number(10...14, &random))
      let picture = source([number(1...2, &random), size.0, size.1, depth], &random)
      let kernel = (number(1...4, &random), number(1...4, &random))
      let filters = weights([1, kernel.0, kernel.1, depth * multiplier], &random)
      let result = random.append(
        .depthwiseConvolution2D, .depthwiseConvolution(.init(convolution: options, depthMultiplier: multiplier)),
        [picture, filters, random.bias(depth * multiplier)], quantization: quantization(&random, magnitudes: -8...8))
      try expectSameBytes(&random, result, "seed \(seed): \(depth) times \(multiplier), \(kernel), \(options)")
    }
  }

  @Test(arguments: [ElementType.int8, .uint8])
  func products(type: ElementType) throws {
    for seed in Self.seeds {
      var random = RandomModel(type, seed: 2000 + seed)
      let (rows, depth, columns) = (number(1...9, &random), number(1...70, &random), number(1...40, &random))
      let rowsOfInput = source([rows, depth], &random)
      let options = FullyConnectedOptions(
        activation: Activation(rawValue: number(0...3, &random)) ?? .none, hasShuffledWeights: false,
        keepDimensions: seed % 2 == 0, asymmetricQuantizeInputs: false)
      let result = random.append(
        .fullyConnected, .fullyConnected(options),
        [rowsOfInput, weights([columns, depth], &random), random.bias(columns)],
        quantization: quantization(&random, magnitudes: -8...8))
      try expectSameBytes(&random, result, "seed \(seed): \(rows) x \(depth) x \(columns)")
    }
  }

  /// Sums that lie half-way between two steps go away from zero, those below zero downwards.
  @Test func tiesOfProducts() throws {
    var random = RandomModel(.int8, seed: 1)
    let rows = random.input([256, 1], Quantization(scales: [1], zeroPoints: [0], axis: 0))
    let weights = random.constant([32, 1], Quantization(scales: [1 / 64], zeroPoints: [0], axis: 0))
    let options = FullyConnectedOptions(
      activation: .none, hasShuffledWeights: false, keepDimensions: false, asymmetricQuantizeInputs: false)
    let result = random.append(
      .fullyConnected, .fullyConnected(options), [rows, weights, nil],
      quantization: Quantization(scales: [1], zeroPoints: [0], axis: 0))
    let model = random.model(outputs: [result])
    let factors = try #require(
      model.withConstantBytes(of: model.main.tensors[weights]) { $0.map(Int8.init(bitPattern:)) })
    let products = (Int8.min...Int8.max).flatMap { row in factors.map { Double(row) * Double($0) / 64 } }
    #expect(products.count { $0 < 0 && ($0 - 0.5).rounded() == $0 - 0.5 } > 20, "negative ties are there")
    let expected = products.map { Int8(min(max($0.rounded(.toNearestOrAwayFromZero), -128), 127)) }
    for family in families {
      let bytes = try run(model, inputs: [(Int8.min...Int8.max).map(UInt8.init(bitPattern:))], family: family)[0]
      #expect(bytes.map(Int8.init(bitPattern:)) == expected, "\(family)")
    }
  }

  // MARK: Element by element

  @Test(arguments: [ElementType.int8, .uint8])
  func binaryOperators(type: ElementType) throws {
    let codes: [BuiltinOperator] =
      [.add, .sub, .mul, .maximum, .minimum] + (type == .int8 ? [.squaredDifference, .prelu] : [.prelu])
    for code in codes {
      for seed in Self.seeds {
        var random = RandomModel(type, seed: 3000 + seed)
        let shape = [1, number(1...4, &random), number(1...5, &random), number(1...70, &random)]
        let narrow = code == .prelu ? [1, 1, shape[3]] : shape.map { number(0...1, &random) == 0 ? 1 : $0 }
        let (left, right) = (source(shape, &random), source(narrow, &random))
        let activation = Activation(rawValue: number(0...3, &random)) ?? .none
        let result = random.append(
          code, [.add, .sub, .mul].contains(code) ? .arithmetic(activation: activation) : .none, [left, right],
          quantization: quantization(&random, magnitudes: -6...6))
        try expectSameBytes(&random, result, "\(code), seed \(seed): \(shape) and \(narrow), \(activation)")
      }
    }
  }

  /// An operand that is one constant value, on either side.
  @Test(arguments: [ElementType.int8, .uint8])
  func binaryOperatorsWithConstants(type: ElementType) throws {
    for code in [BuiltinOperator.add, .sub, .mul] {
      for seed in Self.seeds {
        var random = RandomModel(type, seed: 3500 + seed)
        let values = source([1, 3, number(1...5, &random), number(1...70, &random)], &random)
        let shape = [[], [1], [1, 1, 1, 1]][Int(seed % 3)]
        let constant = random.constant(shape, quantization(&random))
        let activation = Activation(rawValue: number(0...3, &random)) ?? .none
        let result = random.append(
          code, .arithmetic(activation: activation), seed % 2 == 0 ? [values, constant] : [constant, values],
          quantization: quantization(&random, magnitudes: -6...6))
        try expectSameBytes(&random, result, "\(code), seed \(seed): a constant of \(shape), \(activation)")
      }
    }
  }

  @Test(arguments: [ElementType.int8, .uint8])
  func functions(type: ElementType) throws {
    for seed in Self.seeds {
      var random = RandomModel(type, seed: 4000 + seed)
      // Rows shorter and longer than a table of all bytes.
      let values = source(seed % 2 == 0 ? [16, 33] : [3, 300], &random)
      let lowest: Int64 = type == .int8 ? -128 : 0
      let probability = Quantization(scales: [1 / 256], zeroPoints: [lowest], axis: 0)
      let signed = Quantization(scales: [1 / 128], zeroPoints: [lowest + 128], axis: 0)
      let logarithm = Quantization(scales: [1 / 16], zeroPoints: [lowest + 255], axis: 0)
      let alpha = Float.random(in: -1...1, using: &random.random)
      let cases: [(BuiltinOperator, OperatorOptions, Quantization)] = [
        (.softmax, .softmax(beta: Float.random(in: 0.2...3, using: &random.random)), probability),
        (.logSoftmax, .none, logarithm), (.logistic, .none, probability), (.tanh, .none, signed),
        (.hardSwish, .none, quantization(&random)), (.leakyRelu, .leakyRelu(alpha: alpha), quantization(&random)),
        (.relu, .none, quantization(&random)), (.relu6, .none, quantization(&random)),
        (.reluN1To1, .none, quantization(&random)), (.quantize, .none, quantization(&random, magnitudes: -9...9)),
        (.elu, .none, quantization(&random)), (.gelu, .gelu(approximate: seed % 2 == 0), quantization(&random)),
      ]
      for (code, options, quantization) in cases {
        let result = random.append(code, options, [values], quantization: quantization)
        try expectSameBytes(&random, result, "\(code), seed \(seed)")
      }
    }
  }

  // MARK: Many to one, and from place to place

  @Test(arguments: [ElementType.int8, .uint8])
  func reductions(type: ElementType) throws {
    for seed in Self.seeds {
      var random = RandomModel(type, seed: 5000 + seed)
      let values = source([2, number(1...5, &random), number(1...6, &random), number(1...40, &random)], &random)
      let axes = (0...3).filter { _ in Bool.random(using: &random.random) }.map { $0 - (seed % 3 == 0 ? 4 : 0) }
      let list = random.integers(axes.isEmpty ? [1, 1] : axes)
      for code in [BuiltinOperator.mean, .sum, .reduceMax, .reduceMin] {
        let isExtremum = code == .reduceMax || code == .reduceMin
        let result = random.append(
          code, .reduce(keepDimensions: seed % 2 == 0), [values, list],
          quantization: isExtremum ? random.tensors[values].quantization : quantization(&random))
        try expectSameBytes(&random, result, "\(code), seed \(seed): \(random.tensors[values].shape) over \(axes)")
      }
    }
  }

  @Test(arguments: [ElementType.int8, .uint8])
  func pools(type: ElementType) throws {
    for seed in Self.seeds {
      var random = RandomModel(type, seed: 6000 + seed)
      let values = source([2, number(4...9, &random), number(4...9, &random), number(1...40, &random)], &random)
      let options = PoolOptions(
        padding: seed % 2 == 0 ? .same : .valid, strideHeight: number(1...4, &random),
        strideWidth: number(1...4, &random), filterHeight: number(1...(seed % 2 == 0 ? 12 : 4), &random),
        filterWidth: number(1...4, &random), activation: Activation(rawValue: number(0...3, &random)) ?? .none)
      for code in [BuiltinOperator.averagePool2D, .maxPool2D] {
        let result = random.append(
          code, .pool(options), [values], quantization: random.tensors[values].quantization)
        try expectSameBytes(&random, result, "\(code), seed \(seed): \(options)")
      }
    }
  }

  @Test(arguments: [ElementType.int8, .uint8])
  func arrangements(type: ElementType) throws {
    for seed in Self.seeds {
      var random = RandomModel(type, seed: 7000 + seed)
      let shape = [number(2...3, &random), number(2...6, &random), number(2...6, &random), 4 * number(1...3, &random)]
      let values = source(shape, &random)
      let same = random.tensors[values].quantization
      let order = random.integers((0...3).shuffled(using: &random.random))
      let pads = random.integers((0..<8).map { _ in number(0...1, &random) })
      let size = random.integers([number(1...13, &random), number(1...13, &random)])
      let masks = StridedSliceOptions(
        beginMask: number(0...15, &random), endMask: number(0...15, &random), ellipsisMask: 0, newAxisMask: 0,
        shrinkAxisMask: 0, offset: false)
      let (begin, end) = (random.integers([0, 0, -2, 1]), random.integers([1, 2, 100, -1]))
      let steps = random.integers([1, number(1...2, &random), 1, number(1...3, &random)])
      let corners = seed % 3 == 0
      let cases: [(BuiltinOperator, OperatorOptions, [Int])] = [
        (.transpose, .none, [values, order]), (.pad, .none, [values, pads]),
        (.mirrorPad, .mirrorPad(isSymmetric: seed % 2 == 0), [values, pads]),
        (.resizeBilinear, .resize(alignCorners: corners, halfPixelCenters: !corners && seed % 2 == 0), [values, size]),
        (
          .resizeNearestNeighbor, .resize(alignCorners: corners, halfPixelCenters: !corners && seed % 2 == 0),
          [values, size]
        ),
        (.stridedSlice, .stridedSlice(masks), [values, begin, end, steps]), (.depthToSpace, .blockSize(2), [values]),
        (.concatenation, .concatenation(axis: number(-4...3, &random), activation: .none), [values, values]),
      ]
      for (code, options, operands) in cases {
        let result = random.append(code, options, operands, quantization: same)
        try expectSameBytes(&random, result, "\(code), seed \(seed): \(shape), \(options)")
      }
    }
  }

  /// Legacy files join tensors of different scales.
  @Test func joinsOfDifferentScales() throws {
    for seed in Self.seeds {
      var random = RandomModel(.uint8, seed: 8000 + seed)
      let operands = (0..<3).map { _ in source([4, 64], &random) }
      let result = random.append(
        .concatenation, .concatenation(axis: 0, activation: .none), operands, quantization: quantization(&random))
      try expectSameBytes(&random, result, "seed \(seed)")
    }
  }
}
