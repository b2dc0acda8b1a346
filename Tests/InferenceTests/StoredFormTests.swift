import Inference
import ReferenceOperators
import TFLite
import Testing

/// Operators between convolutions, which in some kernel families store their activations with an offset: whoever
/// reads or writes such a tensor must know.
@Suite struct StoredFormTests {
  private let options = ConvolutionOptions(
    padding: .same, strideHeight: 1, strideWidth: 1, dilationHeight: 1, dilationWidth: 1, activation: .none)

  private func convolve(_ source: Int, from depth: Int, to channels: Int, _ random: inout RandomModel) -> Int {
    let weights = random.weights([channels, 1, 1, depth], axis: 0, isPerTensor: false)
    return random.append(
      .convolution2D, .convolution(options), [source, weights, random.bias(channels)],
      quantization: random.quantization(0.2))
  }

  private func pool(_ code: BuiltinOperator, _ source: Int, _ random: inout RandomModel) -> Int {
    let options = PoolOptions(
      padding: .same, strideHeight: 2, strideWidth: 2, filterHeight: 3, filterWidth: 3, activation: .none)
    return random.append(code, .pool(options), [source], quantization: random.tensors[source].quantization)
  }

  /// A block as networks with squeeze-and-excite have it, every tensor of which some convolution reads, and pools and
  /// a requantization behind it. `isSeen`: the tensors between are outputs as well, which have no offset.
  private func block(_ random: inout RandomModel, channels: Int, isSeen: Bool) -> (Model, [Int]) {
    let plain = OperatorOptions.arithmetic(activation: .none)
    let picture = random.input([1, 6, 5, channels])
    let first = convolve(picture, from: channels, to: channels, &random)
    let swish = random.append(.hardSwish, [first], quantization: random.quantization(0.2))
    let squeezed = random.append(
      .mean, .reduce(keepDimensions: true), [swish, random.integers([1, 2])], quantization: random.quantization(0.1))
    let gate = random.append(
      .logistic, [convolve(squeezed, from: channels, to: channels, &random)],
      quantization: Quantization(scales: [1 / 256], zeroPoints: [random.type == .int8 ? -128 : 0], axis: 0))
    let gated = random.append(.mul, plain, [swish, gate], quantization: random.quantization(0.1))
    let sum = random.append(
      .add, plain, [convolve(gated, from: channels, to: channels, &random), swish],
      quantization: random.quantization(0.3))
    let difference = random.append(.sub, plain, [sum, gated], quantization: random.quantization(0.3))
    let requantized = random.append(.quantize, [difference], quantization: random.quantization(0.4))
    let between = [
      swish, gate, gated, sum, requantized, pool(.maxPool2D, sum, &random), pool(.averagePool2D, sum, &random),
    ]
    let ends = between.map { convolve($0, from: channels, to: 3, &random) }
    let outputs = isSeen ? ends + between : ends
    return (random.model(outputs: outputs), outputs)
  }

  @Test(arguments: [ElementType.int8, .uint8])
  func operatorsBetweenConvolutions(type: ElementType) throws {
    for seed in 0..<8 as Range<UInt64> {
      var random = RandomModel(type, seed: 9000 + seed)
      let channels = Int.random(in: 1...80, using: &random.random)
      let (model, outputs) = block(&random, channels: channels, isSeen: seed % 2 == 0)
      let inputs = random.inputBytes()
      let expected = try ReferenceInterpreter(model: model).run(inputs: inputs)
      for family in families {
        let results = try run(model, inputs: inputs, family: family, threads: Int(seed) % 3 + 1)
        for index in outputs.indices {
          #expect(
            results[index] == expected[index], "\(family), seed \(seed): output \(index), \(channels) channels")
        }
      }
    }
  }

  /// Floats at both ends, as converters leave them by default.
  @Test func quantizedFloatsBeforeConvolutions() throws {
    for seed in 0..<8 as Range<UInt64> {
      var random = RandomModel(.int8, seed: 9100 + seed)
      let channels = Int.random(in: 1...40, using: &random.random)
      let picture = random.input([1, 5, 7, channels], nil, type: .float32)
      let quantized = random.append(.quantize, [picture], quantization: random.quantization(0.02))
      let convolved = convolve(quantized, from: channels, to: 9, &random)
      let outputs = [random.append(.dequantize, [convolved], quantization: nil, type: .float32), quantized]
      let model = random.model(outputs: outputs)
      let inputs = random.inputBytes()
      let expected = try ReferenceInterpreter(model: model).run(inputs: inputs)
      for family in families {
        #expect(try run(model, inputs: inputs, family: family) == expected, "\(family), seed \(seed)")
      }
    }
  }
}
