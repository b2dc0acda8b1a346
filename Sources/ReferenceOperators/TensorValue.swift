import TFLite

/// The elements of a tensor while it is computed: any integer type (and bool) as `Int`, any float type as `Float`.
enum Elements: Equatable {
  case integers([Int])
  case reals([Float])

  var count: Int {
    switch self {
    case .integers(let values): values.count
    case .reals(let values): values.count
    }
  }

  /// The elements at `positions`, in that order.
  func picked(_ positions: [Int]) -> Elements {
    switch self {
    case .integers(let values): .integers(positions.map { values[$0] })
    case .reals(let values): .reals(positions.map { values[$0] })
    }
  }
}

/// A tensor with its elements, row by row, the last dimension fastest.
struct TensorValue {
  var name: String
  var type: ElementType
  var shape: [Int]
  var quantization: Quantization?
  var elements: Elements

  /// The integers, or nothing in a float tensor.
  var integers: [Int] {
    if case .integers(let values) = elements { values } else { [] }
  }

  /// The floats, or nothing in an integer tensor.
  var reals: [Float] {
    if case .reals(let values) = elements { values } else { [] }
  }

  /// Whether the type is one of the 8-bit types that stand for reals.
  var isQuantized8: Bool { type == .int8 || type == .uint8 }

  /// Whether the type is one of those that stand for reals.
  var isQuantized: Bool { isQuantized8 || type == .int16 }

  /// What the type and shape are, for messages.
  var summary: String { "\(type) \(shape)" }
}

/// The most elements that a tensor may have here: enough for any classifier, small enough for a test machine.
let largestElementCount = 1 << 28

/// The product of the dimensions, or nil where one is negative or the product is beyond the limit.
func elementCount(of shape: [Int]) -> Int? {
  var count = 1
  for dimension in shape {
    let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
    guard dimension >= 0, !overflow, product <= largestElementCount else { return nil }
    count = product
  }
  return count
}

/// How far apart neighbours along each dimension lie.
func strides(of shape: [Int]) -> [Int] {
  var strides = Array(repeating: 1, count: shape.count)
  for axis in shape.indices.dropLast().reversed() {
    strides[axis] = strides[axis + 1] * shape[axis + 1]
  }
  return strides
}

/// Every index of a tensor of that shape, in the order of its elements.
struct Indices: Sequence, IteratorProtocol {
  private let shape: [Int]
  private var upcoming: [Int]?

  init(of shape: [Int]) {
    self.shape = shape
    upcoming = shape.contains(0) ? nil : Array(repeating: 0, count: shape.count)
  }

  mutating func next() -> [Int]? {
    guard let index = upcoming else { return nil }
    var following = index
    for axis in shape.indices.reversed() {
      following[axis] += 1
      if following[axis] < shape[axis] {
        upcoming = following
        return index
      }
      following[axis] = 0
    }
    upcoming = nil
    return index
  }
}
