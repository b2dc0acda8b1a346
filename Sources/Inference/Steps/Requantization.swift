import CKernels
import FixedPoint
import TFLite

/// How the sums of one layer become int8, in the form that the kernels read.
///
/// The memory behind the pointers is never changed; hence safe to share.
struct Requantization: @unchecked Sendable {
  private let memory: AlignedMemory
  private let columns: Int
  private let rounding: maskd_rounding
  private let zeroPoint: Int32
  private let range: ClosedRange<Int32>

  /// Lays bias, multiplier and shift of each column out, padded as the kernels want.
  init(
    bias: [Int32], multipliers: [FixedPointMultiplier], zeroPoint: Int32, range: ClosedRange<Int32>,
    rounding: maskd_rounding
  ) {
    columns = Self.padded(bias.count)
    memory = AlignedMemory(byteCount: 3 * columns * 4)
    let words = memory.elements(as: Int32.self)
    for column in bias.indices {
      words[column] = bias[column]
      words[columns + column] = multipliers[column].multiplier
      words[2 * columns + column] = multipliers[column].shift
    }
    self.zeroPoint = zeroPoint
    self.range = range
    self.rounding = rounding
  }

  var byteCount: Int { memory.byteCount }

  /// The kernels' own form.
  var parameters: maskd_requantization {
    let words = memory.elements(as: Int32.self)
    return maskd_requantization(
      bias: words, multiplier: words + columns, shift: words + 2 * columns, zero_point: zeroPoint,
      minimum: range.lowerBound, maximum: range.upperBound, rounding: rounding)
  }

  /// A number of columns rounded up to what the kernels may read.
  static func padded(_ columns: Int) -> Int {
    let unit = Int(MASKD_COLUMN_PAD)
    return (columns + unit - 1) / unit * unit
  }
}
