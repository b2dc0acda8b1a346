/// How a depthwise convolution finds the rows of its picture: in place where no window leaves the picture, else as
/// copies between padding. Each row is copied once and used for all rows of results that see it.
struct PictureRows: Sendable {
  let window: Window
  /// Bytes of a pixel.
  let pixelByteCount: Int

  /// Columns of a padded row: what all windows of a row see.
  private var paddedWidth: Int {
    (window.outputWidth - 1) * window.strideWidth + (window.width - 1) * window.dilationWidth + 1
  }
  /// Rows of the picture from the first to the last tap of a window.
  private var reach: Int { (window.height - 1) * window.dilationHeight + 1 }
  private var rowByteCount: Int { paddedWidth * pixelByteCount }
  private var pointerByteCount: Int { Arena.aligned(window.height * MemoryLayout<Int>.stride) }
  /// Which rows the ring holds.
  private var heldByteCount: Int { Arena.aligned(reach * MemoryLayout<Int>.stride) }

  /// Row pointers; where there is padding, a row of it and a ring of padded rows.
  var scratchByteCount: Int {
    pointerByteCount + (window.hasPadding ? heldByteCount + (reach + 1) * rowByteCount : 0)
  }

  /// The rows while a thread computes some rows of results.
  struct Ring {
    private let layout: PictureRows
    private let input: UnsafeRawPointer
    private let pointers: UnsafeMutablePointer<UnsafeRawPointer?>
    /// For each slot the row, counted through all pictures, that was copied there; -1 for none.
    private let held: UnsafeMutablePointer<Int>
    private let outsideRow: UnsafeMutableRawPointer
    private let ring: UnsafeMutableRawPointer

    /// Begins with the bytes of the picture, and what each byte outside of it reads.
    init(_ layout: PictureRows, input: UnsafeRawPointer, outside: UInt8, scratch: UnsafeMutableRawPointer) {
      self.layout = layout
      self.input = input
      pointers = scratch.assumingMemoryBound(to: UnsafeRawPointer?.self)
      let free = scratch + layout.pointerByteCount
      held = free.assumingMemoryBound(to: Int.self)
      outsideRow = free + layout.heldByteCount
      ring = outsideRow + layout.rowByteCount
      guard layout.window.hasPadding else { return }
      held.update(repeating: -1, count: layout.reach)
      outsideRow.initializeMemory(as: UInt8.self, repeating: outside, count: (layout.reach + 1) * layout.rowByteCount)
    }

    /// Points to the first tap of the first result in each row of the window, for a row of results counted through all
    /// pictures.
    @inline(__always)
    func pointers(forRow index: Int) -> UnsafeMutablePointer<UnsafeRawPointer?> {
      let window = layout.window
      let (batch, y) = index.quotientAndRemainder(dividingBy: window.outputHeight)
      for tap in 0..<window.height {
        pointers[tap] = row(y * window.strideHeight - window.top + tap * window.dilationHeight, batch: batch)
      }
      return pointers
    }

    private func row(_ y: Int, batch: Int) -> UnsafeRawPointer {
      let window = layout.window
      let row = batch * window.inputHeight + y
      let inputRowByteCount = window.inputWidth * layout.pixelByteCount
      guard window.hasPadding else { return input + row * inputRowByteCount }
      guard y >= 0, y < window.inputHeight else { return UnsafeRawPointer(outsideRow) }
      let index = y % layout.reach
      let slot = ring + index * layout.rowByteCount
      if held[index] != row {
        let columns = max(0, min(window.inputWidth, layout.paddedWidth - window.left))
        (slot + window.left * layout.pixelByteCount).copyMemory(
          from: input + row * inputRowByteCount, byteCount: columns * layout.pixelByteCount)
        held[index] = row
      }
      return UnsafeRawPointer(slot)
    }
  }
}
