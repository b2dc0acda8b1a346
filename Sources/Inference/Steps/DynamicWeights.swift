import CKernels
import TFLite

/// What becomes of the sums of a dynamic range layer: int8 weights, and activations whose scale and zero point are known
/// only while the model runs.
///
///     result = scale * weightScale * (sum - zeroPoint * weightSum) + bias
struct DynamicWeights: Sendable {
  /// As the family packs them.
  let packed: AlignedMemory
  let columns: Int
  /// Sums of each column's weights, int32; then scales of the weights and biases of the results, float. Each padded as
  /// the kernels want.
  private let perColumn: AlignedMemory
  private let activation: ClosedRange<Float>

  /// Takes what belongs to each column.
  init(packed: AlignedMemory, sums: [Int32], scales: [Float], bias: [Float], activation: ClosedRange<Float>) {
    self.packed = packed
    self.activation = activation
    columns = sums.count
    let padded = Requantization.padded(sums.count)
    perColumn = AlignedMemory(byteCount: 3 * padded * 4)
    let floats = perColumn.elements(as: Float.self)
    for column in sums.indices {
      perColumn.elements(as: Int32.self)[column] = sums[column]
      floats[padded + column] = scales[column]
      floats[2 * padded + column] = bias[column]
    }
  }

  var byteCount: Int { packed.byteCount + perColumn.byteCount }

  /// Bytes that `fill` fills.
  var scratchByteCount: Int { 2 * Requantization.padded(columns) * 4 }

  /// Works out, for activations of that scale which are stored with that offset, what each column asks for.
  func fill(_ scratch: UnsafeMutableRawPointer, for input: DynamicScale, offset: Int32) {
    let padded = Requantization.padded(columns)
    let sums = perColumn.elements(as: Int32.self)
    let scales = perColumn.elements(as: Float.self) + padded
    let bias = scratch.assumingMemoryBound(to: Int32.self)
    let factor = (scratch + padded * 4).assumingMemoryBound(to: Float.self)
    let stored = input.zeroPoint &+ offset
    for column in 0..<padded {
      bias[column] = 0 &- stored &* sums[column]
      factor[column] = input.scale * scales[column]
    }
  }

  /// What the kernel does with the sums, once the scratch memory is filled.
  func epilogue(_ scratch: UnsafeMutableRawPointer, range: UnsafeMutablePointer<Float>?) -> maskd_epilogue {
    let padded = Requantization.padded(columns)
    var epilogue = maskd_epilogue()
    epilogue.bias = UnsafePointer(scratch.assumingMemoryBound(to: Int32.self))
    epilogue.factor = UnsafePointer((scratch + padded * 4).assumingMemoryBound(to: Float.self))
    epilogue.addend = UnsafePointer(perColumn.elements(as: Float.self) + 2 * padded)
    epilogue.float_minimum = activation.lowerBound
    epilogue.float_maximum = activation.upperBound
    epilogue.range = range
    epilogue.rounding = MASKD_TO_FLOAT
    return epilogue
  }
}

extension Compiler {
  /// The scales, biases and activation of a dynamic range layer with `channels` results.
  struct DynamicLayer {
    let weightScales: [Float]
    /// Whether the file gives one scale for each result.
    let isPerChannel: Bool
    let bias: [Float]
    let activation: ClosedRange<Float>
  }

  func dynamicLayer(
    weights: Operand, bias: Operand?, channels: Int, activation: Activation, _ node: Node
  ) throws(CompilationError) -> DynamicLayer {
    let value = self[weights]
    try node.checkType(!value.isTwin, "float32 input with weights of uint8 is not computed here")
    guard let quantization = value.quantization, [1, channels].contains(quantization.scales.count) else {
      throw node.unsupported("the weights must have one scale, or one for each of the \(channels) results")
    }
    guard quantization.scales.allSatisfy({ $0.isFinite && $0 >= 0 }) else {
      throw node.unsupported("a scale of the weights is negative or not finite")
    }
    guard quantization.commonZeroPoint == 0 else {
      throw node.unsupported("weights with a zero point other than 0 are not computed with a float32 input")
    }
    return DynamicLayer(
      weightScales: quantization.scales.count == channels
        ? quantization.scales : [Float](repeating: quantization.scales[0], count: channels),
      isPerChannel: quantization.scales.count > 1, bias: try floatBiases(bias, channels: channels, node),
      activation: try floatRange(activation, node))
  }
}
