import TFLite

/// What the weights of a layer of a file are like, for whoever wants to know how well they compress.
public struct WeightSummary: Sendable {
  /// The schema's name of the operator, for example "CONV_2D".
  public let operatorName: String
  /// The name of the weights.
  public let tensorName: String
  /// How many weights there are.
  public let weightCount: Int
  /// How many of them are zero.
  public let zeroCount: Int
  /// How many different values they have: of integers, whatever their scales.
  public let distinctCount: Int

  /// Whether pruning and clustering change layers of this size.
  public var isLarge: Bool { weightCount >= FloatModel.leastElementCount }

  /// The share of weights that are zero.
  public var sparsity: Double { Double(zeroCount) / Double(max(1, weightCount)) }
}

extension ModelDraft {
  /// The weights of each convolution, depthwise convolution and matrix product, in the order of the graph.
  public var weightSummaries: [WeightSummary] {
    let producers = main.producers
    return main.operators.compactMap { node in
      main.storedWeights(of: node, producers).flatMap { WeightSummary(node, $0) }
    }
  }
}

extension WeightSummary {
  /// nil for weights that are computed, or of a type that no layer keeps its weights in.
  fileprivate init?(_ node: OperatorDraft, _ tensor: TensorDraft) {
    guard let constant = tensor.constant else { return nil }
    let patterns: [UInt32]
    switch tensor.type {
    case .int8: patterns = constant.bytes.map { UInt32($0) }
    case .float16: patterns = constant.patterns(of: UInt16.self)
    case .float32: patterns = constant.patterns(of: UInt32.self)
    default: return nil
    }
    operatorName = node.code.name
    tensorName = tensor.name
    weightCount = patterns.count
    // -0 is a zero as well.
    let negativeZero: UInt32 = tensor.type == .float32 ? 1 << 31 : tensor.type == .float16 ? 1 << 15 : 0
    zeroCount = patterns.count { $0 == 0 || $0 == negativeZero }
    distinctCount = Set(patterns).count
  }
}

extension Constant {
  fileprivate func patterns<Pattern: FixedWidthInteger>(of type: Pattern.Type) -> [UInt32] {
    source.withUnsafeBytes(in: range) { bytes in
      (0..<bytes.count / MemoryLayout<Pattern>.size).map {
        UInt32(
          truncatingIfNeeded: bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Pattern>.size, as: Pattern.self))
      }
    }
  }
}
