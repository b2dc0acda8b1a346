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

  /// Cuts a product of rows, each `columnByteCount` bytes of weights a column, for a kernel that takes `mr` rows.
  init(rows: Int, columns: Int, columnByteCount: Int, mr: Int) {
    self.rows = rows
    self.columns = columns
    tiles = (rows + mr - 1) / mr
    let unit = 2 * Int(MASKD_COLUMN_PAD)
    var widest = max(1, Self.panelByteCount / max(1, columnByteCount) / unit) * unit
    if tiles < Self.fewTiles { widest = min(widest, max(1, columns / (2 * Self.fewTiles) / unit) * unit) }
    let panels = (columns + widest - 1) / widest
    panelColumns = ((columns + panels - 1) / panels + unit - 1) / unit * unit
  }

  private var panels: Int { (columns + panelColumns - 1) / panelColumns }
  var count: Int { panels * tiles }

  /// The rows and columns of a part.
  @inline(__always)
  func part(_ index: Int) -> (rows: Range<Int>, columns: Range<Int>) {
    let (panel, tile) = index.quotientAndRemainder(dividingBy: tiles)
    return (
      rows * tile / tiles..<rows * (tile + 1) / tiles,
      panel * panelColumns..<min(columns, (panel + 1) * panelColumns)
    )
  }
}
