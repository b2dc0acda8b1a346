import Inference
import TFLite
import Testing

@testable import Quantization

/// Weights that become zero.
struct PruningTests {
  /// Two convolutions of very different size, whose weights matter very differently.
  private static func chain() -> SmallModels.Chain {
    var chain = SmallModels.Chain()
    chain.addConvolution(channels: 64, from: 3, activation: .relu, seed: 1)
    chain.addConvolution(channels: 16, from: 64, activation: .relu, seed: 5)
    chain.addConvolution(channels: 16, from: 16, seed: 9)
    return chain
  }

  private static let samples = IntegerModelTests.Noise(count: 40)

  private static func pruned(_ model: FloatModel, to sparsity: Double) throws -> PrunedModel {
    try model.pruned(to: sparsity, calibratedWith: samples) { _, _, _ in }
  }

  private static func calibration(_ model: FloatModel) throws -> Calibration {
    try Calibration(
      model.draft, of: model.draft.main.activations, samples, leastCount: 40, isTimeOver: { false }, stage: .inputs
    ) { _, _, _ in }
  }

  /// The share of zeros in layers of 1,024 weights and more.
  private static func sparsity(_ draft: ModelDraft) -> Double {
    let large = draft.weightSummaries.filter(\.isLarge)
    return Double(large.map(\.zeroCount).reduce(0, +)) / Double(large.map(\.weightCount).reduce(0, +))
  }

  @Test(arguments: [0.1, 0.5, 0.83, 0.99]) func theShareIsMet(_ wanted: Double) throws {
    for bytes in [try Self.chain().bytes, try SmallModels.fixture("models/mnist_cnn_float32.tflite")] {
      let model = try FloatModel(parsing: bytes)
      #expect(abs(Self.sparsity(model.pruned(to: wanted).model.draft) - wanted) < 0.001)
      #expect(abs(Self.sparsity(try Self.pruned(model, to: wanted).model.draft) - wanted) < 0.001)
    }
  }

  @Test func layersThatMatterLessLoseMore() throws {
    // Most weights of the second layer are far smaller than its largest.
    var chain = Self.chain()
    let (weights, bias) = try #require(chain.graph.layerConstants(chain.graph.operators[1]))
    chain.graph.setWeights(of: 1, weights.map { 16 * $0 * $0 * $0 }, bias: bias)
    let model = try FloatModel(parsing: chain.bytes)
    let comparison = try OutputComparison(model.draft, EvenlySpread(Self.samples, countMax: 16))
    let pruning = Pruning(model, calibration: try Self.calibration(model))
    var uniform = model
    for layer in pruning.layers.indices {
      _ = pruning.prune(&uniform.draft.main, [layer], to: 0.5, factors: pruning.equalFactors)
    }
    let before = try comparison.signalToNoise(of: uniform.draft)
    let pruned = try Self.pruned(model, to: 0.5)
    #expect(try #require(pruned.signalToNoise) > before + 3)
    let shares = pruned.model.draft.weightSummaries.filter(\.isLarge).map(\.sparsity)
    #expect((shares.max() ?? 0) > (shares.min() ?? 0) + 0.1)
  }

  @Test func smallLayersAndSharedWeightsAreLeftAlone() throws {
    var chain = Self.chain()
    chain.addConvolution(channels: 16, from: 16, seed: 11)
    chain.graph.operators[3].inputs[1] = chain.graph.operators[2].inputs[1]
    let pruned = try Self.pruned(FloatModel(parsing: chain.bytes), to: 0.5).model.draft.weightSummaries
    // 1,728, 9,216, and twice the same 2,304.
    #expect(pruned.map { $0.zeroCount > 0 } == [true, true, false, false])
    var small = SmallModels.Chain()
    small.addConvolution(channels: 4, from: 3)
    let model = try FloatModel(parsing: small.bytes)
    #expect(try Self.pruned(model, to: 0.9).model.draft.weightSummaries[0].zeroCount == 0)
  }

  @Test func channelsKeepTheirMeanAndVariance() throws {
    let model = try FloatModel(parsing: Self.chain().bytes)
    func results(_ model: FloatModel) throws -> Calibration.Activation {
      try #require(Self.calibration(model).activations[model.draft.main.outputs[0]])
    }
    var pruned = model
    let pruning = Pruning(model, calibration: try Self.calibration(model))
    _ = pruning.prune(&pruned.draft.main, [2], to: 0.5, factors: pruning.equalFactors)
    let (before, after) = (try results(model), try results(pruned))
    func error(_ one: [Double], _ other: [Double]) -> Double {
      zip(one, other).map { abs($0 - $1) }.reduce(0, +) / one.map(abs).reduce(0, +)
    }
    #expect(error(before.channelMeans, after.channelMeans) < 0.1)
    #expect(error(before.channelVariances, after.channelVariances) < 0.25)
  }

  @Test func zerosStayZeroInEveryMode() throws {
    let model = try FloatModel(parsing: SmallModels.fixture("models/mnist_cnn_float32.tflite"))
    let pruned = try Self.pruned(model, to: 0.6).model
    let integers = try pruned.quantized(IntegerOptions(), calibratedWith: Self.samples) { _, _, _ in }
    let zeros = pruned.draft.weightSummaries.map(\.zeroCount)
    for draft in [pruned.withFloat16Weights(), pruned.withDynamicRange(), integers.draft()] {
      let found = draft.weightSummaries.map(\.zeroCount)
      #expect(zip(zeros, found).allSatisfy { $0 <= $1 }, "\(zeros) became \(found)")
      _ = try Program(compiling: Model(parsing: draft.encoded()))
    }
  }

  @Test func theLeastValuesAreFound() {
    let lists = [SmallModels.noise(3000, seed: 4).map(abs), [Float](repeating: 0.25, count: 500), [0, 0, 1e-30]]
    let factors: [Float] = [1, 2, 1]
    let sorted = zip(lists, factors).flatMap { list, factor in list.map { $0 * factor } }.sorted()
    for count in [0, 1, 2, 3, 100, 1700, 2000, 3000, 3503] {
      var least = LeastValues(count: count, of: lists, factors: factors)
      let found = zip(lists, factors).flatMap { list, factor in list.map { $0 * factor }.filter { least.contains($0) } }
      #expect(found.sorted() == Array(sorted.prefix(count)), "\(count)")
    }
  }

  @Test func theObserverCanStopPruning() throws {
    let model = try FloatModel(parsing: Self.chain().bytes)
    for stage in [Stage.inputs, .sensitivity] {
      #expect(throws: QuantizationError.self) {
        _ = try model.pruned(to: 0.5, calibratedWith: Self.samples) {
          (reached, _, _) throws(QuantizationError) in if reached == stage { throw .cancelled }
        }
      }
    }
  }

  @Test func theSearchFindsTheGreatestShareThatHolds() {
    for greatest in 0...9 {
      var search = SparsitySearch()
      var held = 0.0
      var count = 0
      while let next = search.next {
        let holds = Int((next * 10).rounded()) <= greatest
        if holds { held = next }
        search.record(holds: holds)
        count += 1
      }
      #expect(Int((held * 10).rounded()) == greatest && count <= 4)
    }
  }
}
