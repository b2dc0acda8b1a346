import CKernels

/// How a matrix product is cut into parts: panels of columns, and tiles of rows in each.
///
/// All tiles of a panel follow one another, so that the panel's weights stay in the second cache meanwhile.
struct MatrixParts: Sendable {
  let rows: Int
  let columns: Int
  /// Tiles of one panel; their sizes differ by one row at most.
  let tiles: Int
  /// Columns of each panel but the last; a multiple of `MASKD_COLUMN_PAD`.
  let panelColumns: Int

  /// Bytes of weights that a panel may have: half of the smallest second cache among the boards in mind (512 KiB).
  private static let panelByteCount = 256 << 10
  /// Where there are fewer tiles than this the columns are cut too, to share them among threads.
  private static let fewTiles = 4

  /// Cuts a product of rows, each `columnByteCount` bytes of weights a column, for a kernel that takes `mr` rows. Each of
  /// `threads` gets as many tiles of a panel as the others, where there are enough.
  init(rows: Int, columns: Int, columnByteCount: Int, mr: Int, threads: Int = 1) {
    self.rows = rows
    self.columns = columns
    let fewest = (rows + mr - 1) / mr
    let even = (fewest + threads - 1) / threads * threads
    tiles = fewest > threads && even <= rows ? even : fewest
    let unit = 2 * Int(MASKD_COLUMN_PAD)
    var widest = max(1, Self.panelByteCount / max(1, columnByteCount) / unit) * unit
    if tiles < Self.fewTiles { widest = min(widest, max(1, columns / (2 * Self.fewTiles) / unit) * unit) }
    let panels = (columns + widest - 1) / widest
    panelColumns = ((columns + panels - 1) / panels + unit - 1) / unit * unit
  }

  var panels: Int { (columns + panelColumns - 1) / panelColumns }
  var count: Int { panels * tiles }

  /// The rows and columns of a part.
  @inline(__always)
  func part(_ index: Int) -> (rows: Range<Int>, columns: Range<Int>) {
    let (panel, tile) = index.quotientAndRemainder(dividingBy: tiles)
    return (
      (0..<rows).part(tile, of: tiles), panel * panelColumns..<min(columns, (panel + 1) * panelColumns)
    )
  }

  /// Cuts some of the rows in the same way: calls `body` with the rows and columns of each tile of them.
  @inline(__always)
  func forTiles(of rows: Range<Int>, mr: Int, _ body: (Range<Int>, Range<Int>) -> Void) {
    let tiles = (rows.count + mr - 1) / mr
    for panel in 0..<panels {
      let columns = panel * panelColumns..<min(columns, (panel + 1) * panelColumns)
      for tile in 0..<tiles { body(rows.part(tile, of: tiles), columns) }
    }
  }
}

extension Range<Int> {
  /// One of `count` parts whose sizes differ by one at most.
  @inline(__always)
  func part(_ index: Int, of count: Int) -> Range<Int> {
    lowerBound + self.count * index / count..<lowerBound + self.count * (index + 1) / count
  }
}
