import CKernels
import FixedPoint
import TFLite

/// What takes the sums of each column to steps of the result, and how that is rounded.
enum Rescaling: Sendable {
  /// Twice in fixed point: convolutions.
  case twice([FixedPointMultiplier])
  /// Once, as a real number: FULLY_CONNECTED.
  case once([RealMultiplier])
}

/// How the sums of one layer become int8, in the form that the kernels read.
///
/// The memory behind the pointers is never changed; hence safe to share.
struct Requantization: @unchecked Sendable {
  private let memory: AlignedMemory
  private let columns: Int
  private let rounding: maskd_rounding
  private let shiftsRight: Bool
  private let resultFlip: UInt8
  private let zeroPoint: Int32
  private let range: ClosedRange<Int32>

  /// Lays the bias and the factors of each column out, padded as the kernels want.
  ///
  /// `hasOffset` says that the result is stored with the activation offset.
  init(bias: [Int32], rescaling: Rescaling, zeroPoint: Int32, range: ClosedRange<Int32>, hasOffset: Bool) {
    resultFlip = hasOffset ? 0x80 : 0
    columns = Self.padded(bias.count)
    self.zeroPoint = zeroPoint
    self.range = range
    // The bias, then a multiplier and a shift or one double, which take the same space.
    memory = AlignedMemory(byteCount: 3 * columns * 4)
    let words = memory.elements(as: Int32.self)
    for column in bias.indices { words[column] = bias[column] }
    switch rescaling {
    case .twice(let multipliers):
      rounding = MASKD_ROUND_TWICE
      shiftsRight = multipliers.allSatisfy { (-22 ... -1).contains($0.shift) }
      for column in bias.indices {
        words[columns + column] = multipliers[column].multiplier
        words[2 * columns + column] = multipliers[column].shift
      }
    case .once(let multipliers):
      rounding = MASKD_ROUND_ONCE
      shiftsRight = false
      let scales = UnsafeMutableRawPointer(words + columns).assumingMemoryBound(to: Double.self)
      for column in bias.indices { scales[column] = multipliers[column].real }
    }
  }

  var byteCount: Int { memory.byteCount }

  /// The kernels' own form.
  var parameters: maskd_epilogue {
    let words = memory.elements(as: Int32.self)
    let scales = UnsafeRawPointer(words + columns).assumingMemoryBound(to: Double.self)
    let roundsOnce = rounding == MASKD_ROUND_ONCE
    var epilogue = maskd_epilogue()
    epilogue.bias = UnsafePointer(words)
    epilogue.multiplier = roundsOnce ? nil : UnsafePointer(words + columns)
    epilogue.shift = roundsOnce ? nil : UnsafePointer(words + 2 * columns)
    epilogue.shifts_right = shiftsRight
    epilogue.scale = roundsOnce ? UnsafePointer(scales) : nil
    epilogue.zero_point = zeroPoint
    epilogue.minimum = range.lowerBound
    epilogue.maximum = range.upperBound
    epilogue.result_flip = resultFlip
    epilogue.rounding = rounding
    return epilogue
  }

  /// A number of columns rounded up to what the kernels may read.
  static func padded(_ columns: Int) -> Int {
    let unit = Int(MASKD_COLUMN_PAD)
    return (columns + unit - 1) / unit * unit
  }
}
