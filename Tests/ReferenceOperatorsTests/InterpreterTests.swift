import ReferenceOperators
import TFLite
import Testing

@Suite struct InterpreterTests {
  private func refusal(_ code: OperatorCode) -> ReferenceError? {
    let model = OneOperator(code, .none, [.int8([1], [1])], [.int8()]).model
    do {
      _ = try ReferenceInterpreter(model: model)
      return nil
    } catch { return error }
  }

  @Test func unknownOperatorsAreRefusedByNameAndIndex() {
    #expect(refusal(.builtin(.svdf)) == .unknownOperator(name: "SVDF", index: 0))
    #expect(refusal(.custom("Sinh"))?.description.contains("Operator 0 is custom operator Sinh") == true)
    #expect(refusal(.unnamed(207))?.description.contains("number 207") == true)
    #expect(refusal(.builtin(.relu)) == nil)
  }

  @Test func inputsMustBeThoseOfTheModel() throws {
    let model = OneOperator(.builtin(.relu), .none, [.int8([2], [1, 2])], [.int8()]).model
    let interpreter = try ReferenceInterpreter(model: model)
    #expect(throws: ReferenceError.self) { try interpreter.run(inputs: []) }
    #expect(throws: ReferenceError.self) { try interpreter.run(inputs: [[1, 2, 3]]) }
    #expect(try interpreter.run(inputs: [[1, 0xFE]]) == [[1, 0]])
  }

  /// Constants are read at any alignment.
  @Test func constantsMayLieAnywhere() throws {
    let bias = Operand.int32([1], [-258]).constant
    let sum = OneOperator(
      .builtin(.fullyConnected),
      .fullyConnected(
        FullyConnectedOptions(
          activation: .none, hasShuffledWeights: false, keepDimensions: false, asymmetricQuantizeInputs: false)),
      [.int8([1, 1], [3]), Operand.int8([1, 1], [1]).constant, bias], [.int8(scale: 3)])
    #expect(try sum.integers() == [[-85]])
  }

  @Test func unsignedSixteenBitActivationsAreRefused() {
    let operand = Operand(
      type: .uint16, shape: [1], quantization: Quantization(scales: [1], zeroPoints: [0], axis: 0), bytes: [1, 0])
    #expect(failure(.add, .none, [operand, operand]).contains("type uint16"))
  }
}
