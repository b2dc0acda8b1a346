import Inference
import ReferenceOperators
import TFLite
import Testing

/// Operators without kernels of their own: the compiled engine against the plain one.
@Suite struct RareOperatorTests {
  private func expectSameBytes(
    _ random: inout RandomModel, _ result: Int, _ what: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let model = random.model(outputs: [result])
    let inputs = random.inputBytes()
    let expected = try ReferenceInterpreter(model: model).run(inputs: inputs)
    for threads in [1, 3] {
      let found = try run(model, inputs: inputs, threads: threads)
      if random.isQuantized || random.tensors[result].type != .float32 {
        #expect(found == expected, "\(threads) threads: \(what)", sourceLocation: sourceLocation)
      } else {
        let pairs = zip(floats(found[0]), floats(expected[0]))
        #expect(found[0].count == expected[0].count, sourceLocation: sourceLocation)
        #expect(pairs.allSatisfy { abs($0 - $1) <= 1e-5 * max(1, abs($1)) }, "\(what)", sourceLocation: sourceLocation)
      }
    }
  }

  private func number(_ range: ClosedRange<Int>, _ random: inout RandomModel) -> Int {
    Int.random(in: range, using: &random.random)
  }

  private func affine(_ scale: Float, _ zeroPoint: Int64 = 0) -> Quantization {
    Quantization(scales: [scale], zeroPoints: [zeroPoint], axis: 0)
  }

  @Test(arguments: [ElementType.int8, .uint8, .int16, .float32], 1..<9 as Range<UInt64>)
  func transposedConvolutions(type: ElementType, seed: UInt64) throws {
    var random = RandomModel(type, seed: seed)
    let (depth, results) = (number(1...20, &random), number(1...9, &random))
    let stride = (number(1...3, &random), number(1...4, &random))
    let kernel = (number(1...4, &random), number(1...4, &random))
    let picture = (number(1...11, &random), number(4...13, &random))
    let padding = seed % 2 == 0 ? Padding.same : .valid
    // The input is what the forward convolution would give.
    func forward(_ size: Int, _ kernel: Int, _ stride: Int) -> Int {
      padding == .same ? (size + stride - 1) / stride : (size - kernel + stride) / stride
    }
    let rows = max(picture.0, kernel.0)
    let input = [2, forward(rows, kernel.0, stride.0), forward(picture.1, kernel.1, stride.1), depth]
    let source = random.input(input, scale: type == .int16 ? 0.001 : 0.05)
    let shape = random.integers([2, rows, picture.1, results])
    let filters = random.weights([results, kernel.0, kernel.1, depth], axis: 0, isPerTensor: seed % 3 == 0)
    let activation = Activation(rawValue: number(0...3, &random)) ?? .none
    let options = OperatorOptions.transposeConvolution(
      padding: padding, strideHeight: stride.0, strideWidth: stride.1, activation: activation)
    let operands: [Int?] = [shape, filters, source] + (seed % 3 == 1 ? [] : [random.bias(results)])
    let result = random.append(
      .transposeConv, options, operands,
      quantization: type == .int16 ? affine(0.01) : type == .float32 ? nil : affine(0.03, 11))
    try expectSameBytes(&random, result, "\(input) by \(kernel) at \(stride), \(padding)")
  }

  /// A shape that the client writes has no say: the result has the one that the file declares.
  @Test func shapesFromTheClientAreThoseOfTheFile() throws {
    var random = RandomModel(.float32, seed: 9)
    let shape = random.input([4], nil, type: .int32)
    let (source, filters) = (random.input([1, 2, 2, 1]), random.constant([1, 1, 1, 1], nil))
    let options = OperatorOptions.transposeConvolution(
      padding: .same, strideHeight: 1, strideWidth: 1, activation: .none)
    let result = random.append(
      .transposeConv, options, [shape, filters, source], quantization: nil, shape: [1, 2, 2, 1])
    let program = try Program(compiling: random.model(outputs: [result]))
    #expect(program.outputs[0].shape == [1, 2, 2, 1])
    let other = random.append(
      .transposeConv, options, [shape, filters, source], quantization: nil, shape: [1, 3, 3, 1])
    #expect(throws: CompilationError.self) { try Program(compiling: random.model(outputs: [other])) }
  }

