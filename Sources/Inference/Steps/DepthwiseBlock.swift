/// A depthwise convolution together with the convolution in front of it, the pointwise one behind it, or both: band by
/// band of its rows, so that what lies between them stays in the caches and has no place in the arena.
///
/// The rows that the depthwise convolution reads are computed into its ring when the first window sees them. The rows at
/// the edge between two threads' shares are computed by both.
struct DepthwiseBlock: Step {
  let expansion: Convolution?
  let depthwise: DepthwiseConvolution
  let projection: Convolution?

  /// Bytes of a band's depthwise results, if a single row does not have more: they share the first cache, or the second,
  /// with the ring and the weights.
  private static let bandByteCount = 32 << 10

  var partCount: Int { depthwise.partCount }
  private var bandRows: Int { min(partCount, max(1, Self.bandByteCount / depthwise.rowByteCount)) }

  private var expansionByteCount: Int { Arena.aligned(expansion?.scratchByteCount ?? 0) }
  private var projectionByteCount: Int { Arena.aligned(projection?.scratchByteCount ?? 0) }
  private var ringByteCount: Int { Arena.aligned(depthwise.scratchByteCount) }
  /// Each convolution's own, then a band.
  var scratchByteCount: Int {
    expansionByteCount + projectionByteCount + ringByteCount
      + (projection == nil ? 0 : bandRows * depthwise.rowByteCount)
  }

  func run(_ parts: Range<Int>, in arena: Arena) {
    guard let expansion else {
      convolve(parts, of: arena.bytes(depthwise.source), in: arena) { ring, rows in ring.pointers(forRows: rows) }
      return
    }
    var work = expansion.begin(arena.scratch)
    convolve(parts, of: nil, in: arena) { ring, rows in
      ring.pointers(forRows: rows) { row, columns, slot in
        expand(expansion, row, columns, to: slot.assumingMemoryBound(to: Int8.self), &work, in: arena)
      }
    }
  }

  /// Computes the first columns of a row of the picture.
  private func expand(
    _ expansion: Convolution, _ row: Int, _ columns: Int, to slot: UnsafeMutablePointer<Int8>,
    _ work: inout Convolution.Work, in arena: Arena
  ) {
    let first = row * depthwise.rows.window.inputWidth
    let input = UnsafeRawPointer(arena.bytes(expansion.source))
    expansion.forTiles(of: first..<first + columns) { pixels, columns in
      let place = (pixels.lowerBound - first) * expansion.outputChannels + columns.lowerBound
      expansion.multiply(pixels, columns, of: input, to: slot + place, stride: expansion.outputChannels, &work)
    }
  }

  /// Computes rows of results. `find` points to the rows of the picture under a group of them.
  @inline(__always)
  private func convolve(
    _ parts: Range<Int>, of input: UnsafeRawPointer?, in arena: Arena,
    find: (PictureRows.Ring, Range<Int>) -> UnsafeMutablePointer<UnsafeRawPointer?>
  ) {
    let scratch = arena.scratch + expansionByteCount + projectionByteCount
    var work = depthwise.begin(input: input, scratch)
    let rowByteCount = depthwise.rowByteCount
    guard let projection else {
      let result = arena.int8(depthwise.result)
      depthwise.rows.forEachGroup(of: parts) { rows in
        depthwise.convolve(rows.count, find(work.ring, rows), to: result + rows.lowerBound * rowByteCount, &work)
      }
      return
    }
    let rows = (scratch + ringByteCount).assumingMemoryBound(to: Int8.self)
    let width = depthwise.rows.window.outputWidth
    var projecting = projection.begin(arena.scratch + expansionByteCount)
    let count = (parts.count + bandRows - 1) / bandRows
    for index in 0..<count {
      let band = parts.part(index, of: count)
      depthwise.rows.forEachGroup(of: band) { group in
        let target = rows + (group.lowerBound - band.lowerBound) * rowByteCount
        depthwise.convolve(group.count, find(work.ring, group), to: target, &work)
      }
      let first = band.lowerBound * width
      projection.forTiles(of: first..<band.upperBound * width) { pixels, columns in
        projection.compute(pixels, columns, of: UnsafeRawPointer(rows), from: first, in: arena, &projecting)
      }
    }
  }
}
