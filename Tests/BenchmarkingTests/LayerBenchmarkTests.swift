import Inference
import Testing

@testable import Benchmarking

@Suite struct LayerBenchmarkTests {
  @Test func lossIsWhatTheChosenFamilyTakesLonger() {
    func loss(_ times: [Double]) -> LayerBenchmark {
      LayerBenchmark(name: "", times: times.map { ("", $0) })
    }
    #expect(loss([1, 2, 3]).loss == 0)
    #expect(loss([1.04, 1, 3]).isBestChosen)
    #expect(!loss([1.06, 1, 3]).isBestChosen)
    #expect(abs(loss([3, 2, 1]).loss - 2) < 1e-9)
  }

  /// Every layer is one that every family computes, in one step that stands out.
  @Test func everyLayerRunsOnEveryFamily() throws {
    #expect(Layer.all.count >= 15)
    #expect(Set(Layer.all.map(\.name)).count == Layer.all.count)
    for layer in Layer.all {
      for family in KernelFamily.available {
        var options = CompilerOptions()
        options.kernelFamily = family.name
        let program = try Program(compiling: layer.model, options: options)
        #expect(program.stepDescriptions.contains { !$0.operators.isEmpty }, "\(layer.name)")
      }
    }
  }

  @Test func familiesStandInTheEnginesOrder() throws {
    let result = try LayerBenchmark.measure(.depthwise(3, size: 7, channels: 32), rounds: 1)
    #expect(result.times.map(\.family) == KernelFamily.available.map(\.name))
    #expect(result.times.allSatisfy { $0.time > 0 })
  }
}
