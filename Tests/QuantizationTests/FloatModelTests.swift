import Inference
import TFLite
import Testing

@testable import Quantization

/// Reading float models, and the modes that need no pictures.
struct FloatModelTests {
  @Test func batchNormalizationAndActivationsGoIntoTheLayer() throws {
    var chain = SmallModels.Chain()
    chain.addConvolution(channels: 4, from: 3)
    let factors = TensorDraft.constant(name: "factors", shape: [4], floats: [2, -1, 0.5, 3])
    let offsets = TensorDraft.constant(name: "offsets", shape: [1, 1, 1, 4], floats: [1, 2, -3, 0])
    let one = TensorDraft.constant(name: "one", shape: [1], floats: [0.25])
    chain.add(.mul, .arithmetic(activation: .none), shape: [1, 8, 8, 4], constants: [factors])
    chain.add(.add, .arithmetic(activation: .none), shape: [1, 8, 8, 4], constants: [offsets])
    chain.add(.sub, .arithmetic(activation: .none), shape: [1, 8, 8, 4], constants: [one])
    chain.add(.relu6, .none, shape: [1, 8, 8, 4])
    let before = try ModelDraft(parsing: chain.bytes)
    let after = try FloatModel(parsing: chain.bytes).draft
    #expect(after.main.operators.count == 1)
    #expect(after.main.operators[0].activation == .relu6)
    // Input, weights, bias and result: nothing is left of the rest.
    #expect(after.main.tensors.count == 4)
    let input = SmallModels.noise(192, seed: 7)
    #expect(SmallModels.difference(try SmallModels.run(before, input), try SmallModels.run(after, input)) < 1e-5)
  }

  @Test func whatIsReadTwiceIsNotFolded() throws {
    var chain = SmallModels.Chain()
    chain.addConvolution(channels: 4, from: 3)
    let convolved = chain.graph.outputs[0]
    let factors = TensorDraft.constant(name: "factors", shape: [4], floats: [2, -1, 0.5, 3])
    chain.add(.mul, .arithmetic(activation: .none), shape: [1, 8, 8, 4], constants: [factors])
    chain.graph.outputs.append(convolved)
    #expect(try FloatModel(parsing: chain.bytes).draft.main.operators.count == 2)
  }

  @Test func float16WeightsAreReadAsFloat32() throws {
    let bytes = try SmallModels.fixture("models/mnist_cnn_float32.tflite")
    let model = try FloatModel(parsing: bytes)
    let halves = try ModelBytes(model.withFloat16Weights().encoded())
    #expect(halves.count < bytes.count * 7 / 10)
    let again = try FloatModel(parsing: halves)
    #expect(again.draft.main.operators.count == model.draft.main.operators.count)
    let input = SmallModels.noise(784, seed: 3).map(abs)
    let (one, other) = (try SmallModels.run(model.draft, input), try SmallModels.run(again.draft, input))
    #expect(SmallModels.difference(one, other) < 2e-3)
    #expect(SmallModels.difference(other, try SmallModels.run(ModelDraft(parsing: halves), input)) < 1e-6)
  }

  /// FULLY_CONNECTED reads sparse weights itself, without a DENSIFY before it.
  @Test func sparseWeightsBecomePlainOnes() throws {
    var chain = SmallModels.Chain()
    let options = FullyConnectedOptions(
      activation: .none, hasShuffledWeights: false, keepDimensions: true, asymmetricQuantizeInputs: false)
    var weights = TensorDraft.constant(name: "weights", shape: [2, 3], floats: [5, 7])
    weights.sparsity = Sparsity(
      traversalOrder: [0, 1], blockMap: [],
      dimensions: [.dense(size: 2), .sparse(segments: [0, 1, 2], indices: [1, 0])]
    )
    let bias = TensorDraft.constant(name: "bias", shape: [2], floats: [0, 0])
    chain.add(.fullyConnected, .fullyConnected(options), shape: [1, 8, 8, 2], constants: [weights, bias])
    let graph = try FloatModel(parsing: chain.bytes).draft.main
    #expect(graph.operators.count == 1)
    #expect(graph.floats(graph.operators[0], 1) == [0, 5, 0, 7, 0, 0])
  }

  @Test func parametricReluIsRecognized() throws {
    var chain = SmallModels.Chain()
    let slopes = TensorDraft.constant(name: "slopes", shape: [3], floats: [0.5, -0.25, 2])
    let shape = [1, 8, 8, 3]
    chain.add(.relu, .none, shape: shape)
    let positive = chain.graph.outputs[0]
    chain.graph.outputs = chain.graph.inputs
    for builtin in [BuiltinOperator.neg, .relu, .neg] { chain.add(builtin, .none, shape: shape) }
    chain.add(.mul, .arithmetic(activation: .none), shape: shape, constants: [slopes])
    chain.add(.add, .arithmetic(activation: .none), shape: shape)
    chain.graph.operators[5].inputs.append(positive)
    try Self.expect(chain, becomes: .prelu)
  }

