import CKernels
import FixedPoint
import TFLite

/// What takes the sums of each column to steps of the result, and how that is rounded.
enum Rescaling: Sendable {
  /// Twice in fixed point: convolutions.
  case twice([FixedPointMultiplier])
  /// Once, as a real number: FULLY_CONNECTED.
  case once([RealMultiplier])

  /// What belongs to some of the columns.
  subscript(columns: Range<Int>) -> Rescaling {
    switch self {
    case .twice(let multipliers): .twice(Array(multipliers[columns]))
    case .once(let multipliers): .once(Array(multipliers[columns]))
    }
  }
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
  /// A bias, a scale and an addend for each column, with which results need no check.
  private var proof: AlignedMemory?

  /// Whether the kernels' shorter way is open.
  private static func areSmall(_ shifts: some Sequence<Int32>) -> Bool {
    shifts.allSatisfy { (-22 ... -1).contains($0) }
  }

  /// Lays the bias and the factors of each column out, padded as the kernels want.
  ///
  /// `hasOffset` says that the result is stored with the activation offset.
  ///
  /// They are laid out in `memory`, which has the bytes that `byteCount(columns:)` says, or in memory of their own.
  init(
    bias: [Int32], rescaling: Rescaling, zeroPoint: Int32, range: ClosedRange<Int32>, hasOffset: Bool,
    in memory: AlignedMemory? = nil
  ) {
    resultFlip = hasOffset ? 0x80 : 0
    columns = Self.padded(bias.count)
    self.zeroPoint = zeroPoint
    self.range = range
    self.memory = memory ?? AlignedMemory(byteCount: Self.byteCount(columns: bias.count))
    let memory = self.memory
    let words = memory.elements(as: Int32.self)
    for column in bias.indices { words[column] = bias[column] }
    switch rescaling {
    case .twice(let multipliers):
      rounding = MASKD_ROUND_TWICE
      shiftsRight = Self.areSmall(multipliers.lazy.map(\.shift))
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

  /// Takes what the other initializer laid out once, from a cache. Factors that no kernel may be given are refused, and
  /// are zeros here.
  init(
    filled memory: AlignedMemory, proof: AlignedMemory? = nil, columns count: Int, rounding: maskd_rounding,
    layer: QuantizedLayer, hasOffset: Bool, packed: inout PackedConstants
  ) {
    resultFlip = hasOffset ? 0x80 : 0
    columns = Self.padded(count)
    zeroPoint = layer.result.zeroPoint
    range = layer.range
    self.rounding = rounding
    let factors = UnsafeRawBufferPointer(start: memory.start + columns * 4, count: columns * 8)
    let isUsable: Bool
    if rounding == MASKD_ROUND_ONCE {
      isUsable = factors.assumingMemoryBound(to: Double.self).allSatisfy { $0 >= 0 && $0.isFinite }
      shiftsRight = false
    } else {
      let words = factors.assumingMemoryBound(to: Int32.self)
      let shifts = words.suffix(columns)
      isUsable =
        words.prefix(columns).allSatisfy { $0 == 0 || $0 >= 1 << 30 } && shifts.allSatisfy { (-31...30).contains($0) }
      shiftsRight = isUsable && Self.areSmall(shifts.prefix(count))
    }
    if !isUsable { packed.refuse() }
    self.proof = shiftsRight ? proof : nil
    self.memory = isUsable ? memory : AlignedMemory(byteCount: memory.byteCount)
  }

  var byteCount: Int { memory.byteCount + (proof?.byteCount ?? 0) }

  /// Whether a layer is to have its rounding proven. There is a proof where the activation begins at the zero point, and
  /// rounding is a good part of the work where not many products lie behind a result. Proofs are made when a layer is
  /// packed: MobileNetV2 0.5 at 96 pixels, with many columns for few results, loads a fifth to a quarter longer for those
  /// of fewer than 128 results, and has that back within some hundred runs.
  static func gainsFromProof(
    rows: Int, products: Int, layer: QuantizedLayer, rounding: maskd_rounding, table: KernelTable
  ) -> Bool {
    rows >= 8 && products <= 576 && layer.weightZeroPoint == 0 && rounding == MASKD_ROUND_TWICE
      && layer.range.lowerBound >= layer.result.zeroPoint && table.pointer.pointee.prove_rounding != nil
  }

  /// Looks for constants whose rounding is proven and lays them out in `memory`, which has the bytes that
  /// `byteCount(columns:)` says.
  mutating func prove(in memory: AlignedMemory, weights: WeightSums, table: KernelTable) {
    guard shiftsRight, let prove = table.pointer.pointee.prove_rounding else { return }
    let bias = memory.elements(as: Int32.self)
    let scales = UnsafeMutableRawPointer(bias + columns).assumingMemoryBound(to: Float.self)
    var epilogue = parameters
    prove(weights.sums.count, weights.sums, weights.magnitudes, &epilogue, bias, scales, scales + columns)
    proof = memory
  }

  /// The bias, then a multiplier and a shift or one double, which take the same space.
  static func byteCount(columns: Int) -> Int { 3 * padded(columns) * 4 }

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
    if let proof {
      let bias = proof.elements(as: Int32.self)
      let scales = UnsafeRawPointer(bias + columns).assumingMemoryBound(to: Float.self)
      epilogue.proven_bias = UnsafePointer(bias)
      epilogue.proven_scale = scales
      epilogue.proven_addend = scales + columns
    }
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
