/// A fast sum over bytes that tells damage, not forgery: a multiplication for eight bytes, eight sums side by side, so that
/// it keeps up with the memory.
struct Checksum {
  private static let factor: UInt64 = 0x9E37_79B9_7F4A_7C15
  private static let laneCount = 8

  /// The sum of bytes, which depends on every bit and on the order.
  static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var (a, b, c, d) = (UInt64(1), UInt64(2), UInt64(3), UInt64(4))
    var (e, f, g, h) = (UInt64(5), UInt64(6), UInt64(7), UInt64(8))
    let blockByteCount = laneCount * 8
    let blockCount = bytes.count / blockByteCount
    if blockCount > 0, let start = bytes.baseAddress {
      for block in 0..<blockCount {
        let words = start + block * blockByteCount
        a = mix(a, words, 0)
        b = mix(b, words, 1)
        c = mix(c, words, 2)
        d = mix(d, words, 3)
        e = mix(e, words, 4)
        f = mix(f, words, 5)
        g = mix(g, words, 6)
        h = mix(h, words, 7)
      }
    }
    var sum = UInt64(bytes.count)
    for lane in [a, b, c, d, e, f, g, h] { sum = mix(sum, lane) }
    for byte in bytes[(blockCount * blockByteCount)...] { sum = mix(sum, UInt64(byte)) }
    sum = mix(sum, sum >> 32)
    return sum ^ sum >> 29
  }

  @inline(__always)
  private static func mix(_ sum: UInt64, _ words: UnsafeRawPointer, _ lane: Int) -> UInt64 {
    mix(sum, UInt64(littleEndian: words.loadUnaligned(fromByteOffset: lane * 8, as: UInt64.self)))
  }

  /// The rotation takes the upper bits, which a product passes to nobody, to where they matter.
  @inline(__always)
  private static func mix(_ sum: UInt64, _ word: UInt64) -> UInt64 {
    let mixed = sum ^ word
    return (mixed << 29 | mixed >> 35) &* factor
  }
}
