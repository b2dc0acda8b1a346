import TFLite
import Testing

/// Rare operators, with expectations worked out by hand.
@Suite struct RareOperatorTests {
  private func backwards(_ padding: Padding, stride: Int) -> OperatorOptions {
    .transposeConvolution(padding: padding, strideHeight: stride, strideWidth: stride, activation: .none)
  }

  /// Each input pixel lays the window down, two apart; where the windows meet they add up.
  @Test func transposedConvolutionsSpread() throws {
    let input = Operand.float([1, 1, 2, 1], [1, 10])
    let weights = Operand.float([1, 1, 3, 1], [1, 2, 3])
    let shape = Operand.list([1, 1, 5, 1]).constant
    #expect(try reals(.transposeConv, backwards(.valid, stride: 2), [shape, weights, input]) == [1, 2, 13, 20, 30])
    // Without padding 4 pixels would not do: the window of 3 is cut off by one on the left ((2-1)*2+3-4 = 1, halved 0).
    let same = Operand.list([1, 1, 4, 1]).constant
    #expect(try reals(.transposeConv, backwards(.same, stride: 2), [same, weights, input]) == [1, 2, 13, 20])
    let integers16 = Operand.int16([1, 1, 2, 1], [1, 10])
    let integers8 = Operand.int8([1, 1, 3, 1], [1, 2, 3])
    #expect(
      try integers(.transposeConv, backwards(.valid, stride: 2), [shape, integers8, integers16], .int16())
        == [1, 2, 13, 20, 30])
    let shifted = Operand.int8([1, 1, 2, 1], [6, 15], zero: 5)
    let bias = Operand.int32([1], [100])
    #expect(
      try integers(.transposeConv, backwards(.valid, stride: 2), [shape, integers8, shifted, bias], .int8(zero: -100))
        == [1, 2, 13, 20, 30])
    #expect(
      failure(.transposeConv, backwards(.valid, stride: 1), [shape, weights, input], .float).contains(
        "does not come of"))
  }

  @Test func productsOfMatrices() throws {
    let plain = OperatorOptions.batchMatrixMultiply(adjointX: false, adjointY: false)
    let a = Operand.float([2, 1, 2], [1, 2, 3, 4])
    // One matrix for both batches: [1 2] * [5 6; 7 8] = [19 22].
    #expect(try reals(.batchMatmul, plain, [a, .float([2, 2], [5, 6, 7, 8])]) == [19, 22, 43, 50])
    let turned = OperatorOptions.batchMatrixMultiply(adjointX: true, adjointY: true)
    // The first turned is [1 3; 2 4], the second [5 7; 6 8].
    let squares: [Operand] = [.int8([2, 2], [1, 2, 3, 4]), .int8([2, 2], [5, 6, 7, 8])]
    #expect(try integers(.batchMatmul, turned, squares) == [23, 31, 34, 46])
    let shifted: [Operand] = [.int8([1, 2], [3, 4], zero: 2), .int8([2, 1], [5, 6], scale: 0.5, zero: 5)]
    #expect(try integers(.batchMatmul, plain, shifted, .int8(scale: 0.5, zero: 1)) == [3])
    #expect(failure(.batchMatmul, plain, [a, a], .float).contains("[2, 1, 2] and [2, 1, 2]"))
  }

  @Test func argumentsAreTheFirstOfTheirKind() throws {
    let values = Operand.int8([2, 3], [1, 7, 7, -1, -5, -5])
    let result = Result.int32
    #expect(try integers(.argMax, .argument(outputType: .int32), [values, .list([1])], result) == [1, 0])
    #expect(try integers(.argMin, .argument(outputType: .int32), [values, .list([-1])], result) == [0, 1])
    #expect(try integers(.argMax, .argument(outputType: .int32), [values, .list([0])], result) == [0, 0, 0])
    let reals = Operand.float([3], [.nan, -1, 2])
    #expect(try integers(.argMax, .argument(outputType: .int32), [reals, .list([0])], result) == [2])
  }

  /// 3-4-5: three and four fifths of 128 are 76.8 and 102.4.
  @Test func lengths() throws {
    #expect(try reals(.l2Normalization, .none, [.float([2, 2], [3, 4, 0, 0])]) == [0.6, 0.8, 0, 0])
    #expect(
      try integers(.l2Normalization, .none, [.int8([2, 2], [4, 5, 1, -2], zero: 1)], .int8(scale: 1 / 128))
        == [77, 102, 0, -128])
    #expect(
      try integers(.l2Normalization, .none, [.uint8([1, 2], [3, 4])], .uint8(scale: 1 / 128, zero: 128)) == [205, 230])
    #expect(failure(.l2Normalization, .none, [.int8([2], [1, 1])], .int8()).contains("the scale 1.0"))
  }

  @Test func casts() throws {
    #expect(
      try integers(.cast, .none, [.float([5], [1.9, -1.9, 300, -300, .nan])], .int8()) == [1, -1, 127, -128, 127])
    #expect(try integers(.cast, .none, [.int32([3], [300, -1, 128])], .int8()) == [44, -1, -128])
    #expect(try reals(.cast, .none, [.int16([2], [-3, 32767])]) == [-3, 32767])
  }

  /// 1 / sqrt(0.25 * 16) is 0.5; below zero there is no root.
  @Test func inverseRoots() throws {
    #expect(
      try integers(.rsqrt, .none, [.int8([4], [17, 2, 1, 0], scale: 0.25, zero: 1)], .int8(scale: 0.125))
        == [4, 16, 127, 127])
  }

  @Test func shapesThatBroadcast() throws {
    #expect(try integers(.broadcastArgs, .none, [.list([4, 1, 2]), .list([3, 1])], .int32) == [4, 3, 2])
    #expect(failure(.broadcastArgs, .none, [.list([2]), .list([3])], .int32).contains("[2] and [3]"))
  }
}
