import Inference
import TFLite
import Testing

/// Graphs that nobody means well: each is refused with a sentence, or runs; none traps, hangs or takes memory beyond
/// the limits.
@Suite struct HostileModelTests {
  /// Compiles a model and runs it once on zeros; gives the refusal, or nil where it ran.
  private func refusal(_ model: Model, _ options: CompilerOptions = .init()) -> CompilationError? {
    do {
      Session(try Program(compiling: model, options: options)).invoke()
      return nil
    } catch {
      // To say all that is wrong with it must be as safe as to say the first of it.
      #expect(Program.obstacles(in: model, options: options).contains(error))
      return error
    }
  }

  private func affine(_ scale: Float, _ zeroPoint: Int64 = 0) -> Quantization {
    Quantization(scales: [scale], zeroPoints: [zeroPoint], axis: 0)
  }

  private var window: ConvolutionOptions {
    ConvolutionOptions(
      padding: .same, strideHeight: 1, strideWidth: 1, dilationHeight: 1, dilationWidth: 1, activation: .none)
  }

  private var pool: OperatorOptions {
    .pool(
      .init(padding: .same, strideHeight: 1, strideWidth: 1, filterHeight: 2, filterWidth: 2, activation: .none))
  }

  private let product = OperatorOptions.fullyConnected(
    .init(activation: .none, hasShuffledWeights: false, keepDimensions: false, asymmetricQuantizeInputs: false))

  // MARK: Shapes

  @Test(arguments: [[0], [3, 0], [0, 3], [1, 0, 4, 1], [1, 4, 4, 0], [0, 4, 4, 2]])
  func constantsWithoutElements(shape: [Int]) {
    let cases: [(BuiltinOperator, OperatorOptions, [Int]?)] = [
      (.softmax, .softmax(beta: 1), nil), (.logSoftmax, .none, nil), (.relu, .none, nil),
      (.mean, .reduce(keepDimensions: true), [0]), (.sum, .reduce(keepDimensions: false), [-1]),
      (.reduceMax, .reduce(keepDimensions: false), [0]), (.tile, .none, shape.map { _ in 2 }),
      (.resizeBilinear, .resize(alignCorners: false, halfPixelCenters: true), [2, 2]),
      (.resizeNearestNeighbor, .resize(alignCorners: false, halfPixelCenters: false), [2, 2]),
      (.averagePool2D, pool, nil), (.maxPool2D, pool, nil), (.pad, .none, shape.flatMap { _ in [1, 1] }),
      (.mirrorPad, .mirrorPad(isSymmetric: true), shape.flatMap { _ in [0, 0] }),
      (.transpose, .none, Array(shape.indices)), (.broadcastTo, .none, [1] + shape), (.gather, .none, [0]),
      (.depthToSpace, .blockSize(2), nil), (.unpack, .unpack(axis: 0, count: 0), nil), (.shape, .none, nil),
      (.l2Normalization, .none, nil), (.cast, .none, nil), (.argMax, .argument(outputType: .int64), [0]),
      (.batchMatmul, .batchMatrixMultiply(adjointX: false, adjointY: false), [1]),
      (.concatenation, .concatenation(axis: 0, activation: .none), nil), (.reshape, .reshape(newShape: [0, 1]), nil),
    ]
    for (code, options, list) in cases {
      var random = RandomModel(.float32, seed: 1)
      let empty = random.constant(shape, nil)
      let operands = [empty] + (list.map { [random.integers($0)] } ?? [])
      let result = random.append(code, options, operands, quantization: nil)
      let error = refusal(random.model(outputs: [result]))
      #expect(error?.reason == "shape_mismatch", "\(code) of \(shape)")
      #expect(error?.description.contains("which has no element") == true, "\(code): \(String(describing: error))")
    }
  }

