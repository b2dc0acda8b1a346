import TFLite

extension ModelBytes {
  /// Numbers that are read at a time.
  private static let float16Part = 8192

  /// Reads float16 numbers from `offset` on, as float32.
  func readFloat16(at offset: Int, into target: UnsafeMutableBufferPointer<Float>) {
    withUnsafeTemporaryAllocation(of: UInt16.self, capacity: Self.float16Part) { part in
      for first in stride(from: 0, to: target.count, by: Self.float16Part) {
        let halves = UnsafeMutableBufferPointer(rebasing: part[..<min(Self.float16Part, target.count - first)])
        read(at: offset + 2 * first, into: UnsafeMutableRawBufferPointer(halves))
        for index in halves.indices { target[first + index] = Float(halfBits: halves[index]) }
      }
    }
  }
}

extension Float {
  /// The number of which these are the bits as float16 (IEEE 754 binary16).
  ///
  /// x86-64 without F16C converts them by a call for each: this has no branch, and compilers make vectors of it.
  init(halfBits: UInt16) {
    let magnitude = UInt32(halfBits & 0x7FFF) << 13
    // Exponents of float16 begin at -15, those of float32 at -127; the product is exact, of subnormal numbers as well.
    let value = Float(bitPattern: magnitude) * 0x1p112
    // Infinity and what is no number have all bits of the exponent set in both forms.
    let special: UInt32 = magnitude >= 0x0F80_0000 ? 0x7F80_0000 : 0
    self.init(bitPattern: value.bitPattern | special | UInt32(halfBits & 0x8000) << 16)
  }
}
