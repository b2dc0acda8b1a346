import Benchmarking
import Inference

/// `maskctl benchmark kernels`: every family of kernels on layers of real networks.
///
/// Times are the best of interleaved runs. The engine chooses the first family; the loss says how much longer that takes
/// than the fastest.
enum BenchmarkKernels {
  /// Prints the table; where `asserts`, fails when the chosen family loses anywhere.
  static func run(asserts: Bool) throws(Failure) {
    let families = KernelFamily.available.map(\.name)
    var table = TextTable(
      [("LAYER", .left)] + families.map { ($0.uppercased(), .right) } + [("LOSS", .right)])
    var losers: [String] = []
    for layer in Layer.all {
      let result = try measure(layer)
      table.add(
        [result.name] + result.times.map { Decimal.text($0.time, digits: 4) }
          + [Decimal.text(result.loss * 100, digits: 1) + " %"])
      if !result.isBestChosen { losers.append(result.name) }
    }
    try Terminal.write(table.text)
    if asserts, !losers.isEmpty {
      throw Failure(
        .internalError, "\(families[0]) is not the fastest family for \(losers.joined(separator: "; "))")
    }
  }

  private static func measure(_ layer: Layer) throws(Failure) -> LayerBenchmark {
    do throws(CompilationError) {
      return try LayerBenchmark.measure(layer)
    } catch {
      throw Failure(.internalError, "\(layer.name): \(error)")
    }
  }
}
