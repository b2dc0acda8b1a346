/// The horizontal pass: rows of the crop become rows of the input's width, rounded to 8 bits.
struct HorizontalResizer: ~Copyable {
  private let weights: ResamplingWeights
  private let outputCount: Int

  init(_ filter: InputContract.Filter, from inputCount: Int, to outputCount: Int) {
    weights = ResamplingWeights(filter, from: inputCount, to: outputCount)
    self.outputCount = outputCount
  }

  /// Writes one byte a pixel for luma, three otherwise, and one byte beyond the last of these.
  func resize(_ row: PixelRow, into output: UnsafeMutableRawPointer) {
    if row.pixelStride == 1 {
      resizeLuma(row.base, into: output)
    } else {
      resizeColor(row.base, pixelStride: row.pixelStride, into: output)
    }
  }

  private func resizeColor(_ row: UnsafeRawPointer, pixelStride: Int, into output: UnsafeMutableRawPointer) {
    let taps = weights.taps.elements
    for x in 0..<outputCount {
      let tap = taps[x]
      let weight = weights.weights.start + tap.weightIndex
      let pixels = row + tap.first &* pixelStride
      var sum = SIMD4<Int32>(repeating: ResamplingWeights.half)
      for t in 0..<tap.count {
        let pixel = pixels.loadUnaligned(fromByteOffset: t &* pixelStride, as: SIMD4<UInt8>.self)
        sum &+= SIMD4<Int32>(truncatingIfNeeded: pixel) &* weight[t]
      }
      // The fourth byte is noise, which the next pixel writes over.
      let pixel = SIMD4<UInt8>(truncatingIfNeeded: sum &>> ResamplingWeights.fractionBits)
      output.storeBytes(of: pixel, toByteOffset: x &* 3, as: SIMD4<UInt8>.self)
    }
  }

  private func resizeLuma(_ row: UnsafeRawPointer, into output: UnsafeMutableRawPointer) {
    let luma = row.assumingMemoryBound(to: UInt8.self)
    let taps = weights.taps.elements
    for x in 0..<outputCount {
      let tap = taps[x]
      let weight = weights.weights.start + tap.weightIndex
      let pixels = luma + tap.first
      var sum = ResamplingWeights.half
      for t in 0..<tap.count { sum &+= Int32(pixels[t]) &* weight[t] }
      let value = UInt8(truncatingIfNeeded: sum &>> ResamplingWeights.fractionBits)
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
    weights = ResamplingWeights(filter, from: inputCount, to: outputCount)
    slotByteCount = (rowByteCount + 1 + Self.chunk - 1) / Self.chunk * Self.chunk
    slotCount = weights.tapCountMax
    let (byteCountMax, byteCount) = (64 << 20, slotCount * slotByteCount)
    guard byteCount <= byteCountMax else {
      throw .badContract(
        "shrinking \(inputCount) rows to \(outputCount) needs \(byteCount) bytes, above \(byteCountMax)")
    }
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
