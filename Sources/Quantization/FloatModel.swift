import TFLite

/// A float model, ready to be made small: constants folded to dense float32, batch normalisation and activations
/// inside the layers before them.
public struct FloatModel: Sendable {
  /// The model in its simplest float32 form.
  public internal(set) var draft: ModelDraft

  /// Reads a .tflite file with float32 or float16 weights.
  public init(parsing bytes: ModelBytes) throws(QuantizationError) {
    do throws(ModelError) {
      draft = try ModelDraft(parsing: bytes)
    } catch {
      throw .model(error)
    }
    try Self.check(draft)
    draft.main.separateSparseConstants()
    try draft.main.foldConstants()
    draft.main.recognizeComposedOperators()
    draft.main.foldBatchNormalization()
    draft.main.fuseActivations()
    draft.removeUnusedTensors()
    // What the engine cannot run, nobody has compared with anything.
    _ = try draft.compiled()
  }

  private static func check(_ draft: ModelDraft) throws(QuantizationError) {
    guard draft.graphs.count == 1 else {
      throw .unsupported(
        "The model has \(draft.graphs.count) graphs, for control flow or for several signatures; models of one graph can "
          + "be quantized.")
    }
    for tensor in draft.main.tensors where tensor.quantization != nil && tensor.type != .float32 {
      throw .alreadyQuantized(tensor: tensor.name, type: tensor.type)
    }
    guard draft.main.tensors.contains(where: { $0.type == .float32 }) else {
      throw .unsupported("The model computes with no float32 tensor; there is nothing to quantize.")
    }
  }
}
