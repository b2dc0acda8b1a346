/// Two tensors brought to one shape: dimensions match from the last, and one of size 1 is repeated.
struct Broadcast {
  let shape: [Int]
  private let firstPositions: [Int]
  private let secondPositions: [Int]

  init?(_ first: [Int], _ second: [Int]) {
    guard let shape = Self.shape(first, second), elementCount(of: shape) != nil else { return nil }
    self.shape = shape
    firstPositions = Self.positions(of: first, in: shape)
    secondPositions = Self.positions(of: second, in: shape)
  }

  /// `combine` of each pair of elements.
  func map<Element, Result>(
    _ first: [Element], _ second: [Element], _ combine: (Element, Element) -> Result
  ) -> [Result] {
    zip(firstPositions, secondPositions).map { combine(first[$0], second[$1]) }
  }

  /// The common shape, or nil where there is none.
  static func shape(_ first: [Int], _ second: [Int]) -> [Int]? {
    let rank = max(first.count, second.count)
    let a = Array(repeating: 1, count: rank - first.count) + first
    let b = Array(repeating: 1, count: rank - second.count) + second
    guard zip(a, b).allSatisfy({ $0 == $1 || $0 == 1 || $1 == 1 }) else { return nil }
    return zip(a, b).map { $0 == 1 ? $1 : $0 }
  }

  /// For each element of `shape`, the position of the element of `operand` that stands there.
  static func positions(of operand: [Int], in shape: [Int]) -> [Int] {
    if operand == shape { return Array(0..<shape.reduce(1, *)) }
    let missing = shape.count - operand.count
    let steps =
      Array(repeating: 0, count: missing) + zip(operand, strides(of: operand)).map { $0 == 1 ? 0 : $1 }
    return Indices(of: shape).map { index in zip(index, steps).reduce(0) { $0 + $1.0 * $1.1 } }
  }
}
