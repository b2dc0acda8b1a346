import TFLite
import Testing

@Suite struct SparseTests {
  private func densify(_ shape: [Int], _ values: [Int], _ sparsity: Sparsity) throws -> [Int] {
    var operand = Operand.int8(shape, values).constant
    operand.sparsity = sparsity
    return try integers(.densify, .none, [operand])
  }

  /// Rows 0 and 2 have entries: 7 in column 1; 8 and 9 in columns 0 and 2.
  @Test func compressedRows() throws {
    let rows = Sparsity(
      traversalOrder: [0, 1], blockMap: [],
      dimensions: [.dense(size: 3), .sparse(segments: [0, 1, 1, 3], indices: [1, 0, 2])])
    #expect(try densify([3, 3], [7, 8, 9], rows) == [0, 7, 0, 0, 0, 0, 8, 0, 9])
  }

  @Test func columnsFirst() throws {
    let columns = Sparsity(
      traversalOrder: [1, 0], blockMap: [],
      dimensions: [.dense(size: 2), .sparse(segments: [0, 1, 2], indices: [1, 0])])
    #expect(try densify([2, 2], [5, 6], columns) == [0, 6, 5, 0])
  }

  /// One block of two columns in row 1.
  @Test func blocks() throws {
    let blocks = Sparsity(
      traversalOrder: [0, 1, 2], blockMap: [1],
      dimensions: [.dense(size: 2), .sparse(segments: [0, 0, 1], indices: [1]), .dense(size: 2)])
    #expect(try densify([2, 4], [3, 4], blocks) == [0, 0, 0, 0, 0, 0, 3, 4])
  }

  @Test func whatDoesNotFitIsRefused() {
    func fails(_ sparsity: Sparsity) -> Bool {
      do {
        _ = try densify([2, 2], [5, 6], sparsity)
        return false
      } catch { return "\(error)".contains("sparse form") }
    }
    let beyond = Sparsity(
      traversalOrder: [0, 1], blockMap: [],
      dimensions: [.dense(size: 2), .sparse(segments: [0, 1, 2], indices: [1, 2])])
    #expect(fails(beyond))
    let huge = Sparsity(
      traversalOrder: [0, 1], blockMap: [], dimensions: [.dense(size: 1 << 30), .dense(size: 1 << 30)])
    #expect(fails(huge))
    let few = Sparsity(
      traversalOrder: [0, 1], blockMap: [],
      dimensions: [.dense(size: 2), .sparse(segments: [0, 1], indices: [1])])
    #expect(fails(few))
  }
}
