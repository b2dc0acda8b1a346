import Inference
import TFLite
import Testing

@testable import Quantization

/// Weights that share few values.
struct ClusteringTests {
  private static func squaredError(_ one: [Float], _ other: [Float]) -> Double {
    zip(one, other).map { Double(($0 - $1) * ($0 - $1)) }.reduce(0, +)
  }

  /// The least error of all ways to cut a sorted list into parts.
  private static func leastError(_ values: [Double], count: Int, permitted: (Double) -> Double) -> Double {
    if values.isEmpty { return 0 }
    if count == 0 { return .infinity }
    return (1...values.count).map { end in
      let part = values[..<end]
      let center = permitted(part.reduce(0, +) / Double(end))
      return part.map { ($0 - center) * ($0 - center) }.reduce(0, +)
        + leastError(Array(values[end...]), count: count - 1, permitted: permitted)
    }.min() ?? .infinity
  }

  @Test(arguments: [2, 3, 4]) func nothingIsBetter(_ count: Int) {
    for seed in 1...20 {
      let integers = SmallModels.noise(9, seed: UInt64(seed)).map { Int8(($0 * 100).rounded()) }
      var levels = integers
      Clustering(count: count, keepsZero: false).cluster(
        &levels, scales: [1], layout: ChannelLayout(shape: [1, 9], axis: 0))
      let best = Self.leastError(integers.map { Double($0) }.sorted(), count: count) { $0.rounded() }
      #expect(abs(Self.squaredError(integers.map { Float($0) }, levels.map { Float($0) }) - best) < 1e-6)
      var values = SmallModels.noise(9, seed: UInt64(seed))
      let before = values
      Clustering(count: count, keepsZero: false).cluster(&values)
      let least = Self.leastError(before.map { Double($0) }.sorted(), count: count) { $0 }
      #expect(Self.squaredError(before, values) < least * 1.01 + 1e-6)
    }
  }

  @Test func channelsWithLargeStepsDecide() {
    // In the second channel a level is a hundred times as much.
    var levels: [Int8] = [10, 20, 30, 40, 11, 21, 31, 41]
    Clustering(count: 4, keepsZero: false).cluster(
      &levels, scales: [1, 100], layout: ChannelLayout(shape: [2, 4], axis: 0))
    #expect(levels == [11, 21, 31, 41, 11, 21, 31, 41])
  }

  @Test func zeroIsAValueOfItsOwn() {
    let weights = SmallModels.noise(4000, seed: 3).enumerated().map { $0 % 3 == 0 ? 0 : $1 + 0.01 }
    for count in [2, 3, 16] {
      var kept = weights
      Clustering(count: count, keepsZero: true).cluster(&kept)
      #expect(Set(kept).count == count)
      #expect(zip(weights, kept).allSatisfy { $0 != 0 || $1 == 0 })
    }
    var lost = weights
    Clustering(count: 2, keepsZero: false).cluster(&lost)
    #expect(Set(lost).count == 2 && !lost.contains(0))
  }

  @Test func whatHasFewValuesStaysAsItIs() {
    for weights: [Float] in [[], [0.5], [0.25, 0.25], [-1, 0, 3, 3, -1], [.nan, 1, 2], [.infinity, 1, 2, 3, 4, 5]] {
      var clustered = weights
      Clustering(count: 4, keepsZero: true).cluster(&clustered)
      #expect(clustered.map(\.bitPattern) == weights.map(\.bitPattern))
    }
    var levels: [Int8] = [-127, 0, 127]
    Clustering(count: 3, keepsZero: true).cluster(&levels, scales: [1], layout: ChannelLayout(shape: [1, 3], axis: 0))
    #expect(levels == [-127, 0, 127])
  }

  @Test(arguments: [2, 16, 64]) func noTensorHasMoreValuesInAnyMode(_ count: Int) throws {
    let model = try FloatModel(parsing: SmallModels.fixture("models/mnist_cnn_float32.tflite"))
    let samples = IntegerModelTests.Noise(count: 40)
    for source in [model, model.pruned(to: 0.5).model] {
      let clustering = Clustering(count: count, keepsZero: true)
      var options = IntegerOptions()
      options.clustering = clustering
      let integers = try source.quantized(options, calibratedWith: samples) { _, _, _ in }
      let drafts = [
        source.clustered(clustering).draft, source.clustered(clustering).withFloat16Weights(),
        source.withDynamicRange(clustering), source.withDynamicRange(keepingFloat: [0], clustering), integers.draft(),
        integers.draft(keepingFloat: [0, 1]),
      ]
      for (place, draft) in drafts.enumerated() {
        let written = try ModelDraft(parsing: ModelBytes(draft.encoded()))
        let found = written.weightSummaries.filter(\.isLarge).map(\.distinctCount)
        #expect(!found.isEmpty && (found.max() ?? 0) <= count, "\(place): \(found)")
        #expect(found.contains(count) || count > 16, "\(place): \(found)")
        _ = try Program(compiling: Model(parsing: draft.encoded()))
      }
    }
  }

  @Test func moreValuesAreCloser() throws {
    let model = try FloatModel(parsing: SmallModels.fixture("models/mnist_cnn_float32.tflite"))
    let input = SmallModels.noise(784, seed: 3).map(abs)
    let expected = try SmallModels.run(model.draft, input)
    let errors = try [2, 16, 128].map { count in
      let clustered = model.clustered(Clustering(count: count, keepsZero: false))
      return SmallModels.difference(expected, try SmallModels.run(clustered.draft, input))
    }
    #expect(errors[0] > errors[1] && errors[1] > errors[2] && errors[2] < 0.02)
  }
}
