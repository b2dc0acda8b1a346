import TFLite

extension OperatorCall {
  /// STRIDED_SLICE: from begin to end in steps, along each dimension; steps may be negative.
  func stridedSlice() throws(ReferenceError) -> [TensorValue] {
    guard case .stridedSlice(let options) = options else { throw malformed("it has no options") }
    let input = try input(0)
    let (begin, end, steps) = (try integers(1), try integers(2), try integers(3))
    guard begin.count == end.count, begin.count == steps.count, begin.count < 32, !steps.contains(0) else {
      throw malformed("a begin \(begin), an end \(end) and steps \(steps)")
    }
    let entries = try sliceEntries(options, count: begin.count, rank: input.shape.count)
    var shape: [Int] = []
    var walks: [[Int]] = []
    let inputStrides = strides(of: input.shape)
    var axis = 0
    for entry in entries {
      if case .newDimension = entry {
        shape.append(1)
        continue
      }
      var walk = Array(0..<input.shape[axis])
      if case .range(let position) = entry {
        walk = try places(
          options, position, begin: begin[position], end: end[position], step: steps[position], size: input.shape[axis])
      }
      if case .range(let position) = entry, options.shrinkAxisMask & (1 << position) != 0 {
        guard walk.count == 1 else {
          throw malformed("place \(begin[position]) of dimension \(axis) of \(input.shape)")
        }
      } else {
        shape.append(walk.count)
      }
      walks.append(walk.map { $0 * inputStrides[axis] })
      axis += 1
    }
    let positions = Indices(of: walks.map(\.count)).map { index in
      zip(index, walks).reduce(0) { $0 + $1.1[$1.0] }
    }
    return [try result(type: input.type, shape: shape, elements: input.elements.picked(positions))]
  }

  /// What happens to one dimension of the input, or before it.
  private enum SliceEntry {
    case whole
    case newDimension
    /// Begin, end and step number `position`.
    case range(position: Int)
  }

  /// Puts the ellipsis in place of all dimensions that no position names; without one they follow at the end.
  private func sliceEntries(
    _ options: StridedSliceOptions, count: Int, rank: Int
  ) throws(ReferenceError) -> [SliceEntry] {
    let isEllipsis = { (position: Int) in options.ellipsisMask & (1 << position) != 0 }
    let isNew = { (position: Int) in !isEllipsis(position) && options.newAxisMask & (1 << position) != 0 }
    let named = (0..<count).filter { !isEllipsis($0) && !isNew($0) }.count
    guard named <= rank, (0..<count).filter(isEllipsis).count <= 1 else {
      throw malformed("\(named) ranges of an input with \(rank) dimensions")
    }
    let rest = Array(repeating: SliceEntry.whole, count: rank - named)
    var entries: [SliceEntry] = []
    for position in 0..<count {
      if isEllipsis(position) {
        entries += rest
      } else {
        entries.append(isNew(position) ? .newDimension : .range(position: position))
      }
    }
    return (0..<count).contains(where: isEllipsis) ? entries : entries + rest
  }

  /// The places along one dimension that a slice takes.
  private func places(
    _ options: StridedSliceOptions, _ position: Int, begin: Int, end: Int, step: Int, size: Int
  ) throws(ReferenceError) -> [Int] {
    guard size > 0 else { return [] }
    let range = step > 0 ? Bounds(lower: 0, upper: size) : Bounds(lower: -1, upper: size - 1)
    let ignoresBegin = options.beginMask & (1 << position) != 0
    let start = ignoresBegin ? (step > 0 ? 0 : size - 1) : range.clamp(begin < 0 ? begin + size : begin)
    if options.shrinkAxisMask & (1 << position) != 0 { return start >= 0 && start < size ? [start] : [] }
    let last = options.offset ? end + start : end
    let ignoresEnd = options.endMask & (1 << position) != 0
    let stop = ignoresEnd ? (step > 0 ? size : -1) : range.clamp(last < 0 ? last + size : last)
    return Array(stride(from: start, to: stop, by: step))
  }
}
