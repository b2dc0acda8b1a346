#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A function of int16 through 513 samples and straight lines between them, as TFLite tabulates one.
///
/// The sample at each 128th value is moved by half of what the line misses in the middle, so that the error is spread.
struct Int16Table: Sendable {
  private let samples: AlignedMemory
  private static let intervals = 512

  /// Tabulates `function` over -32768...32767 steps of `inputScale`, in steps of `outputScale`. The offset is added to
  /// the value before it is scaled.
  init<Real: BinaryFloatingPoint>(
    inputScale: Real, inputOffset: Real = 0, outputScale: Real, _ function: (Real) -> Real
  ) {
    let lowest = inputScale * (-32768 + inputOffset)
    let highest = inputScale * (32767 + inputOffset)
    let step = (highest - lowest) / Real(Self.intervals)
    let inverse = 65536 / (outputScale * 32767 - outputScale * -32768)
    var entries: [Int16] = []
    entries.reserveCapacity(Self.intervals + 1)
    for index in 0..<Self.intervals {
      let start = lowest + Real(index) * step
      let sample = (function(start) * inverse).rounded(.toNearestOrAwayFromZero)
      let next = function(lowest + Real(index + 1) * step) * inverse
      let onTheLine = ((next + sample) / 2).rounded(.toNearestOrAwayFromZero)
      let inTheMiddle = (function(start + step / 2) * inverse).rounded(.toNearestOrAwayFromZero)
      let correction = ((onTheLine - inTheMiddle) / 2).rounded(.toNearestOrAwayFromZero)
      entries.append(Int16(saturating: sample - correction))
    }
    entries.append(Int16(saturating: (function(highest) * inverse).rounded(.toNearestOrAwayFromZero)))
    samples = AlignedMemory(copying: entries)
  }

  /// The function's value, between the two samples that are nearest below and above.
  func value(at position: Int16) -> Int16 {
    let entries = samples.elements(as: Int16.self)
    let index = 256 + Int(position >> 7)
    let base = Int32(entries[index])
    // The reference keeps the slope in 16 bits.
    let slope = Int32(entries[index + 1] &- entries[index])
    return Int16(truncatingIfNeeded: base + ((slope * Int32(position & 0x7F) + 64) >> 7))
  }
}

extension Int16 {
  /// A whole number of steps held within -32768...32767; what is not a number becomes the least.
  init<Real: BinaryFloatingPoint>(saturating steps: Real) {
    self = Int16(steps > -32768 ? (steps < 32767 ? steps : 32767) : -32768)
  }
}

/// The logistic function at 0, 1/24, ... 255/24 in 16 bits, from which int16 LOGISTIC and TANH take their values.
enum SigmoidTable {
  /// Each entry is moved by half of what a straight line to the next one misses half a step on either side.
  static let entries: [UInt32] = (0..<256).map { index in
    // The last entry stands for all that is beyond it.
    if index == 255 { return 65535 }
    func exact(_ position: Double) -> Double { 65536 / (1 + exp(-position / 24)) }
    let position = Double(index)
    let missed = (exact(position - 0.5) + exact(position + 0.5)) / 2 - exact(position)
    return UInt32((exact(position) - missed / 2).rounded())
  }
}
