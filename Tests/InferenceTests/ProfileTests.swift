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
    let names = ["CONV_2D", "CONV_2D", "CONV_2D", "MEAN", "FULLY_CONNECTED", "SOFTMAX"]
    // Result pixels, taps, input channels, result channels.
    let products = [13 * 13 * 9 * 1 * 8, 6 * 6 * 9 * 8 * 12, 2 * 2 * 9 * 12 * 18, 0, 18 * 10, 0]
    // An operator may have steps that prepare its operands.
    for index in names.indices {
      let own = steps.filter { $0.operators.map(\.index) == [index] }
      #expect(own.allSatisfy { $0.operators[0].name == names[index] } && !own.isEmpty)
      #expect(own.reduce(0) { $0 + $1.multiplyCount } == products[index], "operator \(index)")
    }
    #expect(steps.last { $0.operators.first?.index == 1 }?.outputShapes == [[1, 6, 6, 12]])
    let order = steps.compactMap { $0.operators.first?.index }
    #expect(order == order.sorted())
  }

  /// A uint8 model is computed as int8: what turns its result back is of no operator.
  @Test func whatTheEngineAddsIsOfNoOperator() throws {
    let (program, _) = try program("mnist_dw_uint8")
    #expect(program.stepDescriptions.last?.operators == [])
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
