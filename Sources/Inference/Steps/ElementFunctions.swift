import FixedPoint

/// Calls `function` for each pair of elements of a run. Inlined with the function, it is a loop of which the compiler
/// makes vectors: the usual steps are written out.
@inline(__always)
func combine<Element>(
  count: Int, left: UnsafePointer<Element>, leftStep: Int, right: UnsafePointer<Element>, rightStep: Int,
  result: UnsafeMutablePointer<Element>, _ function: (Element, Element) -> Element
) {
  switch (leftStep, rightStep) {
  case (1, 1):
    for index in 0..<count { result[index] = function(left[index], right[index]) }
  case (1, 0):
    let second = right[0]
    for index in 0..<count { result[index] = function(left[index], second) }
  case (0, 1):
    let first = left[0]
    for index in 0..<count { result[index] = function(first, right[index]) }
  default:
    for index in 0..<count { result[index] = function(left[index * leftStep], right[index * rightStep]) }
  }
}

/// SQUARED_DIFFERENCE in float32.
struct FloatSquaredDifference: RunOperation {
  typealias Element = Float

  func apply(
    count: Int, left: UnsafePointer<Float>, leftStep: Int, right: UnsafePointer<Float>, rightStep: Int,
    result: UnsafeMutablePointer<Float>
  ) {
    combine(count: count, left: left, leftStep: leftStep, right: right, rightStep: rightStep, result: result) {
      ($0 - $1) * ($0 - $1)
    }
  }
}

/// MAXIMUM, MINIMUM in int8, by the raw values.
struct Int8Extremum: RunOperation {
  typealias Element = Int8

  let isMaximum: Bool

  func apply(
    count: Int, left: UnsafePointer<Int8>, leftStep: Int, right: UnsafePointer<Int8>, rightStep: Int,
    result: UnsafeMutablePointer<Int8>
  ) {
    if isMaximum {
      combine(count: count, left: left, leftStep: leftStep, right: right, rightStep: rightStep, result: result) {
        $0 > $1 ? $0 : $1
      }
    } else {
      combine(count: count, left: left, leftStep: leftStep, right: right, rightStep: rightStep, result: result) {
        $0 < $1 ? $0 : $1
      }
    }
  }
}

/// A function of two int8 values in fixed point.
protocol Int8PairFunction: Sendable {
  func callAsFunction(_ left: Int8, _ right: Int8) -> Int8
  /// The loop over a run, a requirement for the reason that `FloatFunction` gives.
  func map(
    count: Int, left: UnsafePointer<Int8>, leftStep: Int, right: UnsafePointer<Int8>, rightStep: Int,
    result: UnsafeMutablePointer<Int8>)
}

extension Int8PairFunction {
  func map(
    count: Int, left: UnsafePointer<Int8>, leftStep: Int, right: UnsafePointer<Int8>, rightStep: Int,
    result: UnsafeMutablePointer<Int8>
  ) {
    combine(count: count, left: left, leftStep: leftStep, right: right, rightStep: rightStep, result: result) {
      self($0, $1)
    }
  }
}

/// An operator in int8 that computes each pair. Where one operand is the same for all, it is a table instead.
struct Int8Pairs<Function: Int8PairFunction>: RunOperation {
  typealias Element = Int8

  let function: Function

  func apply(
    count: Int, left: UnsafePointer<Int8>, leftStep: Int, right: UnsafePointer<Int8>, rightStep: Int,
    result: UnsafeMutablePointer<Int8>
  ) {
    function.map(count: count, left: left, leftStep: leftStep, right: right, rightStep: rightStep, result: result)
  }
}

/// SQUARED_DIFFERENCE in int8: as SUB, with 7 bits below the unit.
struct QuantizedSquaredDifference: Int8PairFunction {
  let left: (scale: FixedPointMultiplier, zeroPoint: Int32)
  let right: (scale: FixedPointMultiplier, zeroPoint: Int32)
  let scale: FixedPointMultiplier
  let zeroPoint: Int32

  func callAsFunction(_ first: Int8, _ second: Int8) -> Int8 {
    let difference =
      left.scale.roundingTwice((Int32(first) - left.zeroPoint) << 7)
      &- right.scale.roundingTwice((Int32(second) - right.zeroPoint) << 7)
    return Int8(clamping: scale.roundingTwice(difference &* difference) &+ zeroPoint)
  }
}

/// PRELU in int8: one factor for what is at least 0, another times the slope for what is below.
struct QuantizedPrelu: Int8PairFunction {
  let zeroPoint: Int32
  let slopeZeroPoint: Int32
  let identity: FixedPointMultiplier
  let leak: FixedPointMultiplier
  let resultZeroPoint: Int32

  func callAsFunction(_ value: Int8, _ slope: Int8) -> Int8 {
    let offset = Int32(value) - zeroPoint
    let scaled =
      offset >= 0
      ? identity.roundingTwice(offset) : leak.roundingTwice(offset * (Int32(slope) - slopeZeroPoint))
    return Int8(clamping: scaled &+ resultZeroPoint)
  }
}
