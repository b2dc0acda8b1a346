import TFLite

extension Sparsity {
  /// The dense form of a constant that holds only the elements which this layout names; nil where it does not fit.
  func densified(_ stored: Elements, shape: [Int]) -> Elements? {
    guard let count = elementCount(of: shape), let positions = densePositions(shape, limit: count),
      positions.count == stored.count
    else { return nil }
    switch stored {
    case .integers(let values):
      var dense = Array(repeating: 0, count: count)
      for (position, value) in zip(positions, values) { dense[position] = value }
      return .integers(dense)
    case .reals(let values):
      var dense = Array(repeating: Float(0), count: count)
      for (position, value) in zip(positions, values) { dense[position] = value }
      return .reals(dense)
    }
  }

  /// Where each stored element lies in the dense tensor, in the order in which they are stored.
  ///
  /// - Parameter limit: the elements of the dense tensor; no level of the layout can have more entries.
  private func densePositions(_ shape: [Int], limit: Int) -> [Int]? {
    var paths: [(coordinates: [Int], entry: Int)] = [([], 0)]
    for dimension in dimensions {
      var longer: [(coordinates: [Int], entry: Int)] = []
      for path in paths {
        switch dimension {
        case .dense(let size):
          guard size <= limit, longer.count + size <= limit else { return nil }
          longer += (0..<size).map { (path.coordinates + [$0], path.entry * size + $0) }
        case .sparse(let segments, let indices):
          guard path.entry + 1 < segments.count else { return nil }
          let range = Int(segments[path.entry])..<Int(segments[path.entry + 1])
          guard range.upperBound <= indices.count, longer.count + range.count <= limit else { return nil }
          longer += range.map { (path.coordinates + [Int(indices[$0])], $0) }
        }
      }
      paths = longer
    }
    let steps = strides(of: shape)
    var positions: [Int] = []
    for path in paths {
      guard let index = denseIndex(path.coordinates, rank: shape.count),
        zip(index, shape).allSatisfy({ $0 >= 0 && $0 < $1 })
      else { return nil }
      positions.append(zip(index, steps).reduce(0) { $0 + $1.0 * $1.1 })
    }
    return positions
  }

  /// Puts the coordinates, which are in traversal order, in the tensor's own: blocks widen their dimension.
  private func denseIndex(_ coordinates: [Int], rank: Int) -> [Int]? {
    guard traversalOrder.count == coordinates.count else { return nil }
    var index = Array(repeating: 0, count: rank)
    for (level, dimension) in traversalOrder.enumerated() where dimension < rank {
      index[dimension] = coordinates[level]
    }
    for (level, dimension) in traversalOrder.enumerated() where dimension >= rank {
      guard case .dense(let size) = dimensions[level], dimension - rank < blockMap.count else { return nil }
      let original = blockMap[dimension - rank]
      let (widened, overflow) = index[original].multipliedReportingOverflow(by: size)
      guard !overflow, widened <= largestElementCount else { return nil }
      index[original] = widened + coordinates[level]
    }
    return index
  }
}