  @Test(arguments: [ElementType.int8, .int16, .float32], 1..<9 as Range<UInt64>)
  func batchesOfProducts(type: ElementType, seed: UInt64) throws {
    var random = RandomModel(type, seed: 100 + seed)
    let (rows, depth, columns) = (number(1...11, &random), number(1...70, &random), number(1...9, &random))
    let (turnsLeft, turnsRight) = (seed & 1 == 1, seed & 2 == 2)
    let batches: ([Int], [Int]) = [([], []), ([3], [1]), ([2, 1], [2, 3]), ([2], [4, 2])][number(0...3, &random)]
    let scale: Float = type == .int16 ? 0.0001 : 0.05
    let left = random.input(batches.0 + (turnsLeft ? [depth, rows] : [rows, depth]), scale: scale)
    let shape = batches.1 + (turnsRight ? [columns, depth] : [depth, columns])
    let right =
      seed & 4 == 4
      ? random.constant(shape, random.tensors[left].quantization) : random.input(shape, scale: scale)
    let result = random.append(
      .batchMatmul, .batchMatrixMultiply(adjointX: turnsLeft, adjointY: turnsRight), [left, right],
      quantization: type == .float32 ? nil : affine(type == .int16 ? 0.0007 : 0.2, type == .int8 ? -7 : 0))
    try expectSameBytes(&random, result, "\(batches) of \(rows) x \(depth) x \(columns)")
  }

  /// 4000 products of the most negative numbers take 42 bits.
  @Test func largestProductsOfInt16() throws {
    var random = RandomModel(.int16, seed: 7)
    let rows = random.input([1, 4000], affine(0.001))
    let result = random.append(
      .batchMatmul, .batchMatrixMultiply(adjointX: false, adjointY: true), [rows, rows], quantization: affine(500))
    let model = random.model(outputs: [result])
    let lowest = [[UInt8]](repeating: [0, 0x80], count: 4000).flatMap { $0 }
    #expect(try run(model, inputs: [lowest]) == (try ReferenceInterpreter(model: model).run(inputs: [lowest])))
  }

  @Test(arguments: [ElementType.int8, .uint8, .int16, .float32]) func arguments(type: ElementType) throws {
    for axis in -1...2 {
      for (code, to) in [(BuiltinOperator.argMax, ElementType.int32), (.argMin, .int64), (.argMax, .int64)] {
        var random = RandomModel(type, seed: 200)
        let values = random.input([3, 20, 7], scale: 0.1)
        let result = random.append(
          code, .argument(outputType: to), [values, random.integers([axis])], quantization: nil, type: to)
        try expectSameBytes(&random, result, "\(code) along \(axis)")
      }
    }
  }

  @Test(arguments: [ElementType.int8, .uint8, .float32]) func lengthsOfRows(type: ElementType) throws {
    for (depth, seed) in [(1, UInt64(300)), (3, 301), (64, 302), (4000, 303)] {
      var random = RandomModel(type, seed: seed)
      let values = random.input([2, 5, depth], scale: 0.1)
      let result = random.append(
        .l2Normalization, [values],
        quantization: type == .float32 ? nil : affine(1 / 128, type == .int8 ? 0 : 128))
      try expectSameBytes(&random, result, "rows of \(depth)")
    }
  }

  private static let castTypes: [ElementType] = [.float32, .int8, .uint8, .int16, .int32, .int64, .bool]

