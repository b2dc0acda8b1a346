/// Where a tie goes.
enum Ties {
  case upwards
  case awayFromZero
}

/// The integer nearest to `numerator / denominator`, found by trying: no shift and no added half as in the code tested.
func nearest(_ numerator: Int128, dividedBy denominator: Int128, ties: Ties) -> Int128 {
  let quotient = numerator / denominator
  let candidates = [quotient - 1, quotient, quotient + 1]
  let distances = candidates.map { ($0 * denominator - numerator).magnitude }
  let least = min(distances[0], distances[1], distances[2])
  let closest = zip(candidates, distances).filter { $0.1 == least }.map(\.0)
  let upper = closest[closest.count - 1]
  if closest.count == 1 || ties == .upwards || numerator > 0 { return upper }
  return closest[0]
}

/// A small generator with a fixed course, so that a failure can be repeated.
struct SplitMix64 {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Any 32 bits, with small numbers and the ends often among them.
  mutating func nextValue() -> Int32 {
    let bits = next()
    switch bits & 7 {
    case 0: return Int32(truncatingIfNeeded: bits >> 8) >> 24
    case 1: return bits & 8 == 0 ? .max : .min
    default: return Int32(truncatingIfNeeded: bits >> 32)
    }
  }
}
