import TFLite

extension FloatModel {
  /// The model with its float constants as float16, each behind a DEQUANTIZE that gives float32 again.
  public func withFloat16Weights() -> ModelDraft {
    var draft = draft
    var halves: [Int: Int] = [:]
    var conversions: [OperatorDraft] = []
    for index in draft.main.operators.indices {
      for (operand, tensor) in draft.main.operators[index].inputs.enumerated() {
        guard let tensor, let values = draft.main.tensors[tensor].floats else { continue }
        let converted =
          halves[tensor]
          ?? {
            let old = draft.main.tensors[tensor]
            let half = draft.main.add(
              TensorDraft(
                name: old.name, type: .float16, shape: old.shape, constant: Constant(bytes(of: values.map(Self.half)))))
            let single = draft.main.add(TensorDraft(name: old.name + "_dequantize", type: .float32, shape: old.shape))
            conversions.append(
              OperatorDraft(code: .builtin(.dequantize), version: 3, inputs: [half], outputs: [single]))
            halves[tensor] = single
            return single
          }()
        draft.main.operators[index].inputs[operand] = converted
      }
    }
    draft.main.operators = conversions + draft.main.operators
    draft.removeUnusedTensors()
    draft.requireRuntime("1.15.0")
    return draft
  }

  /// The nearest float16; numbers beyond its range become its largest.
  private static func half(_ value: Float) -> UInt16 {
    let largest = Float(Float16.greatestFiniteMagnitude)
    return Float16(max(-largest, min(largest, value))).bitPattern
  }
}
