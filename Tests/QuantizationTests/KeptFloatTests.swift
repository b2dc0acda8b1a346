import Inference
import TFLite
import Testing

@testable import Quantization

/// Models of which some layers stay float by request.
struct KeptFloatTests {
  private static func quantized(
    _ chain: SmallModels.Chain, _ edges: Edges = .int8
  ) throws -> (float: FloatModel, result: IntegerModel) {
    var options = IntegerOptions()
    options.edges = edges
    options.inputRange = -1...1
    return try IntegerModelTests.quantized(chain, options)
  }

  private static func threeConvolutions() -> SmallModels.Chain {
    var chain = SmallModels.Chain()
    chain.addConvolution(channels: 4, from: 3, activation: .relu, seed: 1)
    chain.addConvolution(channels: 4, from: 4, activation: .relu, seed: 5)
    chain.addConvolution(channels: 2, from: 4, seed: 9)
    return chain
  }

  /// The middle of three convolutions loses a channel beside one that is thousands of times larger and that nobody reads,
  /// so that equalising them cannot help.
  private static func collapsing() throws -> SmallModels.Chain {
    var chain = Self.threeConvolutions()
    var (weights, bias) = try #require(chain.graph.layerConstants(chain.graph.operators[1]))
    bias[3] = 5000
    chain.graph.setWeights(of: 1, weights, bias: bias)
    (weights, bias) = try #require(chain.graph.layerConstants(chain.graph.operators[2]))
    for position in stride(from: 3, to: weights.count, by: 4) { weights[position] = 0 }
    chain.graph.setWeights(of: 2, weights, bias: bias)
    return chain
  }

  // MARK: int8

