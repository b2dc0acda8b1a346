import Glibc
import TFLite

/// Turns the bytes of a model's output into scores, without allocating.
struct ScoreReader {
  private let type: ElementType
  private let count: Int
  private let rule: ScoreRule
  /// The real value of each 8-bit pattern; empty for float outputs.
  private let table: [Float]

  init(output: ScoreOutput, rule: ScoreRule) {
    type = output.type
    count = output.count
    self.rule = rule
    let scale = output.quantization?.scales.first ?? 1
    let zeroPoint = Float(output.quantization?.zeroPoints.first ?? 0)
    switch type {
    case .int8: table = (0..<256).map { scale * (Float(Int8(truncatingIfNeeded: $0)) - zeroPoint) }
    case .uint8: table = (0..<256).map { scale * (Float($0) - zeroPoint) }
    default: table = []
    }
  }

  /// Fills `scores`, which has as many elements as there are labels.
  func read(_ output: UnsafeRawBufferPointer, into scores: inout [Float]) {
    for index in 0..<count { scores[index] = value(output, index) }
    switch rule {
    case .probabilities: break
    case .logProbabilities: for index in 0..<count { scores[index] = expf(scores[index]) }
    case .logits: normalize(&scores)
    }
    // A quantized probability may lie a step outside. What is no number stays so: others must see it.
    for index in 0..<count { scores[index] = scores[index] < 0 ? 0 : scores[index] > 1 ? 1 : scores[index] }
    if count == 1 {
      scores[1] = scores[0]
      scores[0] = 1 - scores[1]
    }
  }

  /// The values as the model's type has them: integers are not dequantized.
  func rawValues(_ output: UnsafeRawBufferPointer) -> [Double] {
    (0..<count).map { index in
      switch type {
      case .int8: Double(Int8(bitPattern: output[index]))
      case .uint8: Double(output[index])
      default: Double(value(output, index))
      }
    }
  }

  private func value(_ output: UnsafeRawBufferPointer, _ index: Int) -> Float {
    table.isEmpty ? output.loadUnaligned(fromByteOffset: 4 * index, as: Float.self) : table[Int(output[index])]
  }

  /// Softmax over all values, or the logistic function of one.
  private func normalize(_ scores: inout [Float]) {
    guard count > 1 else {
      scores[0] = 1 / (1 + expf(-scores[0]))
      return
    }
    var largest = scores[0]
    for index in 1..<count { largest = max(largest, scores[index]) }
    var sum: Float = 0
    for index in 0..<count {
      scores[index] = expf(scores[index] - largest)
      sum += scores[index]
    }
    for index in 0..<count { scores[index] /= sum }
  }
}
