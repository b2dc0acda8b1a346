/// Makes one growing number of a driver's 32-bit sequence, across reconnects, and counts what is missing between.
struct FrameNumbering {
  /// A jump beyond this is no loss but a driver that began to count anew.
  static let missingCountMax: UInt32 = 65_536

  private(set) var last: UInt64 = 0
  private var lastOfDriver: UInt32?

  /// The device was opened anew: its next number stands for nothing.
  mutating func restart() { lastOfDriver = nil }

  /// Takes the next frame's number; returns how many frames are missing before it.
  mutating func advance(to sequence: UInt32) -> UInt64 {
    defer { lastOfDriver = sequence }
    last &+= 1
    // Drivers that do not count give the same number again and again.
    guard let lastOfDriver, sequence != lastOfDriver else { return 0 }
    let missing = sequence &- lastOfDriver &- 1
    guard missing <= Self.missingCountMax else { return 0 }
    last &+= UInt64(missing)
    return UInt64(missing)
  }
}
