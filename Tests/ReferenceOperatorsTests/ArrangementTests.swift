import TFLite
import Testing

@Suite struct ArrangementTests {
  private let six = Operand.int8([2, 3], [1, 2, 3, 4, 5, 6])

  private func run(
    _ code: BuiltinOperator, _ options: OperatorOptions, _ operands: [Operand?], results: Int
  ) throws -> [[Int]] {
    try OneOperator(.builtin(code), options, operands, Array(repeating: .int8(), count: results)).integers()
  }

  @Test func reshapes() throws {
    #expect(try integers(.reshape, .reshape(newShape: [3, -1]), [six]) == [1, 2, 3, 4, 5, 6])
    #expect(try integers(.reshape, .none, [six, .list([6])]) == [1, 2, 3, 4, 5, 6])
    #expect(failure(.reshape, .none, [six, .list([4, -1])]).contains("[4, 1]"))
    #expect(failure(.reshape, .none, [six, .list([-1, -1])]).contains("open dimension"))
    #expect(failure(.reshape, .none, [six]).contains("no shape"))
  }

  /// SHAPE tells what the others made.
  @Test func shapes() throws {
    #expect(try integers(.shape, .none, [six], .int32) == [2, 3])
    let thin = Operand.int8([1, 2, 1], [1, 2])
    #expect(try integers(.squeeze, .squeeze(dimensions: [-1]), [thin]) == [1, 2])
    #expect(failure(.squeeze, .squeeze(dimensions: [1]), [thin]).contains("which is not 1"))
    #expect(try integers(.expandDims, .none, [six, .list([-1])]) == [1, 2, 3, 4, 5, 6])
    #expect(try integers(.broadcastTo, .none, [thin, .list([2, 2, 2])]) == [1, 1, 2, 2, 1, 1, 2, 2])
  }

  @Test func transposes() throws {
    #expect(try integers(.transpose, .none, [six, .list([1, 0])]) == [1, 4, 2, 5, 3, 6])
    #expect(failure(.transpose, .none, [six, .list([1, 1])]).contains("permutation [1, 1]"))
  }

  @Test func gathersAndTiles() throws {
    #expect(try integers(.gather, .gather(axis: 1, batchDimensions: 0), [six, .list([2, 0])]) == [3, 1, 6, 4])
    #expect(failure(.gather, .gather(axis: 1, batchDimensions: 0), [six, .list([3])]).contains("entry 3"))
    #expect(try integers(.tile, .none, [.int8([1, 2], [1, 2]), .list([2, 2])]) == [1, 2, 1, 2, 1, 2, 1, 2])
  }

