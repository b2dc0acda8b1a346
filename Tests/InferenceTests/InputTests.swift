import Inference
import TFLite
import Testing

/// Inputs that keep what was written, and inputs whose bytes serve other values.
@Suite struct InputTests {
  /// A chain of convolutions as wide as its input but for the last, and how many bytes one of its values takes.
  private func chain(_ random: inout RandomModel) -> (model: Model, byteCount: Int) {
    let options = ConvolutionOptions(
      padding: .same, strideHeight: 1, strideWidth: 1, dilationHeight: 1, dilationWidth: 1, activation: .none)
    var value = random.input([1, 16, 16, 8])
    for channels in [8, 8, 1] {
      let weights = random.weights([channels, 3, 3, 8], axis: 0, isPerTensor: false)
      value = random.append(
        .convolution2D, .convolution(options), [value, weights, random.bias(channels)], quantization: nil)
    }
    return (random.model(outputs: [value]), 16 * 16 * 8 * 4)
  }

  private func program(_ model: Model, keepsInputs: Bool, threads: Int) throws -> Program {
    var options = CompilerOptions()
    options.keepsInputs = keepsInputs
    options.threadCount = threads
    return try Program(compiling: model, options: options)
  }

  @Test(arguments: [1, 2])
  func anInputIsReadInEachRunUnlessItNeedNotBeKept(threads: Int) throws {
    var random = RandomModel(.float32, seed: 700)
    let (model, byteCount) = chain(&random)
    let inputs = random.inputBytes()
    let keeping = try program(model, keepsInputs: true, threads: threads)
    let session = Session(keeping)
    let expected = run(session, inputs: inputs)
    session.invoke()
    #expect(session.withOutput(0) { [UInt8]($0) } == expected[0])
    let other = try program(model, keepsInputs: false, threads: threads)
    // The second value takes the place of the input.
    #expect(other.arenaByteCount < 3 * byteCount && keeping.arenaByteCount >= 3 * byteCount)
    let again = Session(other)
    #expect(run(again, inputs: inputs) == expected)
    #expect(run(again, inputs: inputs) == expected)
  }

  /// The next input may be written before the results are read.
  @Test func resultsOutliveTheNextInput() throws {
    var random = RandomModel(.float32, seed: 710)
    let (model, _) = chain(&random)
    let inputs = random.inputBytes()
    let session = Session(try program(model, keepsInputs: false, threads: 1))
    let expected = run(session, inputs: inputs)
    session.withInput(0) { $0.copyBytes(from: [UInt8](repeating: 0x55, count: $0.count)) }
    #expect(session.withOutput(0) { [UInt8]($0) } == expected[0])
  }
}
