import TFLite
import Testing

@testable import Classification

/// What is made of a model's output, whatever runs the model.
struct ScoreTests {
  /// A graph that ends in the given operators, each reading what the one before wrote.
  private func model(
    _ codes: [BuiltinOperator], type: ElementType = .float32, shape: [Int] = [1, 3], quantization: Quantization? = nil
  ) -> Model {
    let tensor = Tensor(
      name: "", type: type, shape: shape, hasShape: true, shapeSignature: nil, constant: nil,
      quantization: quantization, sparsity: nil, isVariable: false)
    let operators = codes.enumerated().map { index, code in
      Operator(code: .builtin(code), version: 1, inputs: [index], outputs: [index + 1], options: .none)
    }
    let graph = Subgraph(
      name: "", tensors: Array(repeating: tensor, count: codes.count + 1), operators: operators, inputs: [0],
      outputs: [codes.count])
    return Model(bytes: [], description: "", main: graph, subgraphCount: 1, metadata: [:])
  }

  private func rule(_ model: Model, _ sidecar: Sidecar.Scores? = nil) throws -> ScoreRule {
    ScoreRule(of: model, output: try ScoreOutput(of: model), sidecar: sidecar)
  }

  @Test func theOperatorThatMakesTheScoresDecides() throws {
    #expect(try rule(model([.convolution2D, .softmax])) == .probabilities)
    #expect(try rule(model([.logistic, .reshape, .dequantize])) == .probabilities)
    #expect(try rule(model([.logSoftmax])) == .logProbabilities)
    #expect(try rule(model([.softmax, .fullyConnected])) == .logits)
    #expect(try rule(model([.fullyConnected]), .probabilities) == .probabilities)
    #expect(try rule(model([.softmax]), .logits) == .logits)
    // An int8 output that can hold 0…0.996 and nothing else has probabilities, one of -6…6 has not.
    let unit = Quantization(scales: [1 / 256], zeroPoints: [-128], axis: 0)
    #expect(try rule(model([.fullyConnected], type: .int8, quantization: unit)) == .probabilities)
    let wide = Quantization(scales: [0.05], zeroPoints: [0], axis: 0)
    #expect(try rule(model([.fullyConnected], type: .int8, quantization: wide)) == .logits)
  }

  private func scores(_ model: Model, _ rule: ScoreRule, _ bytes: [UInt8]) throws -> [Float] {
    let output = try ScoreOutput(of: model)
    var scores = [Float](repeating: 0, count: output.labelCount)
    bytes.withUnsafeBytes { ScoreReader(output: output, rule: rule).read($0, into: &scores) }
    return scores
  }

  private func bytes(of values: [Float]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }

  private func isNear(_ found: [Float], _ expected: [Float]) -> Bool {
    found.count == expected.count && zip(found, expected).allSatisfy { abs($0 - $1) < 1e-6 }
  }

  @Test func readsIntegersByScaleAndZeroPoint() throws {
    let int8 = model([.softmax], type: .int8, quantization: .init(scales: [1 / 256], zeroPoints: [-128], axis: 0))
    #expect(try scores(int8, .probabilities, [0x80, 0x00, 0x7F]) == [0, 0.5, 0.99609375])
    let uint8 = model([.softmax], type: .uint8, quantization: .init(scales: [0.25], zeroPoints: [1], axis: 0))
    #expect(try scores(uint8, .probabilities, [1, 3, 5]) == [0, 0.5, 1])
  }

  @Test func scoresStayWithinBoundsButNaNStaysVisible() throws {
    let outside = bytes(of: [-0.25, 1.5, .nan])
    let found = try scores(model([.softmax]), .probabilities, outside)
    #expect(found[0] == 0 && found[1] == 1 && found[2].isNaN)
  }

  @Test func makesProbabilitiesOfLogits() throws {
    // softmax(1, 2, 3), to seven places, by hand from e and its powers.
    let small = bytes(of: [1, 2, 3])
    #expect(isNear(try scores(model([.mul]), .logits, small), [0.0900306, 0.2447285, 0.6652410]))
    // Numbers whose powers of e no float can hold.
    let large = bytes(of: [-1000, 0, 1000])
    #expect(isNear(try scores(model([.mul]), .logits, large), [0, 0, 1]))
    let logarithms = bytes(of: [0, -0.6931472, -100])
    #expect(isNear(try scores(model([.mul]), .logProbabilities, logarithms), [1, 0.5, 0]))
  }

  @Test func oneValueStandsBetweenTwoLabels() throws {
    let one = model([.logistic], shape: [1, 1])
    let quarter = bytes(of: [0.25])
    #expect(try scores(one, .probabilities, quarter) == [0.75, 0.25])
    #expect(isNear(try scores(one, .logits, quarter), [0.4378235, 0.5621765]))
    #expect(try ScoreOutput(of: one).labels(sidecar: ["closed", "open"], metadata: nil) == ["closed", "open"])
    #expect(throws: ClassificationError.self) { try ScoreOutput(of: one).labels(sidecar: ["open"], metadata: nil) }
  }

  @Test func labelsComeFromSidecarThenMetadataThenNumbers() throws {
    let output = try ScoreOutput(of: model([.softmax]))
    #expect(try output.labels(sidecar: ["a", "b", "c"], metadata: ["x", "y", "z"]) == ["a", "b", "c"])
    #expect(try output.labels(sidecar: nil, metadata: ["x", "y", "z"]) == ["x", "y", "z"])
    #expect(try output.labels(sidecar: nil, metadata: nil) == ["label 0", "label 1", "label 2"])
    #expect(
      try output.labels(sidecar: nil, metadata: ["crane", "", "crane"]) == ["crane", "label 1", "crane (2)"])
    #expect(
      try output.labels(sidecar: nil, metadata: ["indeterminate", "a\u{7}b", "c"])
        == ["indeterminate (0)", "ab", "c"])
    #expect(throws: ClassificationError.self) { try output.labels(sidecar: nil, metadata: ["x"]) }
  }

  @Test func refusesWhatIsNoListOfScores() throws {
    #expect(throws: ClassificationError.self) { try ScoreOutput(of: model([.softmax], shape: [1, 12, 12, 2])) }
    #expect(throws: ClassificationError.self) { try ScoreOutput(of: model([.softmax], shape: [])) }
    #expect(throws: ClassificationError.self) { try ScoreOutput(of: model([.softmax], type: .int16)) }
    #expect(throws: ClassificationError.self) { try ScoreOutput(of: model([.softmax], type: .int8)) }
    #expect(try ScoreOutput(of: model([.softmax], shape: [1, 1, 1, 7])).count == 7)
  }
}
