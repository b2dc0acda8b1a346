import Testing

@testable import Inference

@Suite struct ThreadTests {
  @Test(arguments: [2, 3, 5])
  func anyNumberOfThreadsGivesTheSameBytes(threads: Int) throws {
    for golden in GoldenCase.all {
      let model = try golden.parsed()
      let alone = try run(model, inputs: golden.inputs)
      #expect(try run(model, inputs: golden.inputs, threads: threads) == alone, "\(golden)")
    }
  }

  /// Waiting for one another would take longer than the steps of a tiny model.
  @Test func shortStepsAreNotShared() throws {
    let golden = try #require(GoldenCase.all.first { $0.model == "mnist_cnn_int8" })
    var options = CompilerOptions()
    options.threadCount = 3
    #expect(!(try Program(compiling: try golden.parsed(), options: options).sharedSteps.contains(true)))
    options.sharedWorkMin = 1000
    #expect(try Program(compiling: try golden.parsed(), options: options).sharedSteps.contains(true))
  }

  @Test func manyRunsStayTogether() throws {
    let golden = try #require(GoldenCase.all.first { $0.model == "mnist_cnn_int8" })
    var options = CompilerOptions()
    options.threadCount = 3
    options.sharedWorkMin = 0
    let session = Session(try Program(compiling: try golden.parsed(), options: options))
    for _ in 0..<300 { #expect(run(session, inputs: golden.inputs) == golden.outputs) }
  }

  /// A session that goes away right after its only run must not leave a thread behind that waits for ever.
  @Test(.timeLimit(.minutes(1)), arguments: ["mnist_cnn_int8", "odd_add_quantized_int8"])
  func shortLivesEnd(name: String) throws {
    let golden = try #require(GoldenCase.all.first { $0.model == name })
    let model = try golden.parsed()
    for _ in 0..<100 { #expect(try run(model, inputs: golden.inputs, threads: 3) == golden.outputs) }
  }

  @Test func sessionsOfOneProgramAreApart() throws {
    let golden = try #require(GoldenCase.all.first { $0.model == "mnist_cnn_int8" })
    let program = try Program(compiling: try golden.parsed())
    let (first, second) = (Session(program), Session(program))
    let zeros = golden.inputs.map { [UInt8](repeating: 0, count: $0.count) }
    _ = run(first, inputs: golden.inputs)
    let others = run(second, inputs: zeros)
    #expect(first.withOutput(0) { [UInt8]($0) } == golden.outputs[0])
    #expect(others != golden.outputs)
  }
}
