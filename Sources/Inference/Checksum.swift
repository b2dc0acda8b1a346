import CKernels

/// A fast sum over bytes that tells damage, not forgery. It keeps up with the memory.
enum Checksum {
  /// The sum of bytes, which depends on every bit and on the order.
  static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 { maskd_checksum(bytes.baseAddress, bytes.count) }
}
