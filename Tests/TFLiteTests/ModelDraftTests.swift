import Testing

@testable import TFLite

/// What is written and read again is what was there.
struct ModelDraftTests {
  /// Says in which part two models differ; nil where they are the same.
  static func difference(_ first: ModelDraft, _ second: ModelDraft) -> String? {
    guard first.description == second.description else { return "description" }
    guard first.signatures == second.signatures else { return "signatures" }
    guard first.metadata.map(\.name).sorted() == second.metadata.map(\.name).sorted() else { return "metadata" }
    for entry in first.metadata where !second.metadata.contains(where: { same(entry.content, $0.content) }) {
      return "metadata \(entry.name)"
    }
    guard first.graphs.count == second.graphs.count else { return "graphs" }
    for (one, other) in zip(first.graphs, second.graphs) {
      guard one.name == other.name, one.inputs == other.inputs, one.outputs == other.outputs,
        one.tensors.count == other.tensors.count, one.operators.count == other.operators.count
      else { return "graph \(one.name)" }
      for (index, (mine, yours)) in zip(one.tensors, other.tensors).enumerated() where !same(mine, yours) {
        return "tensor \(index)"
      }
      for (index, (mine, yours)) in zip(one.operators, other.operators).enumerated() where !same(mine, yours) {
        return "operator \(index)"
      }
    }
    return nil
  }

  private static func same(_ one: Constant?, _ other: Constant?) -> Bool { one?.bytes == other?.bytes }

  private static func same(_ one: TensorDraft, _ other: TensorDraft) -> Bool {
    one.name == other.name && one.type == other.type && one.shape == other.shape
      && one.shapeSignature == other.shapeSignature && one.quantization == other.quantization
      && one.sparsity == other.sparsity && one.isVariable == other.isVariable && same(one.constant, other.constant)
  }

  private static func same(_ one: OperatorDraft, _ other: OperatorDraft) -> Bool {
    one.code == other.code && one.version == other.version && one.inputs == other.inputs
      && one.outputs == other.outputs && one.options == other.options && sameOptions(one.original, other.original)
  }

  private static func sameOptions(_ one: EncodedOptions?, _ other: EncodedOptions?) -> Bool {
    // A table that a file leaves out is written with the values that readers assume.
    one == nil || one == other
  }

  @Test(arguments: [
    "mnist_cnn_float32", "mnist_cnn_int8", "mnist_dw_uint8", "odd_fc_qat_uint8_io", "odd_weight_sharing",
    "odd_zero_size_constant",
  ])
  func fixturesAreTheSameWhenWrittenAndReadAgain(_ name: String) throws {
    let bytes = try TestFiles.fixture("\(name).tflite")
    let draft = try ModelDraft(parsing: ModelBytes(bytes))
    let written = try draft.encoded()
    #expect(Self.difference(draft, try ModelDraft(parsing: ModelBytes(written))) == nil)
    #expect(written.count <= bytes.count + max(64, bytes.count / 100))
  }

  /// Settings that a change ends are encoded anew: every form that the reader knows comes back.
  @Test func settingsAreEncodedAsTheyAreDecoded() throws {
    let convolution = ConvolutionOptions(
      padding: .valid, strideHeight: 2, strideWidth: 3, dilationHeight: 4, dilationWidth: 5, activation: .relu6)
    let pool = PoolOptions(
      padding: .valid, strideHeight: 1, strideWidth: 2, filterHeight: 3, filterWidth: 4, activation: .relu)
    let slice = StridedSliceOptions(
      beginMask: 1, endMask: 2, ellipsisMask: 3, newAxisMask: 4, shrinkAxisMask: 5, offset: true)
    let connected = FullyConnectedOptions(
      activation: .relu, hasShuffledWeights: false, keepDimensions: true, asymmetricQuantizeInputs: true)
    let cases: [(BuiltinOperator, OperatorOptions)] = [
      (.convolution2D, .convolution(convolution)),
      (.depthwiseConvolution2D, .depthwiseConvolution(.init(convolution: convolution, depthMultiplier: 6))),
      (.fullyConnected, .fullyConnected(connected)), (.maxPool2D, .pool(pool)),
      (.add, .arithmetic(activation: .relu, shiftsPowersOfTwo: false)), (.sub, .arithmetic(activation: .relu6)),
      (.mul, .arithmetic(activation: .relu)), (.div, .arithmetic(activation: .reluMinus1To1)),
      (.concatenation, .concatenation(axis: -1, activation: .relu)), (.softmax, .softmax(beta: 2)),
      (.reshape, .reshape(newShape: [1, -1])), (.squeeze, .squeeze(dimensions: [1, 2])),
      (.mean, .reduce(keepDimensions: true)), (.leakyRelu, .leakyRelu(alpha: 0.25)),
      (.resizeBilinear, .resize(alignCorners: true, halfPixelCenters: false)),
      (.resizeNearestNeighbor, .resize(alignCorners: false, halfPixelCenters: true)),
      (.stridedSlice, .stridedSlice(slice)), (.pack, .pack(axis: 2, count: 3)), (.unpack, .unpack(axis: 1, count: 4)),
      (.split, .split(count: 2)), (.splitV, .split(count: 3)), (.gather, .gather(axis: 1, batchDimensions: 1)),
      (.spaceToDepth, .blockSize(2)), (.depthToSpace, .blockSize(3)), (.mirrorPad, .mirrorPad(isSymmetric: true)),
      (
        .transposeConv,
        .transposeConvolution(padding: .valid, strideHeight: 2, strideWidth: 3, activation: .relu)
      ),
      (.batchMatmul, .batchMatrixMultiply(adjointX: true, adjointY: false)), (.argMax, .argument(outputType: .int32)),
      (.argMin, .argument(outputType: .int64)), (.cast, .cast(from: .float32, to: .int32)),
      (.gelu, .gelu(approximate: true)), (.dilate, .none),
    ]
    let tensors = (0..<2).map { TensorDraft(name: "t\($0)", type: .float32, shape: [1]) }
    let operators = cases.map {
      OperatorDraft(code: .builtin($0.0), version: 3, inputs: [0, nil], outputs: [1], options: $0.1)
    }
    let draft = ModelDraft(
      description: "settings",
      main: GraphDraft(name: "main", tensors: tensors, operators: operators, inputs: [0], outputs: [1]))
    let read = try Model(parsing: draft.encoded())
    #expect(read.main.operators.map(\.options) == cases.map(\.1))
    #expect(read.main.operators.map(\.code) == cases.map { .builtin($0.0) })
    #expect(read.main.operators.allSatisfy { $0.version == 3 && $0.inputs == [0, nil] })
  }

