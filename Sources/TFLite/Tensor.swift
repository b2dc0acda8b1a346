/// The type of a tensor's elements, with the number that the schema gives it.
public enum ElementType: Int, Sendable, CaseIterable {
  case float32 = 0
  case float16 = 1
  case int32 = 2
  case uint8 = 3
  case int64 = 4
  case string = 5
  case bool = 6
  case int16 = 7
  case complex64 = 8
  case int8 = 9
  case float64 = 10
  case complex128 = 11
  case uint64 = 12
  case resource = 13
  case variant = 14
  case uint32 = 15
  case uint16 = 16
  case int4 = 17
  case bfloat16 = 18

  /// Bytes of one element; nil where elements have no fixed whole number of bytes.
  public var byteCount: Int? {
    switch self {
    case .int8, .uint8, .bool: 1
    case .int16, .uint16, .float16, .bfloat16: 2
    case .float32, .int32, .uint32: 4
    case .float64, .int64, .uint64, .complex64: 8
    case .complex128: 16
    case .string, .resource, .variant, .int4: nil
    }
  }
}

/// How integers stand for real numbers: `real = scale * (integer - zeroPoint)`.
public struct Quantization: Sendable, Equatable {
  /// One scale for the whole tensor, or one for each index along `axis`.
  public let scales: [Float]
  /// The zero points as they are, or one that stands for all: there are thousands in some models, and all zero.
  private let keptZeroPoints: [Int64]
  /// The dimension that `scales` run along; without use where there is one scale.
  public let axis: Int

  /// Makes a quantization; the two arrays have the same count, at least one.
  public init(scales: [Float], zeroPoints: [Int64], axis: Int) {
    self.scales = scales
    self.axis = axis
    let areSame = zeroPoints.count == scales.count && zeroPoints.allSatisfy { $0 == zeroPoints[0] }
    keptZeroPoints = areSame ? Array(zeroPoints.prefix(1)) : zeroPoints
  }

  /// As many zero points as scales.
  public var zeroPoints: [Int64] {
    keptZeroPoints.count == 1 ? Array(repeating: keptZeroPoints[0], count: scales.count) : keptZeroPoints
  }

  /// The zero point of all scales; nil where they differ.
  public var commonZeroPoint: Int64? { keptZeroPoints.count == 1 ? keptZeroPoints[0] : nil }

  /// Whether there is a scale of its own for each index along `axis`.
  public var isPerAxis: Bool { scales.count > 1 }
}

/// How a sparse constant is stored (the schema's SparsityParameters); `DENSIFY` and sparse weights use it.
public struct Sparsity: Sendable, Equatable {
  /// The format of one dimension in the traversal order.
  public enum Dimension: Sendable, Equatable {
    /// All indices are stored.
    case dense(size: Int)
    /// Compressed sparse rows: `segments[i]..<segments[i + 1]` index into `indices`.
    case sparse(segments: [Int32], indices: [Int32])
  }

  /// The order in which the original and block dimensions are walked.
  public let traversalOrder: [Int]
  /// For each block dimension the original dimension that it splits.
  public let blockMap: [Int]
  /// One entry for each dimension of `traversalOrder`.
  public let dimensions: [Dimension]

  /// Makes the description of a sparse constant.
  public init(traversalOrder: [Int], blockMap: [Int], dimensions: [Dimension]) {
    self.traversalOrder = traversalOrder
    self.blockMap = blockMap
    self.dimensions = dimensions
  }
}

/// A tensor as the file declares it.
public struct Tensor: Sendable {
  /// The name in the file; it may be empty and need not be unique.
  public let name: String
  /// The declared element type. It may be false between operators: see the operators' own rules.
  public let type: ElementType
  /// The declared sizes, outermost first; empty for a scalar, or where `hasShape` is false.
  public let shape: [Int]
  /// False where the file gives no shape at all: a scalar, or a shape known only from the operator that writes it.
  public let hasShape: Bool
  /// The shape with -1 for a dimension that the caller may choose; nil where the file has none.
  public let shapeSignature: [Int]?
  /// Where the constant bytes lie in `Model.bytes`; nil for a computed tensor.
  public let constant: Range<Int>?
  /// How integers stand for reals; nil where the file says nothing.
  public let quantization: Quantization?
  /// How a sparse constant is laid out; nil for a dense one.
  public let sparsity: Sparsity?
  /// Whether the tensor keeps its value from one run to the next.
  public let isVariable: Bool

  /// Makes a tensor of parts that the reader checked.
  public init(
    name: String, type: ElementType, shape: [Int], hasShape: Bool, shapeSignature: [Int]?, constant: Range<Int>?,
    quantization: Quantization?, sparsity: Sparsity?, isVariable: Bool
  ) {
    self.name = name
    self.type = type
    self.shape = shape
    self.hasShape = hasShape
    self.shapeSignature = shapeSignature
    self.constant = constant
    self.quantization = quantization
    self.sparsity = sparsity
    self.isVariable = isVariable
  }
}
