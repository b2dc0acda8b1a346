import TFLite
import Testing

@Suite struct FullyConnectedTests {
  private func options(keepDimensions: Bool = false, activation: Activation = .none) -> OperatorOptions {
    .fullyConnected(
      FullyConnectedOptions(
        activation: activation, hasShuffledWeights: false, keepDimensions: keepDimensions,
        asymmetricQuantizeInputs: false))
  }

  /// Halves go away from zero, in both directions; 3/8 stays 0 where two roundings would make 1 of it.
  @Test func roundsOnceAwayFromZero() throws {
    let input = Operand.int8([4, 1], [1, -1, 3, -3])
    let halves = Operand.int8([1, 1], [1], scale: 0.5)
    #expect(try integers(.fullyConnected, options(), [input, halves, nil]) == [1, -1, 2, -2])
    let eighths = Operand.int8([1, 1], [1], scale: 0.125)
    #expect(try integers(.fullyConnected, options(), [input, eighths, nil]) == [0, 0, 0, 0])
  }

  @Test func everyRowOfWeightsHasItsScale() throws {
    let input = Operand.int8([1, 2], [4, 9], zero: 1)
    let weights = Operand.quantized(.int8, [2, 2], [1, 2, 1, 2], scales: [1, 0.5], zeros: [0, 0])
    #expect(try integers(.fullyConnected, options(), [input, weights, .list([1, 1])]) == [20, 10])
  }

  @Test func legacyWeightsHaveAZeroPoint() throws {
    let input = Operand.uint8([1, 2], [4, 9])
    let weights = Operand.uint8([1, 2], [11, 9], zero: 10)
    #expect(try integers(.fullyConnected, options(), [input, weights, .list([100])], .uint8()) == [95])
  }

  @Test func dimensionsMayBeKept() throws {
    let input = Operand.float([2, 1, 2], [1, 2, 3, 4])
    let weights = Operand.float([1, 2], [1, 10])
    let kept = OneOperator(.builtin(.fullyConnected), options(keepDimensions: true), [input, weights, nil], [.float])
    #expect(floats(try kept.run()[0]) == [21, 43])
    #expect(failure(.fullyConnected, options(), [input, .float([1, 3], [1, 2, 3]), nil], .float).contains("[1, 3]"))
  }
}