  /// Each operator of the mixed model by itself, with conversions worked out here, gives what the whole gives.
  @Test func aLayerInTheMiddleReadsAndGivesRoundedFloats() throws {
    let (model, result) = try Self.quantized(Self.threeConvolutions())
    let mixed = result.draft(keepingFloat: [1])
    let graph = mixed.main
    let names = graph.operators.compactMap(\.builtin)
    #expect(names == [.convolution2D, .dequantize, .convolution2D, .quantize, .convolution2D])
    let kept = try #require(graph.layerConstants(graph.operators[2]))
    let original = try #require(model.draft.main.layerConstants(model.draft.main.operators[1]))
    // Either of the two variants may have been chosen; without equalised weights they are those of the float model.
    if !result.candidates[0].isEqualized { #expect(kept.weights == original.weights && kept.bias == original.bias) }

    let input = SmallModels.noise(192, seed: 99).map { Int8(($0 * 127).rounded()) }
    var values = Self.run(try Self.alone(0, of: mixed).compiled(), bytes(of: input))
    let before = try #require(graph.tensors[graph.operators[1].inputs[0] ?? 0].quantization)
    let reals = values.map { Float(Int32(Int8(bitPattern: $0)) - Int32(before.zeroPoints[0])) * before.scales[0] }
    let convolved = try SmallModels.run(Self.alone(2, of: mixed), reals)
    let after = try #require(graph.tensors[graph.operators[3].outputs[0]].quantization)
    let levels = convolved.map { real in
      Int8(max(-128, min(127, (real / after.scales[0]).rounded() + Float(after.zeroPoints[0]))))
    }
    values = Self.run(try Self.alone(4, of: mixed).compiled(), bytes(of: levels))
    #expect(Set(values).count > 20)
    #expect(Self.run(try mixed.compiled(), bytes(of: input)) == values)
  }

  /// One operator of a model as a model.
  private static func alone(_ index: Int, of draft: ModelDraft) -> ModelDraft {
    var alone = draft
    let node = draft.main.operators[index]
    alone.main.operators = [node]
    alone.main.inputs = node.inputs.prefix(1).compactMap { $0 }
    alone.main.outputs = node.outputs
    alone.signatures = []
    alone.removeUnusedTensors()
    return alone
  }

  private static func run(_ program: Program, _ input: [UInt8]) -> [UInt8] {
    let session = Session(program)
    session.withInput(0) { $0.copyBytes(from: input) }
    session.invoke()
    return session.withOutput(0) { [UInt8]($0) }
  }

  @Test func allLayersInFloatAreTheFloatModel() throws {
    let (model, result) = try Self.quantized(Self.threeConvolutions(), .float)
    let draft = result.draft(keepingFloat: [0, 1, 2])
    #expect(draft.main.operators.compactMap(\.builtin) == [.convolution2D, .convolution2D, .convolution2D])
    let input = SmallModels.noise(192, seed: 99)
    let (one, other) = (try SmallModels.run(model.draft, input), try SmallModels.run(draft, input))
    #expect(SmallModels.difference(one, other) < 1e-6)
  }

  @Test func neighboursPassFloatsOn() throws {
    let (_, result) = try Self.quantized(Self.threeConvolutions(), .float)
    let names = result.draft(keepingFloat: [1, 2]).main.operators.compactMap(\.builtin)
    #expect(names == [.quantize, .convolution2D, .dequantize, .convolution2D, .convolution2D])
  }

  @Test(arguments: Edges.allCases) func callersGetWhatTheyAskedFor(_ edges: Edges) throws {
    var chain = Self.threeConvolutions()
    chain.add(.logistic, .none, shape: [1, 8, 8, 2])
    let (_, result) = try Self.quantized(chain, edges)
    let model = try Model(parsing: result.draft(keepingFloat: [0, 3]).encoded())
    let (input, output) = (model.main.tensors[model.main.inputs[0]], model.main.tensors[model.main.outputs[0]])
    let type: [Edges: ElementType] = [.int8: .int8, .uint8: .uint8, .float: .float32]
    #expect(input.type == type[edges] && output.type == type[edges])
    // Scores have the scale that everybody expects of them, whoever computes them.
    if edges != .float { #expect(output.quantization?.scales == [Float(0x1p-8)]) }
    _ = try Program(compiling: model)
  }

  @Test func whatIsLostIsBroughtBackByTheWorstLayer() throws {
    let (model, result) = try Self.quantized(Self.collapsing(), .float)
    let input = SmallModels.noise(192, seed: 99)
    let float = try SmallModels.run(model.draft, input)
    func error(_ kept: [Int]) throws -> Float {
      SmallModels.difference(float, try SmallModels.run(result.draft(keepingFloat: Set(kept)), input))
    }
    #expect(result.layers[0].index == 2 && result.layers[0].signalToNoise < 20, "\(result.layers)")
    // What it reads was lost before it.
    #expect(result.worstLayers(1) == [2, 1])
    #expect(try error([]) > 0.3)
    #expect(try error([2]) > 0.3)
    #expect(try error(result.worstLayers(1)) < 0.02)
    #expect(result.worstLayers(0).isEmpty && result.worstLayers(3).sorted() == [0, 1, 2])
  }

  // MARK: Dynamic range

  private static func wide() throws -> SmallModels.Chain {
    var chain = SmallModels.Chain()
    chain.addConvolution(channels: 16, from: 3, activation: .relu, seed: 1)
    chain.addConvolution(channels: 16, from: 16, activation: .relu, seed: 5)
    chain.addConvolution(channels: 16, from: 16, seed: 9)
    return chain
  }

  @Test func weightsOfKeptLayersStayFloat() throws {
    let model = try FloatModel(parsing: Self.wide().bytes)
    func types(_ kept: Set<Int>) -> [ElementType?] {
      let graph = model.withDynamicRange(keepingFloat: kept).main
      return graph.operators.map { node in node.inputs[1].map { graph.tensors[$0].type } }
    }
    // The first is too small to be worth it.
    #expect(types([]) == [.float32, .int8, .int8])
    #expect(types([1]) == [.float32, .float32, .int8])
    let input = SmallModels.noise(192, seed: 99)
    let all = try SmallModels.run(model.withDynamicRange(keepingFloat: [1, 2]), input)
    #expect(all == (try SmallModels.run(model.draft, input)))
  }

  @Test func theLayerWithAnOutlierInEachChannelIsTheWorst() throws {
    var chain = try Self.wide()
    var (weights, bias) = try #require(chain.graph.layerConstants(chain.graph.operators[1]))
    // A weight on what is always 0 costs nothing but the precision of all others.
    for channel in 0..<16 { weights[channel * 144 + 4 * 16 + 15] = 100 }
    chain.graph.setWeights(of: 1, weights, bias: bias)
    (weights, bias) = try #require(chain.graph.layerConstants(chain.graph.operators[0]))
    bias[15] = -100
    chain.graph.setWeights(of: 0, weights, bias: bias)
    let model = try FloatModel(parsing: chain.bytes)
    let errors = try model.dynamicRangeErrors(
      on: IntegerModelTests.Noise(count: 8), isTimeOver: { false }, observer: { _, _, _ in })
    #expect(errors.map(\.index) == [1, 2])
    #expect(errors[0].signalToNoise < 10 && errors[1].signalToNoise > 30, "\(errors)")
    let layer = model.layers[errors[0].index]
    #expect(layer.operatorName == "CONV_2D" && layer.byteCount == (16 * 9 * 16 + 16) * 4)
  }

  // MARK: The search

  @Test func theSearchFindsTheLeastNumberInFewAttempts() {
    for count in 0...40 {
      for least in 1...41 {
        var search = FloatLayerSearch(layerCount: count)
        var (attempts, found) = (0, Int?.none)
        while let next = search.next, attempts < 100 {
          #expect((1...count).contains(next))
          attempts += 1
          if next >= least { found = min(found ?? next, next) }
          search.record(holds: next >= least)
        }
        #expect(found == (least <= count ? least : nil), "\(least) of \(count)")
        #expect(attempts <= 12, "\(least) of \(count)")
      }
    }
  }
}

/// What a model is made with when there is no time left.
struct TimeLimitTests {
  @Test func aModelIsMadeOfWhatThereWasTimeFor() throws {
    var chain = SmallModels.Chain()
    chain.addConvolution(channels: 8, from: 3, activation: .relu, seed: 1)
    chain.addConvolution(channels: 4, from: 8, seed: 5)
    var options = IntegerOptions()
    options.edges = .float
    let all = try IntegerModelTests.quantized(chain, options).result
    #expect(all.sampleCount == 40 && all.untriedCount == 0 && all.candidates.count == 7)
    options.isTimeOver = { true }
    let (model, hurried) = try IntegerModelTests.quantized(chain, options)
    #expect(hurried.sampleCount == 32 && hurried.untriedCount == 6 && hurried.candidates.count == 1)
    #expect(hurried.layers.count == 2)
    let input = SmallModels.noise(192, seed: 99)
    let (one, other) = (try SmallModels.run(model.draft, input), try SmallModels.run(hurried.draft(), input))
    #expect(SmallModels.difference(one, other) < 0.1)
  }

  @Test func theFirstSamplesAreSpreadOverAll() {
    for count in 0...300 { #expect(Calibration.spreadOrder(count).sorted() == Array(0..<count)) }
    for part in 0..<4 {
      let found = Calibration.spreadOrder(200).prefix(32).count { $0 / 50 == part }
      #expect((7...9).contains(found))
    }
  }

  @Test func onlyWhatLiesBeyondTheRangeIsClipped() {
    var sums = ErrorSums()
    let scale = Quantization(scales: [0.5], zeroPoints: [-128], axis: 0)
    // 0…127.5: the ends themselves, and what is nearer to them than half a step, are met.
    let reals: [Float] = [0, 0, -0.2, 127.5, 127.7, -0.3, 128, 300]
    let levels: [Int8] = [-128, -128, -128, 127, 127, -128, 127, 127]
    reals.withUnsafeBufferPointer { reals in levels.withUnsafeBufferPointer { sums.add(reals, $0, scale) } }
    #expect(sums.clippedShare == 0.375)
  }
}
