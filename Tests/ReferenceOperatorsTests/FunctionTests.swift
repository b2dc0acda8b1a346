import TFLite
import Testing

@Suite struct FunctionTests {
  private let probability = Result.int8(scale: 1 / 256, zero: -128)

  /// Two equal numbers have half each; one far below has nothing.
  @Test func softmaxOfSmallRows() throws {
    let options = OperatorOptions.softmax(beta: 1)
    #expect(try integers(.softmax, options, [.int8([1, 2], [5, 5])], probability) == [0, 0])
    #expect(try integers(.softmax, options, [.int8([1, 2], [0, -127])], probability) == [127, -128])
    // e^-1 / (1 + e^-1) = 0.2689, times 256 = 68.85.
    #expect(try integers(.softmax, options, [.int8([1, 2], [4, 3])], probability) == [59, -59])
    #expect(
      try integers(.softmax, options, [.uint8([2, 2], [4, 3, 1, 1])], .uint8(scale: 1 / 256)) == [187, 69, 128, 128])
    #expect(failure(.softmax, options, [.int8([1, 2], [5, 5])], .int8()).contains("zero point 0"))
  }

  @Test func softmaxOfFloats() throws {
    #expect(try reals(.softmax, .softmax(beta: 2), [.float([1, 2], [1, 1])]) == [0.5, 0.5])
    let shares = try reals(.softmax, .softmax(beta: 2), [.float([1, 2], [0.5, 0])])
    #expect(abs(shares[0] - 0.731_058_6) < 1e-6)
  }

  /// ln(1/2) = -0.693 is 11.09 steps of 1/16 below 0; ln(e^-1 / (1 + e^-1)) = -1.3133 is 21.01 below.
  @Test func logSoftmaxOfSmallRows() throws {
    let result = Result.int8(scale: 1 / 16, zero: 127)
    #expect(try integers(.logSoftmax, .none, [.int8([1, 2], [7, 7])], result) == [116, 116])
    #expect(try integers(.logSoftmax, .none, [.int8([1, 2], [1, 0])], result) == [122, 106])
    #expect(try integers(.logSoftmax, .none, [.int8([1, 2], [100, -100])], result) == [127, -128])
    let logarithms = try reals(.logSoftmax, .none, [.float([1, 2], [3, 3])])
    #expect(abs(logarithms[0] + 0.693_147_2) < 1e-6)
  }

  @Test func logisticAndTanhAreExactFunctionsRounded() throws {
    // 1 / (1 + e^-1) = 0.73106, times 256 = 187.15.
    #expect(try integers(.logistic, .none, [.int8([3], [0, 1, -100])], probability) == [0, 59, -128])
    #expect(try integers(.logistic, .none, [.int8([1], [100])], probability) == [127])
    #expect(failure(.logistic, .none, [.int8([1], [0])], .int8()).contains("1/256"))
    // tanh(0.5) = 0.46212, times 128 = 59.15.
    #expect(
      try integers(.tanh, .none, [.int8([4], [0, 1, -1, 100], scale: 0.5)], .int8(scale: 1 / 128))
        == [0, 59, -59, 127])
    #expect(try reals(.logistic, .none, [.float([3], [0, 20, -200])]) == [0.5, 1, 0])
  }

  /// e^0 = 1, e^1 = 2.718; e^100 is beyond every integer and saturates.
  @Test func exponentials() throws {
    #expect(try integers(.exp, .none, [.int8([3], [0, 1, 100])], .int8(scale: 0.25, zero: -8)) == [-4, 3, 127])
    #expect(try reals(.exp, .none, [.float([1], [0])]) == [1])
  }

  @Test func rectifiers() throws {
    let input = Operand.int8([4], [-20, 10, 14, 100], scale: 0.5, zero: 10)
    #expect(try integers(.relu, .none, [input], .int8(scale: 1, zero: -5)) == [-5, -5, -3, 40])
    #expect(try integers(.relu6, .none, [input], .int8(scale: 0.5, zero: 10)) == [10, 10, 14, 22])
    #expect(try integers(.reluN1To1, .none, [input], .int8(scale: 0.5, zero: 10)) == [8, 10, 12, 12])
    #expect(try reals(.relu6, .none, [.float([3], [-1, 3, 9])]) == [0, 3, 6])
  }

  /// -3 / 4 = -0.75: the first rounding makes -1.5 of it, which goes up to -1, the second -0.5 and -1.
  @Test func leakyRectifierRoundsBothSlopesTwice() throws {
    let input = Operand.int8([4], [-3, -6, 3, 6])
    #expect(try integers(.leakyRelu, .leakyRelu(alpha: 0.25), [input]) == [-1, -2, 3, 6])
    #expect(try integers(.leakyRelu, .leakyRelu(alpha: 0.25), [input], .int8(scale: 4)) == [0, 0, 1, 2])
    #expect(try integers(.leakyRelu, .leakyRelu(alpha: -0.5), [input]) == [1, 3, 3, 6])
    #expect(try reals(.leakyRelu, .leakyRelu(alpha: 0.5), [.float([2], [-4, 4])]) == [-2, 4])
  }

  @Test func parametricRectifierTakesASlopeForEachChannel() throws {
    let input = Operand.int8([1, 2, 2], [-8, -8, 8, 9])
    let slopes = Operand.int8([2], [3, 5], scale: 0.25, zero: 1)
    #expect(try integers(.prelu, .none, [input, slopes]) == [-4, -8, 8, 9])
    #expect(try reals(.prelu, .none, [.float([1, 2], [-4, 4]), .float([2], [0.5, 9])]) == [-2, 4])
  }

  /// With scales of 1/32: -3 and below give nothing, 3 and above themselves, 0 is 0; 1 gives 2/3 = 21.33 steps.
  @Test func hardSwish() throws {
    let input = Operand.int8([6], [-128, -96, 0, 32, 96, 127], scale: 1 / 32)
    #expect(try integers(.hardSwish, .none, [input], .int8(scale: 1 / 32)) == [0, 0, 0, 21, 96, 127])
    #expect(try reals(.hardSwish, .none, [.float([4], [-4, 0, 1.5, 4])]) == [0, 0, 1.125, 4])
    #expect(failure(.hardSwish, .none, [.int8([1], [1], scale: 1000)], .int8(scale: 1)).contains("128 times"))
  }

  /// Halves away from zero; what is too large, or no number, stays within the type.
  @Test func quantizesFloats() throws {
    let input = Operand.float([6], [0.25, -0.25, 0.75, 1000, -1e30, .nan])
    #expect(try integers(.quantize, .none, [input], .int8(scale: 0.5, zero: 1)) == [2, 0, 3, 127, -128, -128])
  }

  /// 3 * 1/8 with two roundings is 1; from uint8 to int8 of the same scale nothing is lost.
  @Test func requantizesWithTwoRoundings() throws {
    #expect(try integers(.quantize, .none, [.int8([2], [3, -3], scale: 0.125)]) == [1, 0])
    let pixels = Operand.uint8([3], [0, 128, 255], scale: 0.5)
    #expect(try integers(.quantize, .none, [pixels], .int8(scale: 0.5, zero: -128)) == [-128, 0, 127])
  }

  @Test func dequantizes() throws {
    #expect(try reals(.dequantize, .none, [.uint8([2], [3, 0], scale: 0.5, zero: 2)]) == [0.5, -1])
    let channels = Operand.quantized(.int8, [2, 2], [1, 2, 3, 4], scales: [1, 10], zeros: [0, 1], axis: 1)
    #expect(try reals(.dequantize, .none, [channels.constant]) == [1, 10, 3, 30])
    // 1, -2, the smallest subnormal, infinity and the largest number.
    let halves = Operand.half([0x3C00, 0xC000, 0x0001, 0x7C00, 0x7BFF])
    #expect(try reals(.dequantize, .none, [halves]) == [1, -2, 0x1p-24, .infinity, 65504])
  }
}
