import TFLite

/// What a program's input or output holds.
public struct TensorDescription: Sendable, Equatable {
  /// The name in the model file; it may be empty.
  public let name: String
  /// The type of the elements as the model file declares it, and as `Session` takes or gives them.
  public let type: ElementType
  /// The sizes, outermost first; empty for a scalar.
  public let shape: [Int]
  /// How integers stand for reals; nil for a type that needs none.
  public let quantization: Quantization?

  /// The number of elements; 1 for a scalar.
  public let elementCount: Int
  /// The bytes of all elements, little-endian and without gaps.
  public let byteCount: Int

  /// Makes a description; no size is negative.
  public init(name: String, type: ElementType, shape: [Int], quantization: Quantization?) {
    self.name = name
    self.type = type
    self.shape = shape
    self.quantization = quantization
    elementCount = shape.reduce(1, *)
    byteCount = elementCount * (type.byteCount ?? 0)
  }
}