  @Test(arguments: [BuiltinOperator.add, .sub, .mul, .div, .maximum, .prelu])
  func broadcastsOfNothing(code: BuiltinOperator) {
    for emptyFirst in [true, false] {
      var random = RandomModel(.float32, seed: 2)
      let source = random.input([1])
      let empty = random.constant([0], nil)
      let operands = emptyFirst ? [empty, source] : [source, empty]
      let result = random.append(code, .arithmetic(activation: .none), operands, quantization: nil)
      #expect(refusal(random.model(outputs: [result]))?.reason == "shape_mismatch", "\(code)")
    }
  }

  @Test func convolutionsOverPicturesWithoutChannels() {
    for code in [BuiltinOperator.convolution2D, .depthwiseConvolution2D] {
      for shape in [[1, 4, 4, 0], [1, 0, 4, 2], [0, 4, 4, 2]] {
        var random = RandomModel(.float32, seed: 3)
        let picture = random.constant(shape, nil)
        let weights = random.constant([1, 3, 3, 2], nil)
        let options: OperatorOptions =
          code == .convolution2D
          ? .convolution(window) : .depthwiseConvolution(.init(convolution: window, depthMultiplier: 0))
        let result = random.append(code, options, [picture, weights, nil], quantization: nil)
        #expect(refusal(random.model(outputs: [result]))?.reason == "shape_mismatch", "\(code) of \(shape)")
      }
    }
  }

