import TFLite
import Testing

@Suite struct PoolAndReduceTests {
  private func pool(_ size: Int, _ padding: Padding, activation: Activation = .none) -> OperatorOptions {
    .pool(
      PoolOptions(
        padding: padding, strideHeight: size, strideWidth: size, filterHeight: size, filterWidth: size,
        activation: activation))
  }

  /// Means of 1.5, -1.5, 0.25 and -0.75: half away from zero.
  @Test func averagesRoundHalvesAwayFromZero() throws {
    let input = Operand.int8([1, 2, 2, 4], [1, -1, 0, 0, 1, -1, 0, -1, 2, -2, 1, -1, 2, -2, 0, -1])
    #expect(try integers(.averagePool2D, pool(2, .valid), [input]) == [2, -2, 0, -1])
  }

  /// What lies outside of the picture does not count, neither in the sum nor in the number.
  @Test func averagesLeaveThePaddingOut() throws {
    let input = Operand.int8([1, 1, 3, 1], [10, 20, 30], zero: 5)
    #expect(try integers(.averagePool2D, pool(2, .same), [input], .int8(zero: 5)) == [15, 30])
  }

  @Test func averagesAreActivated() throws {
    let input = Operand.uint8([1, 1, 1, 2], [3, 200], scale: 0.1, zero: 10)
    #expect(
      try integers(.averagePool2D, pool(1, .valid, activation: .relu6), [input], .uint8(scale: 0.1, zero: 10)) == [
        10, 70,
      ])
    #expect(
      try reals(.averagePool2D, pool(1, .valid, activation: .reluMinus1To1), [.float([1, 1, 1, 2], [-3, 0.5])]) == [
        -1, 0.5,
      ])
  }

  @Test func takesTheLargest() throws {
    let input = Operand.int8([1, 1, 3, 2], [-128, 4, -7, 9, 5, -6])
    #expect(try integers(.maxPool2D, pool(2, .same), [input]) == [-7, 9, 5, -6])
    #expect(try reals(.maxPool2D, pool(3, .same), [.float([1, 1, 2, 1], [-2, -1])]) == [-1])
  }

  /// 1 + 2 + 4 over 3 is 2.33; with scale 1/2 of the result 4.67.
  @Test func meanScalesOnce() throws {
    let options = OperatorOptions.reduce(keepDimensions: false)
    #expect(try integers(.mean, options, [.int8([1, 3], [1, 2, 4]), .list([1])]) == [2])
    #expect(try integers(.mean, options, [.int8([1, 3], [1, 2, 4]), .list([-1])], .int8(scale: 0.5, zero: 1)) == [6])
    #expect(
      try integers(.mean, options, [.uint8([2, 2], [10, 20, 30, 40], zero: 10), .list([0])], .uint8()) == [10, 20])
  }

  /// The number of elements goes into the multiplier, which leaves one rounding for 1/3: a multiplier made of 1/3
  /// would round 2/3 to 1 and then 1/2 to 1.
  @Test func theCountGoesIntoTheMultiplier() throws {
    let options = OperatorOptions.reduce(keepDimensions: true)
    #expect(try integers(.mean, options, [.int8([1, 3], [1, 0, 0]), .list([1])]) == [0])
    #expect(try integers(.mean, options, [.int8([1, 3], [2, 0, 0]), .list([1])]) == [1])
    #expect(try integers(.mean, options, [.int8([1, 3], [-1, 0, 0]), .list([1])]) == [0])
  }

  @Test func sumsAndExtremes() throws {
    let input = Operand.int8([2, 2], [1, 2, 3, 5], zero: 1)
    let options = OperatorOptions.reduce(keepDimensions: true)
    #expect(try integers(.sum, options, [input, .list([0])], .int8(scale: 2, zero: -1)) == [0, 2])
    #expect(try integers(.reduceMax, options, [input, .list([1])]) == [2, 5])
    #expect(try integers(.reduceMin, options, [input, .list([0, 1])]) == [1])
    // 3 / 8 with two roundings is 1.
    #expect(try integers(.sum, options, [.uint8([1, 2], [1, 2]), .list([1])], .uint8(scale: 8)) == [1])
    #expect(try reals(.sum, options, [.float([2, 2], [1, 2, 3, 4]), .list([1])]) == [3, 7])
    #expect(try reals(.mean, options, [.float([2, 2], [1, 2, 3, 4]), .list([0, 0])]) == [2, 3])
    #expect(failure(.mean, options, [input, .list([2])]).contains("dimension 2"))
  }
}
