import TFLite
import Testing

/// Layers with int8 weights and float activations, worked out by hand. All scales are powers of two, so that steps are
/// exact: 64 to the unit where nothing else is said.
@Suite struct DynamicRangeTests {
  private func steps(_ values: [Float], of unit: Float = 64) -> [Float] { values.map { $0 / unit } }

  /// -64 to 191 steps are 255: the zero point is -128 + 64. A tie is rounded away from zero before the zero point is
  /// added: 1.5 becomes 2 steps.
  @Test func perChannelWeightsTakeAnAsymmetricInput() throws {
    let input = Operand.float([1, 1, 3, 1], steps([-64, 191, 1.5]))
    let weights = Operand.quantized(.int8, [2, 1, 1, 1], [1, 3], scales: [1, 0.5], zeros: [0, 0])
    let results = try reals(
      .convolution2D, .convolution(convolutionOptions()), [input, weights, .float([2], [0, 1])])
    #expect(results == steps([-64, -96 + 64, 191, 286.5 + 64, 2, 3 + 64]))
  }

  /// Seen of LiteRT 2.3: the range is a float32 before it is divided, whose rounding makes -16.5 steps a tie.
  @Test func theRangeIsRoundedToFloat() throws {
    let input = Operand.float([1, 1, 3, 1], [-77.3845443725586, 107.95893859863281, -11.992813])
    let weights = Operand.quantized(.int8, [2, 1, 1, 1], [1, 1], scales: [1, 1], zeros: [0, 0])
    let results = try reals(.convolution2D, .convolution(convolutionOptions()), [input, weights, nil])
    #expect(abs(results[4] / (185.34348 / 255) + 17) < 0.001)
  }

  /// The largest magnitude is 127 steps; ties go away from zero on both sides.
  @Test func weightsOfOneScaleTakeASymmetricInput() throws {
    let input = Operand.float([1, 1, 4, 1], steps([-127, 64, 1.5, -1.5]))
    let weights = Operand.int8([1, 1, 1, 1], [2])
    let results = try reals(.convolution2D, .convolution(convolutionOptions()), [input, weights, nil])
    #expect(results == steps([-254, 128, 4, -4]))
  }

  /// The second picture has steps twice as large: 1.5 small ones are 0.75 of a large one, so one.
  @Test func everyPictureHasItsScale() throws {
    let input = Operand.float([2, 1, 2, 1], steps([127, 1, 254, 1.5]))
    let weights = Operand.int8([1, 1, 1, 1], [1])
    let results = try reals(.convolution2D, .convolution(convolutionOptions()), [input, weights, nil])
    #expect(results == steps([127, 1, 254, 2]))
  }

  /// Beside the picture there is zero, whatever its integer. The range takes zero in, though no value is below 64.
  @Test func paddingStandsForZero() throws {
    let input = Operand.float([1, 1, 2, 1], steps([64, 255]))
    let weights = Operand.quantized(.int8, [1, 1, 3, 1], [1, 10, 100], scales: [1], zeros: [0], axis: 3)
    let depthwise = DepthwiseConvolutionOptions(convolution: convolutionOptions(.same), depthMultiplier: 1)
    let results = try reals(.depthwiseConvolution2D, .depthwiseConvolution(depthwise), [input, weights, nil])
    #expect(results == steps([640 + 25500, 64 + 2550]))
  }

  /// Symmetric steps of 1 / 64 see 1.5 as 2; the asymmetric ones are half as large and see it as it is.
  @Test func productsFollowTheirOption() throws {
    let input = Operand.float([1, 2], steps([127.5, 1.5]))
    let weights = Operand.int8([1, 2], [0, 1])
    func result(_ isAsymmetric: Bool, _ input: Operand) throws -> [Float] {
      let options = FullyConnectedOptions(
        activation: .none, hasShuffledWeights: false, keepDimensions: false, asymmetricQuantizeInputs: isAsymmetric)
      return try reals(.fullyConnected, .fullyConnected(options), [input, weights, .float([1], [0])])
    }
    #expect(try result(true, input) == steps([1.5]))
    #expect(try result(false, .float([1, 2], steps([127, 1.5]))) == steps([2]))
  }

  @Test func nothingGivesTheBias() throws {
    let input = Operand.float([1, 1, 1, 2], [0, 0])
    let weights = Operand.int8([1, 1, 1, 2], [5, 7])
    #expect(
      try reals(.convolution2D, .convolution(convolutionOptions()), [input, weights, .float([1], [0.75])]) == [0.75])
  }
}
