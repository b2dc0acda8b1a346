import Inference
import TFLite
import Testing

/// All that is wrong with a model is found, and nothing that only follows from it.
@Suite struct ObstacleTests {
  private func places(_ model: Model) -> [OperatorPlace?] { Program.obstacles(in: model).map(\.place) }

  @Test(arguments: GoldenCase.all)
  func whatRunsHasNone(golden: GoldenCase) throws {
    #expect(Program.obstacles(in: try golden.parsed()).isEmpty)
  }

  @Test func eachOperatorIsJudgedByItself() {
    var random = RandomModel(.float32, seed: 1)
    let source = random.input([2, 3])
    let first = random.append(.fakeQuant, .none, [source], quantization: nil, shape: [2, 3])
    let sum = random.append(.add, .arithmetic(activation: .none), [first, source], quantization: nil)
    let bad = random.append(.add, .arithmetic(activation: .none), [sum, random.input([5])], quantization: nil)
    let last = random.append(.fakeQuant, .none, [bad], quantization: nil)
    #expect(
      places(random.model(outputs: [last])) == [
        OperatorPlace(name: "FAKE_QUANT", index: 0), OperatorPlace(name: "ADD", index: 2),
        OperatorPlace(name: "FAKE_QUANT", index: 3),
      ])
  }

  /// The file does not say what shape the refused operator would have given.
  @Test func whatFollowsFromAnUnknownShapeIsNotTold() {
    var random = RandomModel(.float32, seed: 2)
    let source = random.input([2, 3])
    let first = random.append(.fakeQuant, [source], quantization: nil)
    let sum = random.append(.mean, .reduce(keepDimensions: true), [first, random.integers([1])], quantization: nil)
    let product = random.append(.batchMatmul, [sum, source], quantization: nil)
    #expect(places(random.model(outputs: [product])) == [OperatorPlace(name: "FAKE_QUANT", index: 0)])
  }

  /// 1 stands in the file where a dimension is known only when the model runs.
  @Test func whatFollowsFromAVariableShapeIsNotTold() {
    var random = RandomModel(.float32, seed: 4)
    let source = random.input([2, 3])
    let first = random.append(.fakeQuant, .none, [source], quantization: nil, shape: [1, 4])
    let product = random.append(.add, .arithmetic(activation: .none), [first, source], quantization: nil)
    let model = random.model(outputs: [product])
    #expect(places(model).map { $0?.index } == [0, 1])
    var tensors = model.main.tensors
    tensors[first] = Tensor(
      name: "", type: .float32, shape: [1, 4], hasShape: true, shapeSignature: [-1, 4], constant: nil,
      quantization: nil, sparsity: nil, isVariable: false)
    let main = Subgraph(
      name: "", tensors: tensors, operators: model.main.operators, inputs: model.main.inputs,
      outputs: model.main.outputs)
    let variable = Model(bytes: model.bytes, description: "", main: main, subgraphCount: 1, metadata: [:])
    #expect(places(variable).map { $0?.index } == [0])
  }

  @Test func whatLiesInNoOperatorIsTold() {
    var options = CompilerOptions()
    options.arenaByteLimit = 1000
    var random = RandomModel(.float32, seed: 3)
    let source = random.input([1000])
    let result = random.append(.add, .arithmetic(activation: .none), [source, source], quantization: nil)
    let model = random.model(outputs: [result])
    #expect(Program.obstacles(in: model, options: options).map(\.reason) == ["too_big"])
    options.arenaByteLimit = 1 << 20
    options.workLimit = 10
    #expect(Program.obstacles(in: model, options: options).map(\.reason) == ["too_big"])
  }
}
