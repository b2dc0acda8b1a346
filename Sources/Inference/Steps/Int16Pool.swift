import FixedPoint
import TFLite

/// AVERAGE_POOL_2D, MAX_POOL_2D in int16: rows of the result.
struct Int16Pool: Step {
  let source: Operand
  let result: Operand
  let window: Window
  let channels: Int
  let isAverage: Bool
  let range: ClosedRange<Int32>

  var partCount: Int { window.batches * window.outputHeight }
  var scratchByteCount: Int { window.tapsInside * MemoryLayout<Int>.stride }

  func run(_ parts: Range<Int>, in arena: Arena) {
    let input = UnsafePointer(arena.elements(source, as: Int16.self))
    let pointers = arena.scratch.assumingMemoryBound(to: UnsafePointer<Int16>?.self)
    for part in parts {
      for x in 0..<window.outputWidth {
        let target = arena.elements(result, as: Int16.self) + (part * window.outputWidth + x) * channels
        let taps = window.pointInside(pointers, input, channels: channels, row: part, x: x)
        for channel in 0..<channels {
          let value = isAverage ? average(pointers, taps, channel) : maximum(pointers, taps, channel)
          target[channel] = Int16(truncatingIfNeeded: min(max(value, Int(range.lowerBound)), Int(range.upperBound)))
        }
      }
    }
  }

  /// Ties go away from zero.
  private func average(_ pointers: UnsafePointer<UnsafePointer<Int16>?>, _ taps: Int, _ channel: Int) -> Int {
    var sum = 0
    for tap in 0..<taps { sum += Int(pointers[tap].unsafelyUnwrapped[channel]) }
    return (sum > 0 ? sum + taps / 2 : sum - taps / 2) / taps
  }

  private func maximum(_ pointers: UnsafePointer<UnsafePointer<Int16>?>, _ taps: Int, _ channel: Int) -> Int {
    var largest = Int(Int16.min)
    for tap in 0..<taps { largest = max(largest, Int(pointers[tap].unsafelyUnwrapped[channel])) }
    return largest
  }
}

/// MEAN and SUM in int16: as in int8, in 32 bits.
struct Int16Mean: ReductionOperation {
  let scale: FixedPointMultiplier
  var initial: Int32 { 0 }
  func combine(_ sum: Int32, _ element: Int16) -> Int32 { sum &+ Int32(element) }
  func finish(_ sum: Int32) -> Int16 { Int16(clamping: scale.roundingTwice(sum)) }
}
