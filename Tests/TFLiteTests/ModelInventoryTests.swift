import TFLite
import Testing

/// What constants take of a file, and which numbers operators compute with.
@Suite struct ModelInventoryTests {
  private func tensor(
    _ type: ElementType, constant: Range<Int>? = nil, scales: Int = 0
  ) -> Tensor {
    Tensor(
      name: "", type: type, shape: [constant?.count ?? 4], hasShape: true, shapeSignature: nil, constant: constant,
      quantization: scales == 0
        ? nil
        : Quantization(
          scales: [Float](repeating: 1, count: scales), zeroPoints: [Int64](repeating: 0, count: scales), axis: 0),
      sparsity: nil, isVariable: false)
  }

  private func node(_ code: BuiltinOperator, _ inputs: [Int?], _ output: Int) -> Operator {
    Operator(code: .builtin(code), version: 1, inputs: inputs, outputs: [output], options: .none)
  }

  private func inventory(_ tensors: [Tensor], _ operators: [Operator]) -> ModelInventory {
    let main = Subgraph(name: "", tensors: tensors, operators: operators, inputs: [0], outputs: [])
    return ModelInventory(
      Model(bytes: [], description: "", main: main, subgraphCount: 1, metadata: [:]))
  }

  @Test func sharedConstantsCountOnce() {
    let tensors = [
      tensor(.int8, scales: 1), tensor(.int8, constant: 0..<40, scales: 4), tensor(.int32, constant: 40..<56),
      tensor(.int8, scales: 1), tensor(.int8, constant: 0..<40, scales: 1), tensor(.int8, scales: 1),
    ]
    let found = inventory(
      tensors, [node(.fullyConnected, [0, 1, 2], 3), node(.fullyConnected, [3, 4, nil], 5)])
    #expect(found.entries.map(\.byteCount) == [56, 0])
    #expect(found.entries.map(\.arithmetic) == ["int8 per channel", "int8"])
    #expect(found.constants.map(\.kind) == ["int8 per channel", "int32"])
    #expect(found.constants.map(\.byteCount) == [40, 16])
  }

  @Test func weightsBehindDequantizeCountForTheirLayer() {
    let tensors = [
      tensor(.float32), tensor(.float16, constant: 0..<80), tensor(.float32), tensor(.float32), tensor(.float32),
    ]
    let found = inventory(
      tensors, [node(.dequantize, [1], 2), node(.convolution2D, [0, 2], 3), node(.relu, [3], 4)])
    #expect(found.entries.map(\.byteCount) == [0, 80, 0])
    #expect(found.entries.map(\.arithmetic) == ["float16 to float32", "float16 weights", "float32"])
  }

  @Test(arguments: [
    (ElementType.float32, ElementType.int8, "dynamic range per channel"), (.int16, .int8, "int16x8 per channel"),
    (.uint8, .uint8, "uint8 per channel"), (.int8, .int4, "int8, weights int4"),
  ])
  func arithmeticIsThatOfActivationsAndWeights(activations: ElementType, weights: ElementType, name: String) {
    let tensors = [tensor(activations), tensor(weights, constant: 0..<8, scales: 2), tensor(activations)]
    #expect(inventory(tensors, [node(.fullyConnected, [0, 1], 2)]).entries.map(\.arithmetic) == [name])
  }
}
