import TFLite
import Testing

@Suite struct ArithmeticTests {
  private let none = OperatorOptions.arithmetic(activation: .none)

  /// 7 * 1 + 5 * 3 on a result with scale 2 and zero point 1.
  @Test func addBringsBothToOneScale() throws {
    let a = Operand.int8([2], [9, -128], zero: 2)
    let b = Operand.int8([2], [5, 0], scale: 3)
    #expect(try integers(.add, none, [a, b], .int8(scale: 2, zero: 1)) == [12, -64])
  }

  /// 1 and 2 of 1/2: halves go away from zero.
  @Test func addRoundsHalvesAwayFromZero() throws {
    let a = Operand.int8([4], [1, -1, 3, -3])
    let b = Operand.int8([1], [0])
    #expect(try integers(.add, none, [a, b], .int8(scale: 2)) == [1, -1, 2, -2])
  }

  @Test func addSaturatesAndActivates() throws {
    let a = Operand.uint8([3], [200, 10, 0], zero: 10)
    let b = Operand.uint8([3], [200, 10, 0], zero: 10)
    #expect(try integers(.add, none, [a, b], .uint8(zero: 10)) == [255, 10, 0])
    let relu6 = OperatorOptions.arithmetic(activation: .relu6)
    #expect(try integers(.add, relu6, [a, b], .uint8(zero: 10)) == [16, 10, 10])
  }

  @Test func subtractsWithBroadcasting() throws {
    let a = Operand.int8([2, 2], [1, 2, 3, 4])
    let b = Operand.int8([2, 1], [1, 10])
    #expect(try integers(.sub, none, [a, b]) == [0, 1, -7, -6])
    #expect(
      try integers(.sub, none, [.int32([2], [1, Int(Int32.min)]), .list([3, 1])], .int32) == [-2, 2_147_483_647])
  }

  /// 3 * 1/8: two roundings make 1 of 0.375.
  @Test func multiplyRoundsTwice() throws {
    let a = Operand.int8([3], [3, 127, -8], zero: 0)
    let b = Operand.int8([1], [1], scale: 0.125)
    #expect(try integers(.mul, none, [a, b]) == [1, 16, -1])
    let c = Operand.uint8([2], [13, 7], zero: 10)
    #expect(try integers(.mul, none, [c, c], .uint8(zero: 100)) == [109, 109])
  }

  @Test func floatArithmetic() throws {
    let (a, b) = (Operand.float([2], [6, -3]), Operand.float([2], [2, 4]))
    #expect(try reals(.add, none, [a, b]) == [8, 1])
    #expect(try reals(.sub, none, [a, b]) == [4, -7])
    #expect(try reals(.mul, .arithmetic(activation: .relu), [a, b]) == [12, 0])
    #expect(try reals(.div, none, [a, b]) == [3, -0.75])
    #expect(try reals(.squaredDifference, .none, [a, b]) == [16, 49])
    #expect(try reals(.maximum, .none, [a, b]) == [6, 4])
    #expect(try reals(.minimum, .none, [a, b]) == [2, -3])
    #expect(try reals(.neg, .none, [a]) == [-6, 3])
    #expect(try reals(.abs, .none, [b, nil]) == [2, 4])
  }

  @Test func dividesQuantizedNumbers() throws {
    let a = Operand.int8([5], [60, -60, 8, 100, 0])
    let b = Operand.int8([5], [4, 4, -3, 3, 50])
    // 15, -15, -2.67, 33.3 and 0, for which the reference kernel shifts by more than 31 bits.
    #expect(try integers(.div, none, [a, b]) == [15, -15, -3, 33, 0])
    #expect(failure(.div, none, [a, .int8([1], [0])]).contains("a division by zero"))
  }

  @Test func comparesQuantizedNumbersAsTheyAre() throws {
    let (a, b) = (Operand.int8([2], [-5, 5]), Operand.int8([1], [0]))
    #expect(try integers(.maximum, .none, [a, b]) == [0, 5])
    #expect(try integers(.minimum, .none, [a, b]) == [-5, 0])
  }

  /// (5 - 2)^2 of 1 on a scale of 3.
  @Test func squaresADifference() throws {
    #expect(
      try integers(.squaredDifference, .none, [.int8([1], [5]), .int8([1], [2])], .int8(scale: 3, zero: -1)) == [2])
  }

  @Test func whatDoesNotFitIsRefused() {
    let a = Operand.int8([2], [1, 2])
    #expect(failure(.add, none, [a, .int8([3], [1, 2, 3])]).contains("[2] and [3]"))
    #expect(failure(.add, none, [a, .uint8([2], [1, 2])]).contains("int8 and uint8"))
    #expect(failure(.add, none, [a]).contains("operand 1 is missing"))
    let bare = Operand(type: .int8, shape: [2], bytes: [1, 2])
    #expect(failure(.add, none, [a, bare]).contains("has no scale"))
    #expect(failure(.add, .arithmetic(activation: .tanh), [a, a]).contains("fused activation tanh"))
  }
}
