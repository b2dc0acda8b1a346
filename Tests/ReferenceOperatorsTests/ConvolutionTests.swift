import TFLite
import Testing

@Suite struct ConvolutionTests {
  /// 3 * 1/8 = 0.375: two roundings make 1 of it (3/2 -> 2, 2/4 -> 1), one would make 0.
  @Test func roundsTwice() throws {
    let input = Operand.int8([1, 1, 2, 1], [3, -3])
    let weights = Operand.int8([1, 1, 1, 1], [1], scale: 0.125)
    #expect(
      try integers(.convolution2D, .convolution(convolutionOptions()), [input, weights, .list([0])]) == [1, 0])
  }

  /// Zero point 2: what surrounds the picture counts as nothing, not as the integer 0.
  @Test func paddingStandsForZero() throws {
    let input = Operand.int8([1, 1, 3, 1], [12, 22, 32], zero: 2)
    let weights = Operand.int8([1, 1, 3, 1], [1, 2, 3])
    let sums = try integers(.convolution2D, .convolution(convolutionOptions(.same)), [input, weights, .list([1])])
    // 2 * 10 + 3 * 20 + 1, 10 + 40 + 90 + 1 beyond 127, 20 + 60 + 1.
    #expect(sums == [81, 127, 81])
  }

  @Test func strideAndDilation() throws {
    let input = Operand.int8([1, 1, 6, 1], [1, 2, 3, 4, 5, 6])
    let weights = Operand.int8([1, 1, 2, 1], [1, 10])
    let options = ConvolutionOptions(
      padding: .valid, strideHeight: 1, strideWidth: 2, dilationHeight: 1, dilationWidth: 2, activation: .none)
    #expect(try integers(.convolution2D, .convolution(options), [input, weights, .list([0])]) == [31, 53])
  }

  /// With an even reach the pad is larger after the picture than before it.
  @Test func unevenPaddingFollows() throws {
    let input = Operand.int8([1, 1, 4, 1], [1, 2, 3, 4])
    let weights = Operand.int8([1, 1, 2, 1], [1, 10])
    let same = OperatorOptions.convolution(convolutionOptions(.same))
    #expect(try integers(.convolution2D, same, [input, weights, .list([0])]) == [21, 32, 43, 4])
  }

  @Test func everyChannelHasItsScaleAndTheActivationCuts() throws {
    let input = Operand.int8([1, 1, 1, 1], [40], scale: 0.5)
    let weights = Operand.quantized(.int8, [3, 1, 1, 1], [1, 1, -1], scales: [0.25, 0.5, 1], zeros: [0, 0, 0])
    let options = OperatorOptions.convolution(convolutionOptions(activation: .relu6))
    // 40 * 0.5 * 0.25 = 5, 40 * 0.5 * 0.5 = 10 cut to 6, -20 cut to 0; all with the result's zero point 10.
    #expect(
      try integers(.convolution2D, options, [input, weights, .list([0, 0, 0])], .int8(zero: 10)) == [15, 16, 10])
  }

  @Test func groupsShareTheChannels() throws {
    let input = Operand.int8([1, 1, 1, 4], [1, 2, 3, 4])
    let weights = Operand.int8([2, 1, 1, 2], [1, 10, 1, 10])
    let options = OperatorOptions.convolution(convolutionOptions())
    #expect(try integers(.convolution2D, options, [input, weights, .list([0, 0])]) == [21, 43])
  }

  @Test func legacyWeightsHaveAZeroPoint() throws {
    let input = Operand.uint8([1, 1, 1, 2], [130, 120], zero: 128)
    let weights = Operand.uint8([1, 1, 1, 2], [103, 99], zero: 100)
    let options = OperatorOptions.convolution(convolutionOptions())
    // 2 * 3 + -8 * -1 = 14.
    #expect(try integers(.convolution2D, options, [input, weights, .list([5])], .uint8(zero: 1)) == [20])
  }

  @Test func floatsAndAMissingBias() throws {
    let input = Operand.float([1, 1, 1, 2], [0.5, -1])
    let weights = Operand.float([2, 1, 1, 2], [1, 2, -1, -2])
    let options = OperatorOptions.convolution(convolutionOptions(activation: .relu))
    #expect(try reals(.convolution2D, options, [input, weights, nil]) == [0, 1.5])
    #expect(try reals(.convolution2D, options, [input, weights, .float([2], [2, 0.25])]) == [0.5, 1.75])
  }

  /// Two results for each channel, next to each other.
  @Test func depthwiseMultiplies() throws {
    let input = Operand.int8([1, 1, 1, 2], [3, 5])
    let weights = Operand.int8([1, 1, 1, 4], [1, 2, 3, 4])
    let options = DepthwiseConvolutionOptions(convolution: convolutionOptions(), depthMultiplier: 0)
    let operands = [input, weights, .list([0, 0, 0, 1])]
    #expect(try integers(.depthwiseConvolution2D, .depthwiseConvolution(options), operands) == [3, 6, 15, 21])
  }

  @Test func depthwiseUint8WithPadding() throws {
    let input = Operand.uint8([1, 1, 2, 1], [11, 12], zero: 10)
    let weights = Operand.uint8([1, 1, 3, 1], [4, 5, 6], zero: 3)
    let options = DepthwiseConvolutionOptions(convolution: convolutionOptions(.same), depthMultiplier: 1)
    // Values 1, 2 and weights 1, 2, 3: 1 * 2 + 2 * 3 and 1 * 1 + 2 * 2.
    #expect(
      try integers(
        .depthwiseConvolution2D, .depthwiseConvolution(options), [input, weights, .list([0])], .uint8()) == [8, 5])
  }

  /// Sums of products keep 32 bits.
  @Test func sumsWrapAround() throws {
    let input = Operand.int8([1, 1, 1, 1], [1])
    let weights = Operand.int8([1, 1, 1, 1], [1], scale: 0x1p-24)
    let options = OperatorOptions.convolution(convolutionOptions())
    #expect(try integers(.convolution2D, options, [input, weights, .list([Int(Int32.max)])]) == [-128])
  }

  @Test func whatDoesNotFitIsRefused() {
    let options = OperatorOptions.convolution(convolutionOptions())
    let input = Operand.int8([1, 1, 1, 2], [1, 2])
    #expect(
      failure(.convolution2D, options, [input, .int8([1, 3, 3, 2], Array(repeating: 1, count: 18)), nil])
        .contains("do not fit into"))
    #expect(failure(.convolution2D, options, [input, .int8([1, 1, 1, 3], [1, 2, 3]), nil]).contains("depth 2"))
    #expect(
      failure(.convolution2D, options, [input, .int8([1, 1, 1, 2], [1, 2]), .list([1, 2])]).contains("a bias of"))
    #expect(
      failure(.convolution2D, options, [.float([1, 1, 1, 2], [1, 2]), .uint8([1, 1, 1, 2], [1, 2]), nil], .float)
        .contains("float32 input with uint8 weights"))
    #expect(
      failure(.convolution2D, options, [input, .int8([1, 1, 1, 2], [1, 2], zero: 1), nil]).contains("zero point"))
  }
}
