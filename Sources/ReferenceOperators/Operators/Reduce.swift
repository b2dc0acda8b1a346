import FixedPoint
import TFLite

extension OperatorCall {
  /// MEAN. Quantized: the number of elements goes into the multiplier, cut off, with as many bits as fit.
  func mean() throws(ReferenceError) -> [TensorValue] {
    let groups = try reduction()
    switch groups.input.type {
    case .float32:
      let means = groups.reals.map { $0.reduce(0, +) / Float($0.count) }
      return [try result(type: .float32, shape: groups.shape, elements: .reals(means))]
    case .int8, .uint8, .int16:
      let (from, to) = (try affine(groups.input), try outputAffine(groups.input.type))
      let multiplier = meanMultiplier(FixedPointMultiplier(real: Double(from.scale) / Double(to.scale)), groups.size)
      return [try scaledSums(groups, multiplier, from, to)]
    case .int32, .int64:
      let means = groups.integers.map { $0.reduce(0, &+) / $0.count }
      return [try result(type: groups.input.type, shape: groups.shape, elements: .integers(means))]
    default: throw unsupported("an input of type \(groups.input.type)")
    }
  }

  /// SUM. The reference kernel is known to be wrong for int8, where this is what the optimised kernel gives.
  func sum() throws(ReferenceError) -> [TensorValue] {
    let groups = try reduction()
    switch groups.input.type {
    case .float32:
      return [try result(type: .float32, shape: groups.shape, elements: .reals(groups.reals.map { $0.reduce(0, +) }))]
    case .uint8, .int16:
      let (from, to) = (try affine(groups.input), try outputAffine(groups.input.type))
      let multiplier = FixedPointMultiplier(real: Double(from.scale) / Double(to.scale))
      return [try scaledSums(groups, multiplier, from, to)]
    case .int8:
      let (from, to) = (try affine(groups.input), try outputAffine(.int8))
      let bounds = try bounds(.none, .int8, to)
      let scale = from.scale / to.scale
      let bias = -Float(from.zeroPoint) * scale * Float(groups.size)
      let sums = groups.integers.map { values in
        bounds.clamp(roundedToInt32(Float(values.reduce(0, +)) * scale + bias) + to.zeroPoint)
      }
      return [try result(type: .int8, shape: groups.shape, elements: .integers(sums))]
    case .int32, .int64:
      let sums = groups.integers.map { values in
        let sum = values.reduce(0, &+)
        return groups.input.type == .int32 ? Int(Int32(truncatingIfNeeded: sum)) : sum
      }
      return [try result(type: groups.input.type, shape: groups.shape, elements: .integers(sums))]
    default: throw unsupported("an input of type \(groups.input.type)")
    }
  }

  /// REDUCE_MAX. Quantized elements are compared as they are.
  func reduceMax() throws(ReferenceError) -> [TensorValue] {
    [try extreme(float: { $0.reduce(-.greatestFiniteMagnitude, max) }, integer: { $0.reduce(.min, max) })]
  }

  /// REDUCE_MIN. Quantized elements are compared as they are.
  func reduceMin() throws(ReferenceError) -> [TensorValue] {
    [try extreme(float: { $0.reduce(.greatestFiniteMagnitude, min) }, integer: { $0.reduce(.max, min) })]
  }

  private func extreme(float: ([Float]) -> Float, integer: ([Int]) -> Int) throws(ReferenceError) -> TensorValue {
    let groups = try reduction()
    let elements: Elements =
      groups.input.type == .float32 ? .reals(groups.reals.map(float)) : .integers(groups.integers.map(integer))
    return try result(type: groups.input.type, shape: groups.shape, elements: elements)
  }

  private func meanMultiplier(_ multiplier: FixedPointMultiplier, _ count: Int) -> FixedPointMultiplier {
    // floor(log2(count)) bits are free below the multiplier; no more than leave a shift of -31 at least.
    let shift = min(Int.bitWidth - 1 - count.leadingZeroBitCount, 32, 31 + Int(multiplier.shift))
    let quotient = (Int64(multiplier.multiplier) << Int64(shift)) / Int64(count)
    return FixedPointMultiplier(multiplier: Int32(truncatingIfNeeded: quotient), shift: multiplier.shift - Int32(shift))
  }

  private func scaledSums(
    _ groups: Reduction, _ multiplier: FixedPointMultiplier, _ from: Affine, _ to: Affine
  ) throws(ReferenceError) -> TensorValue {
    let bounds = try bounds(.none, groups.input.type, to)
    let values = groups.integers.map { values in
      bounds.clamp(multiplier.roundingTwice(values.reduce(0, +) - from.zeroPoint * groups.size) + to.zeroPoint)
    }
    return try result(type: groups.input.type, shape: groups.shape, elements: .integers(values))
  }

  private func reduction() throws(ReferenceError) -> Reduction {
    guard case .reduce(let keepDimensions) = options else { throw malformed("it has no options") }
    let input = try input(0)
    var axes: Set<Int> = []
    for number in try integers(1) where !input.shape.isEmpty { axes.insert(try axis(number, rank: input.shape.count)) }
    guard input.elements.count > 0 else { throw malformed("an input \(input.shape) without elements") }
    return Reduction(input: input, axes: axes, keepDimensions: keepDimensions)
  }
}

/// The elements of a tensor in groups, one for each element of the result.
private struct Reduction {
  let input: TensorValue
  let shape: [Int]
  /// How many elements a group has.
  let size: Int
  private let positions: [[Int]]

  init(input: TensorValue, axes: Set<Int>, keepDimensions: Bool) {
    self.input = input
    let kept = input.shape.indices.map { axes.contains($0) ? 1 : input.shape[$0] }
    shape = keepDimensions ? kept : input.shape.indices.filter { !axes.contains($0) }.map { input.shape[$0] }
    var groups: [[Int]] = Array(repeating: [], count: kept.reduce(1, *))
    for (position, group) in Broadcast.positions(of: kept, in: input.shape).enumerated() {
      groups[group].append(position)
    }
    positions = groups
    size = input.elements.count / groups.count
  }

  var reals: [[Float]] { positions.map { $0.map { input.reals[$0] } } }
  var integers: [[Int]] { positions.map { $0.map { input.integers[$0] } } }
}
