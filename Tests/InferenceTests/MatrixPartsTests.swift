import Testing

@testable import Inference

@Suite struct MatrixPartsTests {
  /// 9 tiles of 64 rows among 2 threads would be 4 and 5.
  @Test(arguments: [(576, 2), (400, 2), (784, 3), (64, 2), (3, 4), (2500, 4)])
  func tilesAreDealtEvenly(rows: Int, threads: Int) {
    let parts = MatrixParts(rows: rows, columns: 96, columnByteCount: 16, mr: 64, threads: threads)
    #expect(parts.tiles <= threads || parts.tiles % threads == 0)
    var next = 0
    for index in 0..<parts.tiles {
      let (tile, _) = parts.part(index)
      #expect(tile.lowerBound == next)
      #expect((1...64).contains(tile.count))
      next = tile.upperBound
    }
    #expect(next == rows)
  }

  @Test func oneThreadTakesTheFewestTiles() {
    #expect(MatrixParts(rows: 576, columns: 96, columnByteCount: 16, mr: 64).tiles == 9)
  }
}