  @Test func moreDimensionsThanATensorMayHave() {
    var random = RandomModel(.float32, seed: 4)
    let source = random.input([1])
    let result = random.append(
      .reshape, [source, random.integers([Int](repeating: 1, count: 9))], quantization: nil)
    #expect(
      refusal(random.model(outputs: [result]))?.description
        == "operator 0 (RESHAPE): a result of 9 dimensions; the limit is 8")
  }

  @Test(arguments: [BuiltinOperator.transpose, .tile, .broadcastTo, .reshape, .resizeBilinear, .pad, .splitV])
  func sentencesStayShort(code: BuiltinOperator) {
    var random = RandomModel(.float32, seed: 5)
    let source = random.input([1, 2, 2, 1])
    let list = random.integers([Int](repeating: 7, count: 50_000))
    let result = random.append(
      code, code == .resizeBilinear ? .resize(alignCorners: false, halfPixelCenters: false) : .none,
      [source, list, random.integers([0])], quantization: nil)
    let error = refusal(random.model(outputs: [result]))
    #expect(error?.reason == "shape_mismatch")
    #expect((error?.description.utf8.count ?? .max) < 200, "\(String(describing: error).prefix(300))")
  }

  @Test func operatorsThatAreNotOfTheList() {
    var random = RandomModel(.float32, seed: 14)
    let source = random.input([1])
    let model = random.model(outputs: [source])
    for (code, name) in [
      (OperatorCode.custom("Sinh"), "custom operator Sinh"), (.unnamed(9), "number 9 of the schema's list"),
    ] {
      let operation = Operator(code: code, version: 1, inputs: [source], outputs: [], options: .none)
      let main = Subgraph(
        name: "", tensors: model.main.tensors, operators: [operation], inputs: [source], outputs: [source])
      #expect(
        refusal(Model(bytes: model.bytes, description: "", main: main, subgraphCount: 1, metadata: [:]))
          == .unknownOperator(name: name, index: 0))
    }
  }

  // MARK: Scales

  private static let extremes: [Float] = [.leastNonzeroMagnitude, 1e-38, 1e-9, 1, 1e9, .greatestFiniteMagnitude]

  @Test(arguments: [ElementType.int8, .uint8, .int16], extremes)
  func scalesAtTheEnds(type: ElementType, scale: Float) {
    let ends: [Int64] = type == .int8 ? [-128, 127] : type == .uint8 ? [0, 255] : [0, 0]
    for resultScale in Self.extremes {
      for (zeroPoint, resultZeroPoint) in zip(ends, ends.reversed()) {
        let from = affine(scale, zeroPoint)
        let to = affine(resultScale, resultZeroPoint)
        var random = RandomModel(type, seed: 6)
        let source = random.constant([1, 5, 6, 3], from)
        let other = random.constant([1, 5, 6, 3], to)
        let weightType: ElementType = type == .uint8 ? .uint8 : .int8
        let weights = random.constant(
          [1, 3, 3, 3], affine(scale, type == .uint8 ? zeroPoint : 0), type: weightType)
        let rows = random.constant([2, 15], affine(resultScale, type == .uint8 ? zeroPoint : 0), type: weightType)
        let spread = random.integers([1, 5, 6, 1])
        let axes = random.integers([1, 2])
        let cases: [(BuiltinOperator, OperatorOptions, [Int?])] = [
          (.add, .arithmetic(activation: .relu6), [source, other]), (.sub, .none, [source, other]),
          (.mul, .arithmetic(activation: .reluMinus1To1), [source, other]), (.maximum, .none, [source, other]),
          (.squaredDifference, .none, [source, other]), (.prelu, .none, [source, other]),
          (.logistic, .none, [source]), (.tanh, .none, [source]), (.exp, .none, [source]), (.relu6, .none, [source]),
          (.hardSwish, .none, [source]), (.leakyRelu, .leakyRelu(alpha: -scale), [source]),
          (.gelu, .gelu(approximate: true), [source]), (.quantize, .none, [source]), (.dequantize, .none, [source]),
          (.softmax, .softmax(beta: resultScale), [source]), (.logSoftmax, .none, [source]),
          (.mean, .reduce(keepDimensions: true), [source, axes]),
          (.sum, .reduce(keepDimensions: true), [source, axes]),
          (.reduceMin, .reduce(keepDimensions: true), [source, axes]), (.averagePool2D, pool, [source]),
          (.concatenation, .concatenation(axis: 3, activation: .none), [source, other]),
          (.convolution2D, .convolution(window), [source, weights, nil]),
          (
            .depthwiseConvolution2D, .depthwiseConvolution(.init(convolution: window, depthMultiplier: 0)),
            [source, weights, nil]
          ),
          (.fullyConnected, product, [source, rows, nil]),
          (
            .transposeConv,
            .transposeConvolution(padding: .same, strideHeight: 1, strideWidth: 1, activation: .relu),
            [spread, weights, source]
          ),
          (.batchMatmul, .batchMatrixMultiply(adjointX: false, adjointY: true), [source, other]),
          (.l2Normalization, .none, [source]), (.rsqrt, .none, [source]), (.abs, .none, [source]),
          (.argMax, .argument(outputType: .int32), [source, random.integers([3])]), (.cast, .none, [source]),
        ]
        for (code, options, operands) in cases {
          var graph = random
          let result = graph.append(code, options, operands, quantization: to)
          if let error = refusal(graph.model(outputs: [result])) {
            #expect(error.reason == "unsupported_type", "\(code), \(scale) to \(resultScale): \(error)")
          }
        }
      }
    }
  }

  // MARK: Memory and time

  @Test func scratchOfOperatorsOnConstants() {
    var random = RandomModel(.float32, seed: 7)
    let picture = random.constant([1, 64, 64, 1], nil)
    let weights = random.constant([1, 64, 64, 1], nil)
    let result = random.append(.convolution2D, .convolution(window), [picture, weights, nil], quantization: nil)
    var options = CompilerOptions()
    options.arenaByteLimit = 20_000
    let error = refusal(random.model(outputs: [result]), options)
    #expect(error?.reason == "too_big")
    #expect(error?.description.hasPrefix("an operator on constants takes ") == true)
  }

  @Test func viewsOfOneConstantShareItsBytes() throws {
    var random = RandomModel(.float32, seed: 8)
    let constant = random.constant([1 << 18], nil)
    var views: [Int] = []
    for _ in 0..<100 {
      views.append(random.append(.reshape, .reshape(newShape: [2, 1 << 17]), [constant], quantization: nil))
    }
    #expect(try Program(compiling: random.model(outputs: views)).packedByteCount == 1 << 20)
  }

  @Test func workBeyondTheLimit() {
    var random = RandomModel(.float32, seed: 9)
    let picture = random.input([1, 10, 10, 4])
    let weights = random.constant([8, 3, 3, 4], nil)
    let result = random.append(.convolution2D, .convolution(window), [picture, weights, nil], quantization: nil)
    var options = CompilerOptions()
    // The products, and the elements that the convolution reads and writes.
    options.workLimit = 100 * 9 * 4 * 8 + 400 + 800
    #expect(refusal(random.model(outputs: [result]), options) == nil)
    options.workLimit -= 1
    #expect(refusal(random.model(outputs: [result]), options)?.reason == "too_big")
  }

  @Test func kernelsAsLargeAsTheirPictures() {
    var random = RandomModel(.float32, seed: 10)
    let picture = random.input([1, 2048, 2048, 1])
    let weights = random.constant([1, 512, 512, 1], nil)
    let result = random.append(.convolution2D, .convolution(window), [picture, weights, nil], quantization: nil)
    let error = refusal(random.model(outputs: [result]))
    #expect(error?.description.hasPrefix("one run of the model takes more than the limit of ") == true)
  }

  // MARK: Graphs

  @Test func resultsThatAreWrittenTwiceOrReadTheirOwnOperator() {
    for feedsItself in [true, false] {
      var random = RandomModel(.float32, seed: 11)
      let source = random.input([4])
      let result = random.append(.relu, [source], quantization: nil)
      let model = random.model(outputs: [result])
      let operation = Operator(
        code: .builtin(.add), version: 1, inputs: [source, feedsItself ? result : source], outputs: [result],
        options: .none)
      let main = Subgraph(
        name: "", tensors: model.main.tensors,
        operators: feedsItself ? [operation] : model.main.operators + [operation], inputs: [source],
        outputs: [result])
      let error = refusal(
        Model(bytes: model.bytes, description: "", main: main, subgraphCount: 1, metadata: [:]))
      #expect(error?.reason == "shape_mismatch")
    }
  }

  @Test(arguments: [ElementType.int8, .uint8, .float32])
  func outputsThatAreInputs(type: ElementType) throws {
    var random = RandomModel(type, seed: 12)
    let source = random.input([5])
    let view = random.append(.reshape, .reshape(newShape: [5, 1]), [source], quantization: affine(1))
    let model = random.model(outputs: [source, view, source])
    let inputs = random.inputBytes()
    #expect(try run(model, inputs: inputs) == [inputs[0], inputs[0], inputs[0]])
  }

  @Test func tensorsWithoutNumber() {
    var random = RandomModel(.float32, seed: 13)
    let source = random.input([4096])
    let axis = random.integers([0])
    let model = random.model(outputs: [source])
    var tensors = model.main.tensors
    var operators: [Operator] = []
    for _ in 0..<5 {
      let first = tensors.count
      for _ in 0..<4096 {
        tensors.append(
          Tensor(
            name: "", type: .float32, shape: [], hasShape: false, shapeSignature: nil, constant: nil,
            quantization: nil, sparsity: nil, isVariable: false))
      }
      operators.append(
        Operator(
          code: .builtin(.split), version: 1, inputs: [axis, source], outputs: Array(first..<first + 4096),
          options: .split(count: 4096)))
    }
    let main = Subgraph(name: "", tensors: tensors, operators: operators, inputs: [source], outputs: [source])
    let error = refusal(Model(bytes: model.bytes, description: "", main: main, subgraphCount: 1, metadata: [:]))
    #expect(error?.description == "the model computes 20481 tensors; the limit is 20000")
  }
}
