import Inference
import TFLite
import Testing

@testable import Quantization

/// int8 from calibration to the last operator.
struct IntegerModelTests {
  /// Random inputs, the same every time.
  struct Noise: Samples {
    let count: Int
    var scale: Float = 1

    func values(_ sample: Int, count: Int) -> [Float] {
      SmallModels.noise(count, seed: UInt64(sample + 1)).map { $0 * scale }
    }

    func fill(_ input: UnsafeMutableRawBufferPointer, with sample: Int) throws(QuantizationError) {
      values(sample, count: input.count / 4).withUnsafeBytes(input.copyMemory)
    }
  }

  static func quantized(
    _ chain: SmallModels.Chain, _ options: IntegerOptions = IntegerOptions(), samples: Noise = Noise(count: 40)
  ) throws -> (float: FloatModel, result: IntegerModel) {
    let model = try FloatModel(parsing: chain.bytes)
    return (model, try model.quantized(options, calibratedWith: samples) { _, _, _ in })
  }

  /// What an int8 model with float edges says, against what the float model says.
  static func error(_ chain: SmallModels.Chain) throws -> (error: Float, result: IntegerModel) {
    var options = IntegerOptions()
    options.edges = .float
    let (model, result) = try quantized(chain, options)
    let input = SmallModels.noise(192, seed: 99)
    let (one, other) = (try SmallModels.run(model.draft, input), try SmallModels.run(result.draft(), input))
    return (SmallModels.difference(one, other), result)
  }

  @Test func convolutionsHaveTheFormThatTensorFlowLiteAsksFor() throws {
    var chain = SmallModels.Chain()
    chain.addConvolution(channels: 4, from: 3, activation: .relu)
    let (_, result) = try Self.quantized(chain)
    let graph = result.draft().main
    #expect(graph.operators.count == 1 && graph.operators[0].version == 3)
    let tensors = graph.operators[0].inputs.compactMap { $0.map { graph.tensors[$0] } }
    #expect(tensors.map(\.type) == [.int8, .int8, .int32])
    let (input, weights, bias) = (tensors[0].quantization, tensors[1].quantization, tensors[2].quantization)
    #expect(input?.scales.count == 1)
    #expect(weights?.scales.count == 4 && weights?.axis == 0 && weights?.zeroPoints == [0, 0, 0, 0])
    #expect(bias?.zeroPoints == [0, 0, 0, 0])
    for channel in 0..<4 {
      #expect(bias?.scales[channel] == (weights?.scales[channel] ?? 0) * (input?.scales[0] ?? 0))
    }
    // After RELU the least value is 0, which gets the least integer.
    #expect(graph.tensors[graph.outputs[0]].quantization?.zeroPoints == [-128])
  }

