import Inference
import Testing

/// What a program says of its steps, and the times of a recorded run.
@Suite struct ProfileTests {
  private func program(_ name: String, threads: Int = 1) throws -> (program: Program, golden: GoldenCase) {
    let golden = try #require(GoldenCase.all.first { $0.model == name })
    var options = CompilerOptions()
    options.threadCount = threads
    return (try Program(compiling: try golden.parsed(), options: options), golden)
  }

  @Test func stepsNameTheirOperatorsAndCountTheirProducts() throws {
    let (program, _) = try program("mnist_cnn_int8")
    let steps = program.stepDescriptions
    #expect(steps.flatMap { $0.operators.map(\.index) } == Array(0...5))
    #expect(
      steps.flatMap { $0.operators.map(\.name) } == [
        "CONV_2D", "CONV_2D", "CONV_2D", "MEAN", "FULLY_CONNECTED", "SOFTMAX",
      ])
    #expect(steps[1].inputShapes == [[1, 13, 13, 8]] && steps[1].outputShapes == [[1, 6, 6, 12]])
    // Result pixels, taps, input channels, result channels.
    let products = [13 * 13 * 9 * 1 * 8, 6 * 6 * 9 * 8 * 12, 2 * 2 * 9 * 12 * 18, 0, 18 * 10, 0]
    #expect(steps.map(\.multiplyCount) == products)
  }

  /// A uint8 model is computed as int8: the steps at its ends are of no operator.
  @Test func whatTheEngineAddsIsOfNoOperator() throws {
    let (program, _) = try program("mnist_dw_uint8")
    let ownerless = program.stepDescriptions.indices.filter { program.stepDescriptions[$0].operators.isEmpty }
    #expect(ownerless == [0, program.stepDescriptions.count - 1])
  }

  @Test(arguments: [1, 3])
  func aRecordedRunComputesTheSameAndTimesEveryStep(threads: Int) throws {
    let (program, golden) = try program("mnist_cnn_int8", threads: threads)
    let session = Session(program)
    for (index, bytes) in golden.inputs.enumerated() { session.withInput(index) { $0.copyBytes(from: bytes) } }
    var times = StepTimes(for: program)
    for _ in 0..<3 { session.invoke(recording: &times) }
    #expect(session.withOutput(0) { [UInt8]($0) } == golden.outputs[0])
    #expect(times.runCount == 3)
    #expect(times.best.count == program.stepDescriptions.count)
    #expect(zip(times.best, times.total).allSatisfy { $0 >= 0 && 3 * $0 <= $1 })
    // The shortest run is made of steps none of which was shorter than its best.
    #expect(times.best.reduce(0, +) <= times.bestRun)
    #expect(times.bestRun > 0)
  }
}
