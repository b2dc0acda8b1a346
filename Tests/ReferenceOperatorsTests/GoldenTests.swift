import ReferenceOperators
import TFLite
import Testing

@Suite struct GoldenTests {
  @Test(arguments: GoldenCase.all)
  func givesTheRecordedOutputs(golden: GoldenCase) throws {
    let model = try Model(parsing: golden.modelBytes)
    let outputs = try ReferenceInterpreter(model: model).run(inputs: golden.inputs)
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

  @Test func allCasesAreThere() {
    #expect(GoldenCase.all.count >= 60)
    for golden in GoldenCase.all {
      #expect(!golden.modelBytes.isEmpty, "\(golden.model)")
      #expect((golden.inputs + golden.outputs).allSatisfy { !$0.isEmpty }, "\(golden.model)")
    }
  }

  @Test func intermediatesEndInTheOutputs() throws {
    let golden = try #require(GoldenCase.all.first { $0.model == "mnist_cnn_int8" })
    let model = try Model(parsing: golden.modelBytes)
    let tensors = try ReferenceInterpreter(model: model).intermediates(inputs: golden.inputs)
    #expect(tensors[model.main.outputs[0]] == golden.outputs[0])
    #expect(tensors.count == model.main.operators.count + 1)
  }

  private func largestRelativeError(_ bytes: [UInt8], _ recorded: [UInt8]) -> Double {
    let (values, expected) = (floats(bytes), floats(recorded))
    let largest = max(1e-6, expected.map { abs(Double($0)) }.max() ?? 0)
    return zip(values, expected).map { abs(Double($0) - Double($1)) }.max().map { $0 / largest } ?? 0
  }
}

/// Little-endian single precision.
func floats(_ bytes: [UInt8]) -> [Float] {
  stride(from: 0, to: bytes.count, by: 4).map { start in
    Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + $1]) << UInt32(8 * $1) })
  }
}
