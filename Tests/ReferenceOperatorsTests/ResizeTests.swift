import TFLite
import Testing

@Suite struct ResizeTests {
  private func resize(align: Bool = false, half: Bool = false) -> OperatorOptions {
    .resize(alignCorners: align, halfPixelCenters: half)
  }

  /// From 0 and 10 to four places: at 0, 1/2, 1 and beyond, or at -1/4, 1/4, 3/4 and 5/4.
  @Test func bilinearInFixedPoint() throws {
    let input = Operand.int8([1, 1, 2, 1], [0, 10])
    #expect(try integers(.resizeBilinear, resize(), [input, .list([1, 4])]) == [0, 5, 10, 10])
    // 2.5 and 7.5 go away from zero.
    #expect(try integers(.resizeBilinear, resize(half: true), [input, .list([1, 4])]) == [0, 3, 8, 10])
    let negative = Operand.int8([1, 1, 2, 1], [0, -10])
    #expect(try integers(.resizeBilinear, resize(half: true), [negative, .list([1, 4])]) == [0, -3, -8, -10])
    // 10/3 and 20/3, with 341/1024 in place of 1/3.
    #expect(try integers(.resizeBilinear, resize(align: true), [input, .list([1, 4])]) == [0, 3, 7, 10])
  }

  /// Legacy uint8 adds a half and cuts off.
  @Test func bilinearInFloat() throws {
    let input = Operand.uint8([1, 1, 2, 1], [0, 10])
    #expect(try integers(.resizeBilinear, resize(half: true), [input, .list([1, 4])], .uint8()) == [0, 3, 8, 10])
    #expect(
      try reals(.resizeBilinear, resize(half: true), [.float([1, 2, 1, 1], [0, 10]), .list([4, 1])])
        == [0, 2.5, 7.5, 10])
  }

  @Test func nearestNeighbor() throws {
    let input = Operand.int8([1, 1, 3, 1], [1, 2, 3])
    #expect(try integers(.resizeNearestNeighbor, resize(), [input, .list([1, 5])]) == [1, 1, 2, 2, 3])
    #expect(try integers(.resizeNearestNeighbor, resize(half: true), [input, .list([1, 2])]) == [1, 3])
    #expect(try integers(.resizeNearestNeighbor, resize(align: true), [input, .list([1, 5])]) == [1, 2, 2, 3, 3])
  }

  @Test func sizesAreChecked() {
    let input = Operand.int8([1, 1, 2, 1], [0, 10])
    #expect(failure(.resizeBilinear, resize(), [input, .list([0, 4])]).contains("[0, 4]"))
    #expect(failure(.resizeBilinear, resize(), [input, .list([1 << 30, 1 << 30])]).contains("its result"))
  }
}
