import FixedPoint
import TFLite

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// ADD and SUB in int16: both operands brought to twice the larger scale with 15 more bits, as int8 with 20.
struct Int16Sum: RunOperation {
  typealias Element = Int16

  let left: FixedPointMultiplier
  let right: FixedPointMultiplier
  let result: FixedPointMultiplier
  let subtracts: Bool
  let range: ClosedRange<Int32>

  func apply(
    count: Int, left: UnsafePointer<Int16>, leftStep: Int, right: UnsafePointer<Int16>, rightStep: Int,
    result: UnsafeMutablePointer<Int16>
  ) {
    for index in 0..<count {
      let first = self.left.roundingTwice(Int32(left[index * leftStep]) << 15)
      let second = self.right.roundingTwice(Int32(right[index * rightStep]) << 15)
      let steps = self.result.roundingTwice(subtracts ? first &- second : first &+ second)
      result[index] = Int16(truncatingIfNeeded: min(max(steps, range.lowerBound), range.upperBound))
    }
  }
}

/// ADD and SUB in int16 where all scales are powers of two: one operand, the finer one, is shifted to the other's.
struct Int16ShiftedSum: RunOperation {
  typealias Element = Int16

  let leftShift: Int32
  let rightShift: Int32
  let subtracts: Bool
  let range: ClosedRange<Int32>

  func apply(
    count: Int, left: UnsafePointer<Int16>, leftStep: Int, right: UnsafePointer<Int16>, rightStep: Int,
    result: UnsafeMutablePointer<Int16>
  ) {
    for index in 0..<count {
      let first = roundingRightShift(Int32(left[index * leftStep]), by: leftShift)
      let second = roundingRightShift(Int32(right[index * rightStep]), by: rightShift)
      let steps = subtracts ? first - second : first + second
      result[index] = Int16(truncatingIfNeeded: min(max(steps, range.lowerBound), range.upperBound))
    }
  }
}

/// MUL in int16.
struct Int16Product: RunOperation {
  typealias Element = Int16

  let scale: FixedPointMultiplier
  let range: ClosedRange<Int32>

  func apply(
    count: Int, left: UnsafePointer<Int16>, leftStep: Int, right: UnsafePointer<Int16>, rightStep: Int,
    result: UnsafeMutablePointer<Int16>
  ) {
    for index in 0..<count {
      let steps = scale.roundingTwice(Int32(left[index * leftStep]) * Int32(right[index * rightStep]))
      result[index] = Int16(truncatingIfNeeded: min(max(steps, range.lowerBound), range.upperBound))
    }
  }
}

/// MAXIMUM, MINIMUM in int16, by the raw values.
struct Int16Extremum: RunOperation {
  typealias Element = Int16

  let isMaximum: Bool

  func apply(
    count: Int, left: UnsafePointer<Int16>, leftStep: Int, right: UnsafePointer<Int16>, rightStep: Int,
    result: UnsafeMutablePointer<Int16>
  ) {
    for index in 0..<count {
      let (first, second) = (left[index * leftStep], right[index * rightStep])
      result[index] = isMaximum ? max(first, second) : min(first, second)
    }
  }
}

extension Compiler {
  mutating func compileInt16Sum(
    _ node: Node, _ operands: BinaryOperands, subtracts: Bool
  ) throws(CompilationError) {
    let result = try define(of: node, type: .int16, shape: operands.shape)
    let (left, right) = (try int16Scale(of: operands.left, node), try int16Scale(of: operands.right, node))
    let to = try int16Scale(of: result, node)
    let range = try int16Range(node.arithmeticActivation, scale: to, node)
    if let shifts = try shiftsOfPowers(left: left, right: right, result: to, node) {
      let operation = Int16ShiftedSum(
        leftShift: shifts.left, rightShift: shifts.right, subtracts: subtracts, range: range)
      try emit(operation, operands, result: result)
      return
    }
    let common = Double(2 * max(left, right))
    let operation = Int16Sum(
      left: try multiplier(Double(left) / common, node), right: try multiplier(Double(right) / common, node),
      result: try multiplier(common / Double(Float(1 << 15) * to), node), subtracts: subtracts, range: range)
    try emit(operation, operands, result: result)
  }

  /// How far each operand is shifted where all three scales are powers of two, which the reference treats apart.
  private func shiftsOfPowers(
    left: Float, right: Float, result: Float, _ node: Node
  ) throws(CompilationError) -> (left: Int32, right: Int32)? {
    if case .arithmetic(_, shiftsPowersOfTwo: false) = node.options { return nil }
    guard let first = Self.powerOfTwo(left), let second = Self.powerOfTwo(right), let third = Self.powerOfTwo(result)
    else { return nil }
    let (leftShift, rightShift) = (third - first, third - second)
    try node.checkType(
      leftShift >= 0 && rightShift >= 0 && (leftShift == 0 || rightShift == 0) && max(leftShift, rightShift) <= 15,
      "scales that are powers of two must be that of the result, but for one finer operand")
    return (leftShift, rightShift)
  }

  /// The exponent of a scale that is a power of two, to the precision that the reference asks for.
  static func powerOfTwo(_ scale: Float) -> Int32? {
    let exponent = Double(scale).logarithmOfTwo
    let nearest = exponent.rounded(.toNearestOrAwayFromZero)
    return abs(exponent - nearest) < 1e-3 ? Int32(nearest) : nil
  }

  mutating func compileInt16Product(_ node: Node, _ operands: BinaryOperands) throws(CompilationError) {
    let result = try define(of: node, type: .int16, shape: operands.shape)
    let to = try int16Scale(of: result, node)
    let scale = try int16Scale(of: operands.left, node) * int16Scale(of: operands.right, node) / to
    let operation = Int16Product(
      scale: try multiplier(Double(scale), node), range: try int16Range(node.arithmeticActivation, scale: to, node))
    try emit(operation, operands, result: result)
  }

  mutating func compileInt16Extremum(
    _ node: Node, _ operands: BinaryOperands, isMaximum: Bool
  ) throws(CompilationError) {
    let result = try define(of: node, type: .int16, shape: operands.shape)
    try emit(Int16Extremum(isMaximum: isMaximum), operands, result: result)
  }
}

extension Double {
  fileprivate var logarithmOfTwo: Double { log2(self) }
}
