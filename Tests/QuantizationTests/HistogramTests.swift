import TFLite
import Testing

@testable import Quantization

/// What a reader sees of weights and activations.
struct HistogramTests {
  private static var chain: SmallModels.Chain {
    var chain = SmallModels.Chain()
    chain.addConvolution(channels: 4, from: 3, activation: .relu6)
    chain.addConvolution(channels: 16, from: 4, seed: 5)
    return chain
  }

  @Test func whatLiesOutsideGoesIntoTheEnds() {
    var bands = BandCounts(range: -1...1, bandCount: 4)
    for value: Float in [-7, -1, -0.4, 0, 0.6, 1, 9, .nan] { bands.add(value) }
    #expect(bands.counts == [2, 1, 1, 3])
  }

  @Test func weightsAreCountedBeforeAndAfter() throws {
    let (float, result) = try IntegerModelTests.quantized(Self.chain)
    let layers = float.weightHistograms(in: result.draft())
    #expect(layers.map(\.index) == [0, 1] && layers.map(\.operatorName) == ["CONV_2D", "CONV_2D"])
    for (layer, count) in zip(layers, [4 * 9 * 3, 16 * 9 * 4]) {
      #expect(layer.before.counts.reduce(0, +) == count && layer.after.counts.reduce(0, +) == count)
      #expect(layer.before.range == layer.after.range)
      let levels = try #require(layer.levels)
      #expect(levels.counts.reduce(0, +) == count)
      // The largest weight of each channel is at an end.
      #expect(levels.counts[0] + levels.counts[63] >= (count > 200 ? 16 : 4))
    }
  }

  @Test func onlyWhatWasChangedIsCounted() throws {
    let float = try FloatModel(parsing: Self.chain.bytes)
    #expect(float.weightHistograms(in: float.draft).isEmpty)
    let halves = float.weightHistograms(in: float.withFloat16Weights())
    #expect(halves.map(\.index) == [0, 1] && halves.allSatisfy { $0.levels == nil })
    // Small layers stay float in a dynamic model.
    #expect(float.weightHistograms(in: float.withDynamicRange()).isEmpty)
    let (_, result) = try IntegerModelTests.quantized(Self.chain)
    #expect(float.weightHistograms(in: result.draft(keepingFloat: [1])).map(\.index) == [0])
    // Of pruned weights half are in the middle; small layers are not pruned.
    var larger = Self.chain
    larger.addConvolution(channels: 16, from: 16)
    let large = try FloatModel(parsing: larger.bytes)
    let pruned = try #require(large.weightHistograms(in: large.pruned(to: 0.5).model.draft).last)
    #expect(pruned.levels == nil && pruned.after.counts.max() ?? 0 > pruned.before.counts.max() ?? 0)
  }

  @Test func activationsComeWithTheRangeThatWasChosen() throws {
    let samples = IntegerModelTests.Noise(count: 40)
    let (_, result) = try IntegerModelTests.quantized(Self.chain, samples: samples)
    let bands = result.activationBands()
    #expect(bands.map(\.index) == [nil, 0, 1])
    let graph = result.draft().main
    let relu = bands[1]
    #expect(relu.values.range.lowerBound == 0 && relu.zeroShare > 0.2 && relu.zeroShare < 0.8)
    // All values but the zeros.
    let total = 40 * 8 * 8 * 4
    let rest = Double(total) * (1 - relu.zeroShare)
    #expect(abs(Double(relu.values.counts.reduce(0, +)) - rest) < 1)
    let scale = try #require(graph.tensors[graph.operators[0].outputs[0]].quantization)
    #expect(relu.chosen.lowerBound == 0 && relu.chosen.upperBound == 255 * scale.scales[0])
  }

  @Test func aTensorOfOneValueHasABand() {
    var histogram = ActivationHistogram()
    let same: [Float] = [2, 2]
    #expect(same.withUnsafeBufferPointer { histogram.add($0) })
    let bands = histogram.bands(48)
    #expect(bands.range.contains(0) && bands.range.contains(2) && bands.counts.reduce(0, +) == 2)
  }
}
