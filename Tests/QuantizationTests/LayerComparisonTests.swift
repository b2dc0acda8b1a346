import TFLite
import Testing

@testable import Quantization

/// Two versions of a model, layer by layer.
struct LayerComparisonTests {
  private static func model(_ draft: ModelDraft) throws -> Model { try draft.parsed() }

  /// Three convolutions; RELU6 keeps their weights from being equalised.
  private static var chain: SmallModels.Chain {
    var chain = SmallModels.Chain()
    chain.addConvolution(channels: 4, from: 3, activation: .relu6)
    chain.addConvolution(channels: 4, from: 4, activation: .relu6, seed: 5)
    chain.addConvolution(channels: 6, from: 4, seed: 9)
    return chain
  }

  private static func renamed(_ draft: ModelDraft, _ name: (String) -> String) throws -> Model {
    var draft = draft
    for index in draft.main.tensors.indices { draft.main.tensors[index].name = name(draft.main.tensors[index].name) }
    return try model(draft)
  }

  private static func compared(_ one: Model, _ other: Model) throws -> [LayerDifference] {
    let samples = IntegerModelTests.Noise(count: 3)
    return try LayerComparison(LayerCorrespondence(one, other), of: (one, samples), with: (other, samples)) {
      _, _, _ in
    }.layers
  }

  @Test func integersAreComparedByTheNamesThatTheyKeep() throws {
    var options = IntegerOptions()
    options.edges = .float
    let (float, result) = try IntegerModelTests.quantized(Self.chain, options)
    let (one, other) = (try Self.model(float.draft), try Self.model(result.draft()))
    let layers = try Self.compared(one, other)
    #expect(layers.count == 3 && layers.allSatisfy(\.pair.isByName))
    #expect(LayerCorrespondence(one, other).unpairedCount == 0)
    for layer in layers {
      #expect(layer.pair.first.name == layer.pair.other.name)
      #expect(layer.signalToNoise > 25 && layer.signalToNoise < 60, "\(layer.signalToNoise)")
      #expect(layer.cosine > 0.99)
      #expect(layer.meanError > 0 && layer.largestError > layer.meanError)
    }
    // Errors add up, and each fall is what lies between a layer and the one before it.
    #expect(layers[0].fall == nil)
    #expect(layers[2].fall == layers[1].signalToNoise - layers[2].signalToNoise)
  }

  @Test func aModelIsTheSameAsItself() throws {
    let model = try Self.model(FloatModel(parsing: Self.chain.bytes).draft)
    for layer in try Self.compared(model, model) {
      #expect(layer.signalToNoise == 200 && layer.largestError == 0 && abs(layer.cosine - 1) < 1e-12)
    }
  }

  @Test func namesAreFoundInWhatConvertersMakeOfThem() throws {
    let draft = try FloatModel(parsing: Self.chain.bytes).draft
    let plain = try Self.renamed(draft) { "functional_1/inner/\($0)" }
    let changes: [(String) -> String] = [
      { "functional_1/inner/\($0);scope/add" }, { "functional_1/inner/\($0)_int8" },
      { "functional_2/inner/\($0);other" },
    ]
    for change in changes {
      let pairs = LayerCorrespondence(plain, try Self.renamed(draft, change)).pairs
      #expect(pairs.map(\.isByName) == [true, true, true] && pairs.map(\.first.index) == pairs.map(\.other.index))
    }
  }

  /// The first two convolutions have the same shape: they are told apart by their order.
  @Test func withoutNamesTheOrderDecides() throws {
    let draft = try FloatModel(parsing: Self.chain.bytes).draft
    let pairs = LayerCorrespondence(try Self.model(draft), try Self.renamed(draft) { _ in "" }).pairs
    #expect(pairs.map(\.isByName) == [false, false, false])
    #expect(pairs.map(\.other.index) == [0, 1, 2])
  }

  @Test func whatHasNoCounterpartIsCounted() throws {
    var shorter = SmallModels.Chain()
    shorter.addConvolution(channels: 6, from: 3)
    let (one, other) = (
      try Self.model(FloatModel(parsing: Self.chain.bytes).draft),
      try Self.renamed(FloatModel(parsing: shorter.bytes).draft) { _ in "" }
    )
    // Only the last one, without an activation, has the shape of the other model's.
    let correspondence = LayerCorrespondence(one, other)
    #expect(correspondence.pairs.map(\.first.index) == [2] && correspondence.unpairedCount == 2)
  }

  @Test func sumsGiveTheKnownFigures() {
    var sums = DifferenceSums()
    sums.add([3, 4], [3, 5], channelCount: 1)
    #expect(abs(sums.signalToNoise - 13.9794) < 1e-4)
    #expect(sums.meanError == 0.5 && sums.largestError == 1)
    #expect(abs(sums.cosine - 29 / (25.0 * 34).squareRoot()) < 1e-12)
    var zeros = DifferenceSums()
    zeros.add([0], [0], channelCount: 1)
    #expect(zeros.cosine == 1 && zeros.signalToNoise == 200)
  }

  /// What equalised weights leave between two layers.
  @Test func scaledChannelsAreNoError() {
    var scaled = DifferenceSums()
    scaled.add([1, 10, 2, 20, 3, 30], [4, 1, 8, 2, 12, 3.1], channelCount: 2)
    #expect(scaled.hasScaledChannels && scaled.signalToNoise > 40)
    // Channels that are wrong in no common way are wrong.
    var wrong = DifferenceSums()
    wrong.add([1, 10, 2, 20, 3, 30], [12, 3, 2, 9, 1, 3], channelCount: 2)
    #expect(!wrong.hasScaledChannels && wrong.signalToNoise < 10)
  }

  @Test func aResultThatIsNotMeasuredPassesOnWhatItsOperandsHave() throws {
    let graph = try Self.model(FloatModel(parsing: Self.chain.bytes).draft).main
    let results = graph.operators.map { $0.outputs[0] }
    let falls = SignalFalls(graph, [results[0]: 40, results[2]: 30])
    #expect(falls.byTensor == [results[2]: 10])
  }
}
