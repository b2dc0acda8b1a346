import Inference
import TFLite
import Testing

@testable import Benchmarking

@Suite struct ModelBenchmarkTests {
  private func benchmark(threads: Int = 1, family: String? = nil) throws -> ModelBenchmark {
    let folder = "/" + #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
    let bytes = try #require(SystemFile.bytes("\(folder)/Fixtures/models/mnist_cnn_int8.tflite"))
    var options = CompilerOptions()
    options.threadCount = threads
    options.kernelFamily = family
    return ModelBenchmark(try Program(compiling: Model(parsing: bytes), options: options))
  }

  @Test func runsAreTimed() throws {
    let runs = try benchmark().run(count: 20)
    #expect(runs.timing.count == 20)
    #expect(runs.timing.best > 0 && runs.timing.best <= runs.timing.median)
    #expect(runs.processor > 0)
  }

  @Test(arguments: [1, 2])
  func theProfileHasEveryStepAndSumsThemUp(threads: Int) throws {
    let profile = try benchmark(threads: threads).profile(count: 3, peak: 1e12)
    #expect(Set(profile.steps.compactMap(\.operatorIndex)) == [0, 1, 2, 3, 4, 5])
    #expect(profile.operators.count == 4)
    for rows in [profile.steps, profile.operators] {
      #expect(abs(rows.reduce(0) { $0 + $1.share } - 1) < 1e-9)
      #expect(abs(rows.reduce(0) { $0 + $1.time } - profile.time) < 1e-9)
      #expect(rows.reduce(0) { $0 + $1.multiplyCount } == 12_168 + 31_104 + 7_776 + 180)
    }
    let convolutions = try #require(profile.operators.first { $0.name == "CONV_2D" })
    #expect(convolutions.multiplyCount == 12_168 + 31_104 + 7_776)
    let rate = try #require(convolutions.rate)
    #expect(abs(rate - Double(convolutions.multiplyCount) / convolutions.time * 1000) < 1)
    #expect(abs(try #require(convolutions.peakShare) - rate / 1e12) < 1e-9)
    #expect(profile.operators.first { $0.name == "SOFTMAX" }?.rate == nil)
  }

  @Test func aComparisonRunsBothEquallyOften() throws {
    let comparison = Comparison.measure(try benchmark(), try benchmark(family: "generic"), runs: 25)
    #expect(comparison.first.count == 30 && comparison.second.count == 30)
    #expect(comparison.bestRatio == comparison.first.best / comparison.second.best)
    #expect(comparison.medianRatio == comparison.first.median / comparison.second.median)
  }

  @Test func thePeakGrowsWithTheFamily() throws {
    let families = KernelFamily.available
    for family in families { #expect(try #require(MultiplyPeak.measure(family, threads: 1)) > 1e6) }
    #expect(try #require(MultiplyPeak.measure(families[0], threads: 2)) > 1e6)
    guard families.count > 1 else { return }
    // The best family multiplies several at once: far beyond what a disturbance does.
    let best = try #require(MultiplyPeak.measure(families[0], threads: 1))
    let plain = try #require(MultiplyPeak.measure(families[families.count - 1], threads: 1))
    #expect(best > plain)
  }
}
