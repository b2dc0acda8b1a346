import Glibc
import Inference
import TFLite

@testable import Quantization

/// Models and inputs for tests.
enum SmallModels {
  private static let fixtures = "/" + #filePath.split(separator: "/").dropLast(2).joined(separator: "/") + "/Fixtures"

  /// A file kept with the tests.
  static func fixture(_ name: String) throws -> ModelBytes {
    guard let file = fopen("\(fixtures)/\(name)", "rb") else { throw MissingFixture(name: name) }
    defer { fclose(file) }
    fseek(file, 0, SEEK_END)
    let count = ftell(file)
    rewind(file)
    return ModelBytes(
      [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
        initialized = fread(buffer.baseAddress, 1, count, file)
      })
  }

  struct MissingFixture: Error {
    let name: String
  }

  /// Numbers between -1 and 1, the same for the same seed.
  static func noise(_ count: Int, seed: UInt64) -> [Float] {
    var state = seed
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(Int32(truncatingIfNeeded: state >> 32)) / 2_147_483_648
    }
  }

  /// A graph of a picture of 8 x 8 pixels and 3 channels, to which `layers` are added one after the other.
  struct Chain {
    var graph: GraphDraft

    init() {
      graph = GraphDraft(
        name: "main", tensors: [TensorDraft(name: "picture", type: .float32, shape: [1, 8, 8, 3])], operators: [],
        inputs: [0], outputs: [0])
    }

    private var last: Int { graph.outputs[0] }

    /// Adds an operator on the last result, with constants after it.
    mutating func add(
      _ builtin: BuiltinOperator, _ options: OperatorOptions, shape: [Int], constants: [TensorDraft] = []
    ) {
      let operands = constants.map { graph.add($0) }
      let result = graph.add(TensorDraft(name: "result \(graph.operators.count)", type: .float32, shape: shape))
      graph.operators.append(
        OperatorDraft(code: .builtin(builtin), inputs: [last] + operands, outputs: [result], options: options))
      graph.outputs = [result]
    }

    /// Adds a convolution of 3 x 3 with random weights.
    mutating func addConvolution(channels: Int, from: Int, activation: Activation = .none, seed: UInt64 = 1) {
      let options = ConvolutionOptions(
        padding: .same, strideHeight: 1, strideWidth: 1, dilationHeight: 1, dilationWidth: 1, activation: activation)
      let weights = SmallModels.noise(channels * 9 * from, seed: seed).map { $0 / 4 }
      add(
        .convolution2D, .convolution(options), shape: [1, 8, 8, channels],
        constants: [
          .constant(name: "weights", shape: [channels, 3, 3, from], floats: weights),
          .constant(name: "bias", shape: [channels], floats: SmallModels.noise(channels, seed: seed + 1)),
        ])
    }

    var bytes: ModelBytes {
      get throws { ModelBytes(try ModelDraft(description: "chain", main: graph).encoded()) }
    }
  }

  /// What the engine computes of a float input.
  static func run(_ draft: ModelDraft, _ input: [Float]) throws -> [Float] {
    let session = Session(try draft.compiled())
    session.withInput(0) { input.withUnsafeBytes($0.copyMemory) }
    session.invoke()
    return session.withOutput(0) { [Float]($0.bindMemory(to: Float.self)) }
  }

  /// The greatest difference, relative to the greatest value.
  static func difference(_ one: [Float], _ other: [Float]) -> Float {
    let scale = one.map(abs).max() ?? 1
    return zip(one, other).map { abs($0 - $1) }.max().map { $0 / max(scale, 1e-9) } ?? .infinity
  }
}
