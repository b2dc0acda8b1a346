import Inference
import Testing

@Suite struct GoldenTests {
  @Test(arguments: GoldenCase.all, families)
  func givesTheRecordedOutputs(golden: GoldenCase, family: String) throws {
    let outputs = try run(try golden.parsed(), inputs: golden.inputs, family: family)
    try #require(outputs.count == golden.outputCount)
    for (output, recorded) in zip(outputs, golden.outputs) {
      #expect(output.count == recorded.count)
      if golden.tolerance == 0 {
        #expect(output == recorded)
      } else {
        #expect(largestRelativeError(output, recorded) <= golden.tolerance)
      }
    }
  }

  @Test func secondRunGivesTheSame() throws {
    for golden in GoldenCase.all {
      let session = Session(try Program(compiling: try golden.parsed()))
      let first = run(session, inputs: golden.inputs)
      session.invoke()
      #expect(session.program.outputs.indices.map { session.withOutput($0) { [UInt8]($0) } } == first, "\(golden)")
    }
  }

  private func largestRelativeError(_ bytes: [UInt8], _ recorded: [UInt8]) -> Double {
    let (values, expected) = (floats(bytes), floats(recorded))
    let largest = max(1e-6, expected.map { abs(Double($0)) }.max() ?? 0)
    return zip(values, expected).map { abs(Double($0) - Double($1)) }.max().map { $0 / largest } ?? 0
  }
}
