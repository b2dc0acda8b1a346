import FixedPoint
import TFLite

// Functions of int16, which the reference kernels take from tables of a few hundred entries and straight lines between.
extension OperatorCall {
  /// LOGISTIC and TANH. The table is the logistic function at multiples of 1/24 in 16 bits.
  func sigmoidOfInt16(_ input: TensorValue, isTangent: Bool) throws(ReferenceError) -> TensorValue {
    guard try outputAffine(.int16) == Affine(scale: 1 / 32768, zeroPoint: 0) else {
      throw malformed("a result with the scale \(try outputAffine(.int16).scale), 1/32768 is needed")
    }
    let position = Self.tablePosition(scale: try affine(input).scale, isTangent: isTangent)
    let values = input.integers.map { value in
      let place = position(value)
      // A 512th of a table's step for the logistic function, a 256th for the tangent, which runs twice as fast.
      let bits = isTangent ? 8 : 9
      let (index, rest) = (abs(place) >> bits, abs(place) & ((1 << bits) - 1))
      var curve = isTangent ? 0xFFFF << bits : 0x7FFF << 10
      if index < 255 {
        curve = (Self.logistic(index) << bits) + rest * (Self.logistic(index + 1) - Self.logistic(index))
      }
      if isTangent {
        let half = 1 << 23
        return (place >= 0 ? curve - half + 128 : half - curve + 127) >> 8
      }
      return (place >= 0 ? curve + 512 : (1 << 25) - curve + 511) >> 10
    }
    return try result(type: .int16, shape: input.shape, elements: .integers(values))
  }

  /// Entry `index` of the table, moved by half of what a straight line over it would miss.
  private static func logistic(_ index: Int) -> Int {
    if index == 255 { return 65535 }
    func curve(_ x: Double) -> Double { 65536 / (1 + exponential(-x / 24)) }
    let x = Double(index)
    let missed = (curve(x - 0.5) + curve(x + 0.5)) / 2 - curve(x)
    return Int((curve(x) - missed / 2).rounded())
  }

  /// Steps of the input as 1/12288, by a multiplier of at most 16 bits that is cut off, and a rounding shift.
  private static func tablePosition(scale: Float, isTangent: Bool) -> (Int) -> Int {
    if scale == 0x1p-12 { return { 3 * $0 } }
    if isTangent, scale == 0x1p-11 { return { 6 * $0 } }
    var (multiplier, shift) = (Double(scale) * 12288, 0)
    while multiplier <= 32767.0 / 2, shift <= 30 { (multiplier, shift) = (multiplier * 2, shift + 1) }
    let whole = Int(multiplier)
    return { ($0 * whole + (shift > 0 ? 1 << (shift - 1) : 0)) >> shift }
  }

  /// A function through 513 samples, in single precision.
  func interpolated(_ input: TensorValue, _ transform: (Float) -> Float) throws(ReferenceError) -> TensorValue {
    let table = InterpolationTable(
      from: try affine(input).scale, offset: 0, to: try outputAffine(.int16).scale, transform)
    return try result(
      type: .int16, shape: input.shape, elements: .integers(input.integers.map { table.value(at: $0) }))
  }

  /// The softmax of a row in steps of 1/32768.
  func softmaxOfInt16(_ row: ArraySlice<Int>, scale: Float) -> [Int] {
    let unit = 1 / 65535.0
    let powers = InterpolationTable(from: 10 * unit, offset: -32767, to: 2 * unit) { (x: Double) in exponential(x) }
    let inverses = InterpolationTable(from: unit, offset: 32768, to: 2 * unit) { (x: Double) in 1 / (1 + x) }
    let multiplier = FixedPointMultiplier(real: Double(scale) / (10 * unit))
    let largest = row.max() ?? 0
    let exponentials = row.map { powers.value(at: max(multiplier.roundingTwice($0 - largest) + 32767, -32768)) }
    let sum = exponentials.reduce(0, +)
    let zeros = UInt32(sum).leadingZeroBitCount
    let normalized = ((sum << (zeros - 1)) + (1 << 13)) >> 14
    let inverse = inverses.value(at: min(normalized - 98304, 32767))
    let shift = 31 - zeros
    return exponentials.map { min(max(($0 * inverse + (1 << (shift - 1))) >> shift, 0), 32767) }
  }
}

/// 513 samples of a function over the range of int16, each moved by half of what the line to the next one misses.
private struct InterpolationTable {
  private var samples: [Int] = []

  init<Real: BinaryFloatingPoint>(from: Real, offset: Real, to: Real, _ function: (Real) -> Real) {
    let (first, last) = (from * (-32768 + offset), from * (32767 + offset))
    let step = (last - first) / 512
    let steps = 65536 / (to * 32767 - to * -32768)
    func rounded(_ value: Real) -> Real { value.rounded(.toNearestOrAwayFromZero) }
    // What is not a number, between infinities, becomes the least.
    func held(_ value: Real) -> Int { value.isNaN ? -32768 : Int(min(max(value, -32768), 32767)) }
    for index in 0..<512 {
      let x = first + Real(index) * step
      let sample = rounded(function(x) * steps)
      let line = rounded((function(first + Real(index + 1) * step) * steps + sample) / 2)
      samples.append(held(sample - rounded((line - rounded(function(x + step / 2) * steps)) / 2)))
    }
    samples.append(held(rounded(function(last) * steps)))
  }

  func value(at position: Int) -> Int {
    let (index, rest) = ((position >> 7) + 256, position & 127)
    // The slope is kept in 16 bits.
    let slope = Int(Int16(truncatingIfNeeded: samples[index + 1] - samples[index]))
    return Int(Int16(truncatingIfNeeded: samples[index] + ((slope * rest + 64) >> 7)))
  }
}
