/// How a depthwise convolution finds the rows of its picture: in place where no window leaves the picture or the kernel
/// knows what is beside it, else in a ring of rows between padding. Each row is brought there once and used for all rows
/// of results that see it.
struct PictureRows: Sendable {
  let window: Window
  /// Bytes of a pixel.
  let pixelByteCount: Int
  /// Whether there is no picture in memory: each row is computed when it is needed.
  var areComputed = false
  /// Whether the kernel is told of columns of padding.
  var arePaddedByKernel = false

  /// Rows of results that a kernel is given at a time, at most: what it does once for them weighs where rows are short.
  private var groupRows: Int { max(1, min(window.outputHeight, Self.groupPixels / window.outputWidth)) }
  private static let groupPixels = 64

  /// Whether a row of the picture that is at the place of a row of results, or before it, is in the ring when that is
  /// computed, if any row of results from there on sees it.
  var resultsFollowReading: Bool {
    hasRing && window.strideHeight == 1 && window.dilationHeight == 1 && window.top < window.height
      && window.outputHeight == window.inputHeight && window.outputWidth == window.inputWidth
  }

  private var hasRing: Bool { areComputed || (window.hasPadding && !arePaddedByKernel) }
  /// Columns that the kernel pads on the left and on the right.
  var kernelPadding: (left: Int, right: Int) {
    areComputed || !arePaddedByKernel ? (0, 0) : (window.left, paddedWidth - window.left - seenWidth)
  }
  /// Whether a kernel can be told of the padding: see `maskd_depthwise_window`.
  var suitsPaddingKernel: Bool {
    window.height == 3 && window.width == 3 && window.dilationWidth == 1 && window.strideWidth <= 2
      && window.left <= 1 && paddedWidth - window.left - seenWidth <= 1
  }
  /// Columns of a padded row: what all windows of a row see.
  private var paddedWidth: Int {
    (window.outputWidth - 1) * window.strideWidth + (window.width - 1) * window.dilationWidth + 1
  }
  /// Columns of the picture that some window sees.
  private var seenWidth: Int { max(0, min(window.inputWidth, paddedWidth - window.left)) }
  /// Rows of the picture from the first to the last tap of the windows over a group of rows of results.
  private var reach: Int {
    (window.height - 1) * window.dilationHeight + (groupRows - 1) * window.strideHeight + 1
  }
  private var rowByteCount: Int { paddedWidth * pixelByteCount }
  private var pointerByteCount: Int { Arena.aligned(groupRows * window.height * MemoryLayout<Int>.stride) }
  /// Which rows the ring holds.
  private var heldByteCount: Int { Arena.aligned(reach * MemoryLayout<Int>.stride) }

  /// Row pointers; where windows leave the picture, a row of padding; where there is a ring, that.
  var scratchByteCount: Int {
    pointerByteCount + (hasRing ? heldByteCount + reach * rowByteCount : 0)
      + (hasRing || window.hasPadding ? rowByteCount : 0)
  }

  /// Calls `body` with one group of rows of results after the other, all of them counted through all pictures.
  @inline(__always)
  func forEachGroup(of rows: Range<Int>, _ body: (Range<Int>) -> Void) {
    var first = rows.lowerBound
    while first < rows.upperBound {
      let endOfPicture = (first / window.outputHeight + 1) * window.outputHeight
      let end = min(rows.upperBound, endOfPicture, first + groupRows)
      body(first..<end)
      first = end
    }
  }

  /// The rows while a thread computes some rows of results.
  struct Ring {
    private let layout: PictureRows
    /// The picture, unless its rows are computed.
    private let input: UnsafeRawPointer?
    private let pointers: UnsafeMutablePointer<UnsafeRawPointer?>
    /// For each slot the row, counted through all pictures, that is there; -1 for none.
    private let held: UnsafeMutablePointer<Int>
    private let outsideRow: UnsafeMutableRawPointer
    private let ring: UnsafeMutableRawPointer

    /// Begins with the bytes of the picture, if it is in memory, and what each byte outside of it reads.
    init(_ layout: PictureRows, input: UnsafeRawPointer?, outside: UInt8, scratch: UnsafeMutableRawPointer) {
      self.layout = layout
      self.input = input
      pointers = scratch.assumingMemoryBound(to: UnsafeRawPointer?.self)
      let free = scratch + layout.pointerByteCount
      held = free.assumingMemoryBound(to: Int.self)
      outsideRow = layout.hasRing ? free + layout.heldByteCount : free
      ring = outsideRow + layout.rowByteCount
      if layout.hasRing || layout.window.hasPadding {
        outsideRow.initializeMemory(as: UInt8.self, repeating: outside, count: layout.rowByteCount)
      }
      guard layout.hasRing else { return }
      held.update(repeating: -1, count: layout.reach)
      let left = min(layout.rowByteCount, layout.window.left * layout.pixelByteCount)
      let filled = left + layout.seenWidth * layout.pixelByteCount
      for index in 0..<layout.reach {
        let slot = ring + index * layout.rowByteCount
        slot.initializeMemory(as: UInt8.self, repeating: outside, count: left)
        (slot + filled).initializeMemory(as: UInt8.self, repeating: outside, count: layout.rowByteCount - filled)
      }
    }

    /// Points to the first tap of the first result in each row of the window over each row of a group of results.
    @inline(__always)
    func pointers(forRows rows: Range<Int>) -> UnsafeMutablePointer<UnsafeRawPointer?> {
      guard let input else { return pointers }
      let pixel = layout.pixelByteCount
      let rowByteCount = layout.window.inputWidth * pixel
      guard layout.hasRing else {
        let left = layout.window.left * pixel
        return point(rows) { row, y in
          y >= 0 && y < layout.window.inputHeight ? input + row * rowByteCount - left : UnsafeRawPointer(outsideRow)
        }
      }
      return pointers(forRows: rows) { row, columns, slot in
        slot.copyMemory(from: input + row * rowByteCount, byteCount: columns * pixel)
      }
    }

    /// The same where `bring` fills the ring: it is called with a row of the picture, counted through all pictures, how
    /// many of its columns are seen, and where they go.
    @inline(__always)
    func pointers(
      forRows rows: Range<Int>, bring: (_ row: Int, _ columns: Int, _ slot: UnsafeMutableRawPointer) -> Void
    ) -> UnsafeMutablePointer<UnsafeRawPointer?> {
      let height = layout.window.inputHeight
      return point(rows) { row, y in
        guard y >= 0, y < height else { return UnsafeRawPointer(outsideRow) }
        let slot = ring + y % layout.reach * layout.rowByteCount
        if held[y % layout.reach] != row {
          bring(row, layout.seenWidth, slot + layout.window.left * layout.pixelByteCount)
          held[y % layout.reach] = row
        }
        return UnsafeRawPointer(slot)
      }
    }

    @inline(__always)
    private func point(
      _ rows: Range<Int>, _ find: (_ row: Int, _ y: Int) -> UnsafeRawPointer
    ) -> UnsafeMutablePointer<UnsafeRawPointer?> {
      let window = layout.window
      let (batch, first) = rows.lowerBound.quotientAndRemainder(dividingBy: window.outputHeight)
      for row in 0..<rows.count {
        let top = (first + row) * window.strideHeight - window.top
        for tap in 0..<window.height {
          let inputY = top + tap * window.dilationHeight
          pointers[row * window.height + tap] = find(batch * window.inputHeight + inputY, inputY)
        }
      }
      return pointers
    }
  }
}