  @Test(arguments: castTypes, castTypes) func casts(from: ElementType, to: ElementType) throws {
    var random = RandomModel(from == .float32 ? .float32 : .int8, seed: 400)
    let source = random.input([100], nil, type: from)
    let result = random.append(.cast, [source], quantization: nil, type: to)
    let model = random.model(outputs: [result])
    var inputs = random.inputBytes()
    if from == .float32 {
      let ends: [Float] = [0, -0.9, 1.9, 127.5, -129, 300, 1e6, -3e9, 5e18, -1e19, .infinity, -.infinity, .nan]
      for (index, value) in ends.enumerated() {
        withUnsafeBytes(of: value) { inputs[0].replaceSubrange(4 * index..<4 * index + 4, with: $0) }
      }
    }
    if from == .bool { inputs[0] = inputs[0].map { $0 & 1 } }
    let (found, expected) = (try run(model, inputs: inputs), try ReferenceInterpreter(model: model).run(inputs: inputs))
    #expect(found == expected)
  }

  @Test(arguments: [Float(0.1), 0.003, 2]) func inverseRootsAndMagnitudes(scale: Float) throws {
    for zeroPoint in [Int64(-128), 0, 127] {
      var random = RandomModel(.int8, seed: 500)
      let values = random.input([512], affine(scale, zeroPoint))
      for (code, to) in [
        (BuiltinOperator.rsqrt, affine(0.05, -128)), (.abs, affine(scale * 1.1, 3)), (.abs, affine(scale)),
      ] {
        let result = random.append(code, [values], quantization: to)
        try expectSameBytes(&random, result, "\(code) of \(scale) and \(zeroPoint)")
      }
    }
  }

  /// With a single constant the operator is a table; with slopes for each channel it is not.
  @Test(arguments: [ElementType.int8, .uint8, .float32], [[1], [1, 1, 1], [9], [4, 9]])
  func constantsOnOneSide(type: ElementType, shape: [Int]) throws {
    for code in [BuiltinOperator.prelu, .squaredDifference, .maximum, .minimum, .div] {
      if (code == .squaredDifference && type == .uint8) || (code == .div && type != .float32) { continue }
      for isLeft in code == .prelu ? [false] : [false, true] {
        var random = RandomModel(type, seed: 700)
        let quantization = type == .float32 ? nil : affine(0.04, 100)
        let values = random.input([3, 4, 9], quantization)
        let constant = random.constant(shape, quantization)
        let result = random.append(
          code, isLeft ? [constant, values] : [values, constant],
          quantization: type == .float32 ? nil : affine(0.03, 90))
        try expectSameBytes(&random, result, "\(code) with a constant of \(shape)")
      }
    }
  }

  @Test func functionsOfFloats() throws {
    let cases: [(BuiltinOperator, OperatorOptions)] = [
      (.relu, .none), (.relu6, .none), (.reluN1To1, .none), (.leakyRelu, .leakyRelu(alpha: 0.2)), (.neg, .none),
      (.leakyRelu, .leakyRelu(alpha: 1.5)), (.hardSwish, .none), (.abs, .none), (.elu, .none), (.exp, .none),
      (.logistic, .none), (.tanh, .none),
    ]
    for (code, options) in cases {
      var random = RandomModel(.float32, seed: 800)
      let values = random.input([7, 77])
      let eight = random.constant([1], nil)
      let scaled = random.append(.div, .arithmetic(activation: .none), [values, eight], quantization: nil)
      let result = random.append(code, options, [scaled], quantization: nil)
      try expectSameBytes(&random, result, "\(code)")
    }
  }

  @Test func shapesOfBroadcasts() throws {
    var random = RandomModel(.float32, seed: 600)
    let values = random.input([1, 3, 1])
    let shape = random.append(
      .broadcastArgs, [random.integers([4, 1, 2]), random.integers([3, 1])], quantization: nil, type: .int32)
    let result = random.append(.broadcastTo, [values, shape], quantization: nil)
    try expectSameBytes(&random, result, "[1, 3, 1] to [4, 3, 2]")
    let program = try Program(compiling: random.model(outputs: [result]))
    #expect(program.outputs[0].shape == [4, 3, 2])
  }
}