  @Test func softmaxIsRecognized() throws {
    var chain = SmallModels.Chain()
    let axis = TensorDraft(name: "axis", type: .int32, shape: [], constant: Constant(bytes(of: [-1] as [Int32])))
    let shape = [1, 8, 8, 3]
    chain.add(.reduceMax, .reduce(keepDimensions: true), shape: [1, 8, 8, 1], constants: [axis])
    chain.add(.sub, .arithmetic(activation: .none), shape: shape)
    chain.graph.operators[1].inputs = [0, chain.graph.operators[0].outputs[0]]
    chain.add(.exp, .none, shape: shape)
    let exponentials = chain.graph.outputs[0]
    chain.add(.sum, .reduce(keepDimensions: true), shape: [1, 8, 8, 1], constants: [axis])
    chain.add(.div, .arithmetic(activation: .none), shape: shape)
    chain.graph.operators[4].inputs = [exponentials, chain.graph.operators[3].outputs[0]]
    try Self.expect(chain, becomes: .softmax)
    // Read elsewhere as well, the exponentials must stay.
    chain.graph.outputs.append(exponentials)
    #expect(try FloatModel(parsing: chain.bytes).draft.main.operators.count == 5)
  }

  private static func expect(_ chain: SmallModels.Chain, becomes builtin: BuiltinOperator) throws {
    let before = try ModelDraft(parsing: chain.bytes)
    let after = try FloatModel(parsing: chain.bytes).draft
    #expect(after.main.operators.map(\.builtin) == [builtin])
    let input = SmallModels.noise(192, seed: 7)
    #expect(SmallModels.difference(try SmallModels.run(before, input), try SmallModels.run(after, input)) < 1e-6)
  }

  @Test func modelsThatTheEngineCannotRunAreRefused() throws {
    var chain = SmallModels.Chain()
    chain.addConvolution(channels: 4, from: 3)
    chain.add(.relu, .none, shape: [1, 8, 8, 4])
    chain.graph.operators[1].code = .custom("Sinh")
    do {
      _ = try FloatModel(parsing: chain.bytes)
      Issue.record("a model with a custom operator was taken")
    } catch {
      guard case QuantizationError.compilation = error else {
        Issue.record("\(error)")
        return
      }
    }
  }

  @Test func largeWeightsBecomeInt8ForEachChannel() throws {
    let model = try FloatModel(parsing: SmallModels.fixture("models/mnist_cnn_float32.tflite"))
    let dynamic = model.withDynamicRange()
    var count = 0
    for (before, after) in zip(model.draft.main.operators, dynamic.main.operators) {
      guard let axis = before.weightAxis, let weights = model.draft.main.floats(before, 1) else { continue }
      let tensor = dynamic.main.tensors[after.inputs[1] ?? 0]
      #expect((tensor.type == .int8) == (weights.count >= 1024))
      guard let quantization = tensor.quantization, let values = tensor.constant?.bytes else { continue }
      let shape = tensor.shape ?? []
      #expect(quantization.scales.count == shape[axis] && quantization.axis == axis)
      let inner = shape[(axis + 1)...].reduce(1, *)
      for (position, weight) in weights.enumerated() {
        let scale = quantization.scales[position / inner % shape[axis]]
        let value = Int8(bitPattern: values[position])
        #expect(value > -128 && abs(Float(value) * scale - weight) <= scale * 0.5001)
      }
      count += 1
    }
    #expect(count > 0)
    let input = SmallModels.noise(784, seed: 3).map(abs)
    #expect(
      SmallModels.difference(try SmallModels.run(model.draft, input), try SmallModels.run(dynamic, input)) < 0.05)
  }

  @Test func aChannelOfZerosHasAScale() {
    let weights = QuantizedWeights([0, 0, 1, -2], shape: [2, 2], axis: 0)
    #expect(weights.values == [0, 0, 64, -127])
    #expect(weights.scales == [1, 2 / 127])
  }

  @Test func quantizedModelsAreRefused() throws {
    for name in ["models/mnist_cnn_int8", "models/mnist_dw_uint8", "goldens/inception_56_dynamic"] {
      let bytes = try SmallModels.fixture("\(name).tflite")
      do {
        _ = try FloatModel(parsing: bytes)
        Issue.record("\(name) was taken")
      } catch {
        guard case .alreadyQuantized = error else {
          Issue.record("\(name): \(error)")
          continue
        }
      }
    }
  }

  @Test func damagedFilesAreRefused() throws {
    let bytes = try SmallModels.fixture("models/mnist_cnn_float32.tflite").array
    for damaged in [[], Array("no model at all, only text".utf8), Array(bytes.prefix(bytes.count / 2))] {
      #expect(throws: QuantizationError.self) { try FloatModel(parsing: ModelBytes(damaged)) }
    }
  }
}
