/// The horizontal pass: rows of the crop become rows of the input's width, rounded to 8 bits.
struct HorizontalResizer: ~Copyable {
  /// So many pixels of a row may be read beyond its last one; their weight is 0.
  static let overread = 3

  private let weights: ResamplingWeights
  private let outputCount: Int
  private let isColor: Bool

  init(_ filter: InputContract.Filter, from inputCount: Int, to outputCount: Int, isColor: Bool) {
    weights = ResamplingWeights(filter, from: inputCount, to: outputCount, padding: isColor ? 2 : 4)
    self.outputCount = outputCount
    self.isColor = isColor
  }

  /// The row has four bytes a pixel for colour, of which the last is not looked at, or one for luma. Writes three bytes
  /// a pixel for colour, and one beyond the last of these, or one for luma.
  func resize(_ row: UnsafeRawPointer, into output: UnsafeMutableRawPointer) {
    if isColor {
      resizeColor(row, into: output)
    } else {
      resizeLuma(row, into: output)
    }
  }

  /// Two pixels at a time, which halves the cost of the loop.
  private func resizeColor(_ row: UnsafeRawPointer, into output: UnsafeMutableRawPointer) {
    let taps = weights.taps.elements
    for x in 0..<outputCount {
      let tap = taps[x]
      let pixels = row + tap.first &* 4
      let weight = weights.weights.start + tap.weightIndex
      var sum = SIMD4<Int32>(repeating: ResamplingWeights.half)
      var t = 0
      while t < tap.count {
        let first = pixels.loadUnaligned(fromByteOffset: 4 &* t, as: SIMD4<UInt8>.self)
        let second = pixels.loadUnaligned(fromByteOffset: 4 &* t &+ 4, as: SIMD4<UInt8>.self)
        sum &+= SIMD4<Int32>(truncatingIfNeeded: first) &* weight[t]
        sum &+= SIMD4<Int32>(truncatingIfNeeded: second) &* weight[t &+ 1]
        t &+= 2
      }
      // The fourth byte is noise, which the next pixel writes over.
      let pixel = SIMD4<UInt8>(truncatingIfNeeded: sum &>> ResamplingWeights.fractionBits)
      output.storeBytes(of: pixel, toByteOffset: x &* 3, as: SIMD4<UInt8>.self)
    }
  }

  /// Four pixels at a time.
  private func resizeLuma(_ row: UnsafeRawPointer, into output: UnsafeMutableRawPointer) {
    let taps = weights.taps.elements
    for x in 0..<outputCount {
      let tap = taps[x]
      let pixels = row + tap.first
      let weight = UnsafeRawPointer(weights.weights.start + tap.weightIndex)
      var sums = SIMD4<Int32>(ResamplingWeights.half, 0, 0, 0)
      var t = 0
      while t < tap.count {
        let pixel = pixels.loadUnaligned(fromByteOffset: t, as: SIMD4<UInt8>.self)
        let weight = weight.loadUnaligned(fromByteOffset: 4 &* t, as: SIMD4<Int32>.self)
        sums &+= SIMD4<Int32>(truncatingIfNeeded: pixel) &* weight
        t &+= 4
      }
      let value = UInt8(truncatingIfNeeded: sums.wrappedSum() &>> ResamplingWeights.fractionBits)
      output.storeBytes(of: value, toByteOffset: x, as: UInt8.self)
    }
  }
}

/// The vertical pass: a ring of horizontally resized rows, and their weighted sums, rounded to 8 bits.
struct VerticalResizer: ~Copyable {
  private static let chunk = 16

  private let weights: ResamplingWeights
  /// Bytes from one row of the ring to the next: whole chunks, with a byte to spare for the horizontal pass.
  private let slotByteCount: Int
  private let slotCount: Int
  private let ring: FixedBuffer<UInt8>
  private let output: FixedBuffer<UInt8>
  /// Where in the ring the inputs of the present output lie.
  private let offsets: FixedBuffer<Int>

  /// Throws where the ring would need more memory than any sensible contract does.
  init(
    _ filter: InputContract.Filter, from inputCount: Int, to outputCount: Int, rowByteCount: Int
  ) throws(ImagingError) {
    let weights = ResamplingWeights(filter, from: inputCount, to: outputCount)
    let slotByteCount = (rowByteCount + 1 + Self.chunk - 1) / Self.chunk * Self.chunk
    let (byteCountMax, byteCount) = (64 << 20, weights.tapCountMax * slotByteCount)
    guard byteCount <= byteCountMax else {
      throw .badContract(
        "shrinking \(inputCount) rows to \(outputCount) needs \(byteCount) bytes, above \(byteCountMax)")
    }
    slotCount = weights.tapCountMax
    self.weights = weights
    self.slotByteCount = slotByteCount
    ring = FixedBuffer(repeating: 0, count: byteCount)
    output = FixedBuffer(repeating: 0, count: slotByteCount)
    offsets = FixedBuffer(repeating: 0, count: slotCount)
  }

  /// The input rows that make output row `y`. Neither bound ever falls from one row to the next by more than the
  /// ring holds, so rows are put in once, in order.
  func inputRows(for y: Int) -> Range<Int> {
    let taps = weights.taps[y]
    return taps.first..<taps.first + taps.count
  }

  /// The place in the ring for a horizontally resized row.
  func slot(for inputRow: Int) -> UnsafeMutableRawPointer {
    UnsafeMutableRawPointer(ring.start + inputRow % slotCount * slotByteCount)
  }

  /// Makes output row `y` of the rows in the ring. Valid until the next call.
  func resize(_ y: Int) -> UnsafePointer<UInt8> {
    let taps = weights.taps[y]
    for t in 0..<taps.count { offsets[t] = (taps.first + t) % slotCount * slotByteCount }
    let weight = weights.weights.start + taps.weightIndex
    let (rows, output, offsets) = (UnsafeRawPointer(ring.start), UnsafeMutableRawPointer(output.start), offsets.start)
    for start in stride(from: 0, to: slotByteCount, by: Self.chunk) {
      var sum = SIMD16<Int32>(repeating: ResamplingWeights.half)
      for t in 0..<taps.count {
        let values = rows.loadUnaligned(fromByteOffset: offsets[t] &+ start, as: SIMD16<UInt8>.self)
        sum &+= SIMD16<Int32>(truncatingIfNeeded: values) &* weight[t]
      }
      let values = SIMD16<UInt8>(truncatingIfNeeded: sum &>> ResamplingWeights.fractionBits)
      output.storeBytes(of: values, toByteOffset: start, as: SIMD16<UInt8>.self)
    }
    return UnsafePointer(self.output.start)
  }
}