  @Test(arguments: Edges.allCases) func edgesHaveTheTypeThatWasAskedFor(_ edges: Edges) throws {
    var chain = SmallModels.Chain()
    chain.addConvolution(channels: 4, from: 3, activation: .relu)
    var options = IntegerOptions()
    options.edges = edges
    options.inputRange = -1...1
    let (_, result) = try Self.quantized(chain, options)
    let model = try Model(parsing: result.draft().encoded())
    let (input, output) = (model.main.tensors[model.main.inputs[0]], model.main.tensors[model.main.outputs[0]])
    let type: [Edges: ElementType] = [.int8: .int8, .uint8: .uint8, .float: .float32]
    #expect(input.type == type[edges] && output.type == type[edges])
    if edges == .int8 { #expect(input.quantization?.zeroPoints == [0] || input.quantization?.zeroPoints == [-1]) }
    if edges == .uint8 { #expect((127...128).contains(input.quantization?.zeroPoints[0] ?? 0)) }
    _ = try Program(compiling: model)
  }

  @Test func resultsStayCloseToFloat() throws {
    var chain = SmallModels.Chain()
    chain.addConvolution(channels: 8, from: 3, activation: .relu, seed: 1)
    chain.addConvolution(channels: 4, from: 8, activation: .relu6, seed: 5)
    let pad = TensorDraft(
      name: "paddings", type: .int32, shape: [4, 2], constant: Constant(bytes(of: [0, 0, 1, 1, 1, 1, 0, 0] as [Int32])))
    chain.add(.pad, .none, shape: [1, 10, 10, 4], constants: [pad])
    let offsets = TensorDraft.constant(name: "offsets", shape: [4], floats: [0.5, -0.5, 1, 0])
    chain.add(.add, .arithmetic(activation: .none), shape: [1, 10, 10, 4], constants: [offsets])
    chain.add(.tanh, .none, shape: [1, 10, 10, 4])
    let (error, result) = try Self.error(chain)
    #expect(error < 0.06)
    #expect(result.floatOperators.isEmpty)
    #expect(result.equalizedPairCount == 1 || !result.candidates[0].isEqualized)
    let graph = result.draft().main
    let padding = try #require(graph.operators.first { $0.builtin == .pad })
    let (from, to) = (graph.tensors[padding.inputs[0] ?? 0], graph.tensors[padding.outputs[0]])
    #expect(from.quantization == to.quantization, "PAD moves values, it does not scale them")
    let tanh = try #require(graph.operators.first { $0.builtin == .tanh })
    #expect(graph.tensors[tanh.outputs[0]].quantization?.scales == [Float(1) / 128])
  }

  @Test func whatHasNoIntegerFormStaysFloat() throws {
    var chain = SmallModels.Chain()
    chain.addConvolution(channels: 4, from: 3, activation: .relu)
    chain.add(.neg, .none, shape: [1, 8, 8, 4])
    chain.addConvolution(channels: 4, from: 4, seed: 9)
    let (error, result) = try Self.error(chain)
    #expect(result.floatOperators == ["NEG": 1])
    let names = result.draft().main.operators.compactMap(\.builtin)
    #expect(names == [.quantize, .convolution2D, .dequantize, .neg, .quantize, .convolution2D, .dequantize])
    #expect(error < 0.1)
  }

  @Test func concatenatedOperandsAreBroughtToOneScale() throws {
    var chain = SmallModels.Chain()
    chain.addConvolution(channels: 4, from: 3)
    let convolved = chain.graph.outputs[0]
    chain.add(.logistic, .none, shape: [1, 8, 8, 4])
    let logistic = chain.graph.outputs[0]
    chain.add(.concatenation, .concatenation(axis: 3, activation: .none), shape: [1, 8, 8, 8])
    chain.graph.operators[2].inputs = [convolved, logistic]
    let (error, result) = try Self.error(chain)
    let graph = result.draft().main
    let joined = try #require(graph.operators.first { $0.builtin == .concatenation })
    let scales = (joined.inputs.compactMap { $0 } + joined.outputs).map { graph.tensors[$0].quantization }
    #expect(scales.allSatisfy { $0 == scales[0] })
    #expect(error < 0.03)
  }

  /// One channel a hundred times larger than the others, and weights behind it that make up for that: in float nothing
  /// is different, in int8 all but that channel would be lost.
  @Test func outliersBetweenLayersAreEqualized() throws {
    var chain = SmallModels.Chain()
    chain.addConvolution(channels: 8, from: 3, activation: .relu, seed: 1)
    chain.addConvolution(channels: 4, from: 8, seed: 5)
    let (plainError, _) = try Self.error(chain)
    let first = chain.graph.operators[0], second = chain.graph.operators[1]
    var (weights, bias) = try #require(chain.graph.layerConstants(first))
    var next = try #require(chain.graph.layerConstants(second))
    for position in 0..<27 { weights[position] *= 100 }
    bias[0] *= 100
    for position in stride(from: 0, to: next.weights.count, by: 8) { next.weights[position] /= 100 }
    chain.graph.setWeights(of: 0, weights, bias: bias)
    chain.graph.setWeights(of: 1, next.weights, bias: next.bias)
    let (error, result) = try Self.error(chain)
    #expect(result.candidates[0].isEqualized)
    #expect(error < 2 * plainError + 0.01)
    let without = result.candidates.filter { !$0.isEqualized }.map(\.signalToNoise).max() ?? 0
    #expect(result.candidates[0].signalToNoise > without + 10)
  }

  @Test func boundedActivationsAreNotEqualized() throws {
    var chain = SmallModels.Chain()
    chain.addConvolution(channels: 8, from: 3, activation: .relu6, seed: 1)
    chain.addConvolution(channels: 4, from: 8, seed: 5)
    let (_, result) = try Self.quantized(chain)
    #expect(result.boundedPairCount == 1 && result.equalizedPairCount == 0)
  }

  @Test func layersAreBlamedForTheirOwnErrorOnly() throws {
    var chain = SmallModels.Chain()
    chain.addConvolution(channels: 8, from: 3, activation: .relu, seed: 1)
    chain.addConvolution(channels: 4, from: 8, seed: 5)
    let (_, result) = try Self.quantized(chain)
    #expect(result.layers.count == 2)
    for layer in result.layers {
      let error = try #require(layer.errorInSteps)
      #expect(layer.signalToNoise > 25 && error > 0.2 && error < 1.5, "\(layer)")
    }
  }

  @Test func biasCorrectionRemovesTheMeanError() {
    // Every weight is rounded down by 0.4 steps; the mean input is 1.
    let weights: [Float] = [127, 1.4, 2.4, 3.4]
    let plain = IntegerLayer(weights, bias: [0], shape: [1, 4], axis: 0, inputScale: 0.001, means: nil)
    let corrected = IntegerLayer(
      weights, bias: [0], shape: [1, 4], axis: 0, inputScale: 0.001, means: [1, 1, 1, 1])
    #expect(plain.weights.values == [127, 1, 2, 3])
    #expect(plain.bias == [0])
    #expect(abs(Float(corrected.bias[0]) * corrected.biasScales[0] - 1.2) < 0.01)
  }

  @Test func biasesThatDoNotFitMakeWeightsCoarser() {
    let layer = IntegerLayer([1e-9, 1], bias: [1e6, 0], shape: [2, 1], axis: 0, inputScale: 0.001, means: nil)
    #expect(abs(Float(layer.bias[0]) * layer.biasScales[0] - 1e6) < 10)
  }

  @Test func theObserverCanStopTheWork() throws {
    var chain = SmallModels.Chain()
    chain.addConvolution(channels: 4, from: 3)
    let model = try FloatModel(parsing: chain.bytes)
    var calls = 0
    do {
      _ = try model.quantized(IntegerOptions(), calibratedWith: Noise(count: 40)) {
        (_, _, _) throws(QuantizationError) in
        calls += 1
        if calls == 5 { throw .cancelled }
      }
      Issue.record("it went on")
    } catch {
      guard case QuantizationError.cancelled = error else { throw error }
    }
  }

  @Test func samplesOfOneClassAreRefusedWhereThatIsAskedFor() throws {
    var chain = SmallModels.Chain()
    chain.addConvolution(channels: 4, from: 3)
    let axes = TensorDraft(name: "axes", type: .int32, shape: [2], constant: Constant(bytes(of: [1, 2] as [Int32])))
    chain.add(.mean, .reduce(keepDimensions: false), shape: [1, 4], constants: [axes])
    // A bias that decides, whatever the picture.
    var layer = try #require(chain.graph.layerConstants(chain.graph.operators[0]))
    layer.bias[2] += 100
    chain.graph.setWeights(of: 0, layer.weights, bias: layer.bias)
    var options = IntegerOptions()
    options.requiresDifferentAnswers = true
    #expect(throws: QuantizationError.self) { try Self.quantized(chain, options) }
    options.requiresDifferentAnswers = false
    #expect(throws: Never.self) { try Self.quantized(chain, options) }
  }
}
