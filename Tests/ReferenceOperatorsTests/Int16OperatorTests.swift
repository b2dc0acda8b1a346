import TFLite
import Testing

/// int16 activations, with expectations worked out by hand.
@Suite struct Int16OperatorTests {
  private let none = OperatorOptions.arithmetic(activation: .none)

  /// 0.7 is 22938 / 32768 in 16 bits, which is 0.0000122 too much: 46000 becomes 32200.56. With a bias of int32 the
  /// multiplier has 31 bits.
  @Test func theBiasDecidesHowConvolutionsScale() throws {
    let input = Operand.int16([1, 1, 1, 1], [23000])
    let weights = Operand.int8([1, 1, 1, 1], [2], scale: 0.7)
    let options = OperatorOptions.convolution(convolutionOptions())
    #expect(try integers(.convolution2D, options, [input, weights, .int64([1], [0])], .int16()) == [32201])
    #expect(try integers(.convolution2D, options, [input, weights, .list([0])], .int16()) == [32200])
    #expect(try integers(.convolution2D, options, [input, weights, .int64([1], [1000])], .int16()) == [32767])
  }

  /// Sums beyond 32 bits: 65536 * 127 * 32767 is 272,722,935,808, and its 2^-24th 16,255.5.
  @Test func sumsHave64Bits() throws {
    let depth = 65536
    let input = Operand.int16([1, depth], [Int](repeating: 32767, count: depth))
    let weights = Operand.int8([1, depth], [Int](repeating: 127, count: depth), scale: 0x1p-24)
    let options = OperatorOptions.fullyConnected(
      .init(activation: .none, hasShuffledWeights: false, keepDimensions: false, asymmetricQuantizeInputs: false))
    #expect(try integers(.fullyConnected, options, [input, weights, nil], .int16()) == [16256])
  }

  @Test func sumsOfPowersOfTwoAreShifted() throws {
    let (a, b) = (Operand.int16([3], [5, 32767, -7]), Operand.int16([3], [2, 32767, -2], scale: 0.25))
    // 2/4 and -2/4 are ties, which go away from zero; sums beyond 16 bits are held.
    #expect(try integers(.add, none, [a, b], .int16()) == [6, 32767, -8])
    #expect(try integers(.sub, none, [a, b], .int16()) == [4, 24575, -6])
    #expect(failure(.add, none, [b, b], .int16()).contains("powers of two"))
  }

  /// Brought to a common scale the two halves meet before they are rounded: 5.5 - 0.5 and -7.5 + 0.5.
  @Test func otherSumsAreScaled() throws {
    let options = OperatorOptions.arithmetic(activation: .none, shiftsPowersOfTwo: false)
    let (a, b) = (Operand.int16([2], [11, -15], scale: 0.5), Operand.int16([2], [-2, 2], scale: 0.25))
    #expect(try integers(.add, options, [a, b], .int16()) == [5, -7])
  }

  @Test func productsPoolsAndMeans() throws {
    let (a, b) = (Operand.int16([3], [300, -300, 200]), Operand.int16([3], [100, 100, 200]))
    #expect(try integers(.mul, none, [a, b], .int16()) == [30000, -30000, 32767])
    let picture = Operand.int16([1, 1, 4, 1], [1, 2, -30000, -30001])
    let options = OperatorOptions.pool(
      .init(padding: .valid, strideHeight: 1, strideWidth: 2, filterHeight: 1, filterWidth: 2, activation: .none))
    #expect(try integers(.averagePool2D, options, [picture], .int16()) == [2, -30001])
    #expect(try integers(.maxPool2D, options, [picture], .int16()) == [2, -30000])
    let mean = OperatorOptions.reduce(keepDimensions: false)
    #expect(try integers(.mean, mean, [.int16([4], [32767, 32767, 32767, 32766]), .list([0])], .int16()) == [32767])
  }

  /// 1 / (1 + e^-1) is 23955.5 steps of 1/32768, tanh(1) 24955.8.
  @Test func logisticAndTanh() throws {
    let unit = Result.int16(scale: 1 / 32768)
    let values = Operand.int16([4], [0, 4096, -4096, 32767], scale: 0x1p-12)
    let logistic = try integers(.logistic, .none, [values], unit)
    #expect(logistic[0] == 16384 && logistic[3] == 32757)
    #expect(abs(logistic[1] - 23955) <= 1 && abs(logistic[1] + logistic[2] - 32768) <= 1)
    let tangents = try integers(.tanh, .none, [values], unit)
    #expect(tangents[0] == 0 && tangents[3] == 32767)
    #expect(abs(tangents[1] - 24956) <= 1 && abs(tangents[1] + tangents[2]) <= 1)
    #expect(failure(.tanh, .none, [values], .int16()).contains("1/32768"))
  }

  /// Two equal numbers have half each; e^-1 / (1 + e^-1) is 8812.6 steps.
  @Test func softmax() throws {
    let unit = Result.int16(scale: 1 / 32768)
    let shares = try integers(
      .softmax, .softmax(beta: 1), [.int16([2, 2], [7, 7, 1000, 0], scale: 0.001)], unit)
    #expect(abs(shares[0] - 16384) <= 1 && shares[0] == shares[1])
    #expect(abs(shares[2] - 23955) <= 2 && abs(shares[3] - 8813) <= 2)
  }

  @Test func quantizing() throws {
    #expect(
      try integers(.quantize, .none, [.float([4], [0.25, -0.75, 1e9, -1e9])], .int16(scale: 0.5))
        == [1, -2, 32767, -32768])
    #expect(try reals(.dequantize, .none, [.int16([2], [3, -32768], scale: 0.5)]) == [1.5, -16384])
    #expect(
      try integers(.quantize, .none, [.int16([3], [300, -301, 2], scale: 0.5)], .int8(zero: 1)) == [127, -128, 2])
  }
}