  @Test func constantsLieAtMultiplesOf16() throws {
    let bytes = try ModelDraft(parsing: ModelBytes(TestFiles.fixture("mnist_cnn_int8.tflite"))).encoded()
    let constants = try Model(parsing: bytes).main.tensors.compactMap(\.constant)
    #expect(!constants.isEmpty && constants.allSatisfy { $0.lowerBound % 16 == 0 })
  }

  @Test func equalListsOfNumbersAreWrittenOnce() throws {
    func file(zeroPoints: [Int64]...) throws -> [UInt8] {
      let tensors = zeroPoints.enumerated().map { index, zeroPoints in
        TensorDraft(
          name: "t\(index)", type: .int8, shape: [1000],
          quantization: Quantization(scales: [Float](repeating: 2, count: 1000), zeroPoints: zeroPoints, axis: 0))
      }
      let graph = GraphDraft(name: "main", tensors: tensors, operators: [], inputs: [0], outputs: [0])
      return try ModelDraft(description: "lists", main: graph).encoded()
    }
    let (zeros, ones) = ([Int64](repeating: 0, count: 1000), [Int64](repeating: 1, count: 1000))
    let (same, other) = (try file(zeroPoints: zeros, zeros, zeros), try file(zeroPoints: zeros, ones, zeros))
    #expect(same.count < 13_000 && other.count - same.count == 8008)
    let read = try Model(parsing: ModelBytes(other)).main.tensors.map { $0.quantization?.zeroPoints }
    #expect(read == [zeros, ones, zeros])
  }

  @Test func labelsMoveWithTheirArchive() throws {
    let model = try TestFiles.fixture("mnist_cnn_int8.tflite")
    let stored = try #require(TestFiles.bytes("\(TestFiles.fixtures)/archives/stored.zip"))
    let content = try Archive(behind: model + stored).moved(to: 0)
    #expect(content.count == stored.count)
    var draft = try ModelDraft(parsing: ModelBytes(model))
    draft.archive = content
    let written = try draft.encoded()
    let archive = try Archive(behind: written)
    #expect(try archive.member("labels.txt") == Archive(behind: stored).member("labels.txt"))
    // Offsets count from the start of the file, as readers without a search for the archive need it.
    #expect(try archive.moved(to: written.count - content.count) == Array(written[(written.count - content.count)...]))
  }

  @Test func settingsThatCannotBeKeptAreRefused() throws {
    let bytes = try TestFiles.fixture("odd_composite_external_buffers.tflite")
    let draft = try ModelDraft(parsing: ModelBytes(bytes))
    #expect(throws: ModelError.self) { try draft.encoded() }
  }

  @Test(.enabled(if: TestFiles.shared != nil, "needs the corpus in ../shared"))
  func theCorpusIsTheSameWhenWrittenAndReadAgain() throws {
    var count = 0
    for entry in try CorpusTests.entries() where entry.class != "refuse" && entry.name != "odd_blockwise_quantized" {
      let bytes = try #require(TestFiles.bytes("\(TestFiles.shared ?? "")/corpus/\(entry.file)"))
      let draft = try ModelDraft(parsing: ModelBytes(bytes))
      guard !draft.graphs.contains(where: { $0.operators.contains { $0.original == .unknown } }) else { continue }
      let written = try draft.encoded()
      let difference = Self.difference(draft, try ModelDraft(parsing: ModelBytes(written)))
      #expect(difference == nil, "\(entry.name)")
      #expect(written.count <= bytes.count + max(64, bytes.count / 100), "\(entry.name)")
      count += 1
    }
    #expect(count > 130)
  }
}