  /// Padding stands for 0, which is the zero point.
  @Test func padsWithTheZeroPoint() throws {
    let input = Operand.int8([1, 2], [1, 2], zero: -7)
    #expect(
      try integers(.pad, .none, [input, .int32([2, 2], [0, 1, 1, 0])], .int8(zero: -7)) == [-7, 1, 2, -7, -7, -7])
    let value = Operand.int8([1], [9])
    #expect(try integers(.padv2, .none, [input, .int32([2, 2], [0, 0, 1, 1]), value]) == [9, 1, 2, 9])
    #expect(try reals(.pad, .none, [.float([1], [5]), .int32([1, 2], [1, 0])]) == [0, 5])
    #expect(failure(.pad, .none, [input, .int32([2, 2], [0, -1, 0, 0])]).contains("paddings"))
  }

  @Test func mirrors() throws {
    let row = Operand.int8([3], [1, 2, 3])
    #expect(
      try integers(.mirrorPad, .mirrorPad(isSymmetric: false), [row, .int32([1, 2], [2, 1])]) == [3, 2, 1, 2, 3, 2])
    #expect(
      try integers(.mirrorPad, .mirrorPad(isSymmetric: true), [row, .int32([1, 2], [2, 1])]) == [2, 1, 1, 2, 3, 3])
    #expect(failure(.mirrorPad, .mirrorPad(isSymmetric: false), [row, .int32([1, 2], [3, 0])]).contains("3 and 0"))
  }

  /// Legacy uint8 brings operands to the result's scale: (6 - 2) * 2 + 5.
  @Test func concatenates() throws {
    let options = OperatorOptions.concatenation(axis: -1, activation: .none)
    #expect(
      try integers(.concatenation, options, [six, .int8([2, 1], [7, 8])]) == [1, 2, 3, 7, 4, 5, 6, 8])
    let (a, b) = (Operand.uint8([2], [6, 255], scale: 2, zero: 2), Operand.uint8([1], [9], zero: 5))
    #expect(try integers(.concatenation, options, [a, b], .uint8(zero: 5)) == [13, 255, 9])
    #expect(failure(.concatenation, options, [six, .int8([1, 1], [7])]).contains("dimension 1"))
  }

  @Test func packsAndTakesApart() throws {
    let (a, b) = (Operand.int8([2], [1, 2]), Operand.int8([2], [3, 4]))
    #expect(try integers(.pack, .pack(axis: 1, count: 2), [a, b]) == [1, 3, 2, 4])
    #expect(try run(.unpack, .unpack(axis: 1, count: 3), [six], results: 3) == [[1, 4], [2, 5], [3, 6]])
    #expect(try run(.split, .split(count: 3), [.list([1]), six], results: 3) == [[1, 4], [2, 5], [3, 6]])
    #expect(
      try run(.splitV, .split(count: 2), [six, .list([1, -1]), .list([1])], results: 2) == [[1, 4], [2, 3, 5, 6]])
    #expect(failure(.splitV, .split(count: 1), [six, .list([9]), .list([1])]).contains("[9]"))
  }

  @Test func slices() throws {
    #expect(try integers(.slice, .none, [six, .list([0, 1]), .list([-1, 2])]) == [2, 3, 5, 6])
    #expect(failure(.slice, .none, [six, .list([0, 2]), .list([1, 2])]).contains("sizes [1, 2]"))
  }

  private func strided(
    begin: Int = 0, end: Int = 0, ellipsis: Int = 0, newAxis: Int = 0, shrink: Int = 0, offset: Bool = false
  ) -> OperatorOptions {
    .stridedSlice(
      StridedSliceOptions(
        beginMask: begin, endMask: end, ellipsisMask: ellipsis, newAxisMask: newAxis, shrinkAxisMask: shrink,
        offset: offset))
  }

  @Test func stridedSlices() throws {
    let row = Operand.int8([5], [0, 1, 2, 3, 4])
    func slice(_ begin: Int, _ end: Int, _ step: Int, _ options: OperatorOptions) throws -> [Int] {
      try integers(.stridedSlice, options, [row, .list([begin]), .list([end]), .list([step])])
    }
    #expect(try slice(1, 5, 2, strided()) == [1, 3])
    #expect(try slice(-1, -4, -1, strided()) == [4, 3, 2])
    #expect(try slice(9, -9, -2, strided(begin: 1, end: 1)) == [4, 2, 0])
    #expect(try slice(-3, 0, 1, strided(end: 1)) == [2, 3, 4])
    #expect(try slice(-2, 0, 1, strided(shrink: 1)) == [3])
    #expect(try slice(2, 2, 1, strided(offset: true)) == [2, 3])
    #expect(try slice(3, 1, 1, strided()) == [])
    #expect(failure(.stridedSlice, strided(), [row, .list([0]), .list([1]), .list([0])]).contains("steps [0]"))
    #expect(failure(.stridedSlice, strided(shrink: 1), [row, .list([5]), .list([6]), .list([1])]).contains("place 5"))
  }

  /// [..., new, 1:2] of [2, 3].
  @Test func stridedSlicesWithEllipsisAndNewAxis() throws {
    let operands = [six, .list([0, 0, 1]), .list([0, 0, 2]), .list([1, 1, 1])]
    #expect(try integers(.stridedSlice, strided(ellipsis: 1, newAxis: 2), operands) == [2, 5])
  }

  @Test func movesBlocksBetweenDepthAndSpace() throws {
    let deep = Operand.int8([1, 1, 2, 4], [1, 2, 3, 4, 5, 6, 7, 8])
    let flat = [1, 2, 5, 6, 3, 4, 7, 8]
    #expect(try integers(.depthToSpace, .blockSize(2), [deep]) == flat)
    #expect(try integers(.spaceToDepth, .blockSize(2), [.int8([1, 2, 4, 1], flat)]) == [1, 2, 3, 4, 5, 6, 7, 8])
    #expect(failure(.depthToSpace, .blockSize(3), [deep]).contains("blocks of 3"))
  }
}
