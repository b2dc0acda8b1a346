import Imaging
import TFLite

/// The one input of a model, which must be a picture: [1, height, width, 1 or 3] of 8-bit or float elements.
struct ImageInput {
  let width: Int
  let height: Int
  let channels: Int
  let element: InputContract.Element
  let quantization: Quantization?

  init(of model: Model) throws(ClassificationError) {
    let inputs = model.main.inputs
    guard inputs.count == 1 else {
      throw .notAClassifier("The model has \(inputs.count) inputs; an image classifier has one, the picture.")
    }
    let tensor = model.main.tensors[inputs[0]]
    let shape = tensor.shape
    guard shape.count == 4, shape[0] == 1, shape[3] == 1 || shape[3] == 3 else {
      throw .notAClassifier(
        "The model's input has the shape \(shape); an image classifier has [1, height, width, 1 or 3].")
    }
    switch tensor.type {
    case .int8: element = .int8
    case .uint8: element = .uint8
    case .float32: element = .float32
    default:
      throw .unsupportedType(
        "The model's input is \(tensor.type); int8, uint8 and float32 can be filled from pictures.")
    }
    height = shape[1]
    width = shape[2]
    channels = shape[3]
    quantization = tensor.quantization
  }

  /// What pictures are made into: as the sidecar says, else the metadata, else the defaults of `docs/models.md`.
  func contract(
    sidecar: Sidecar.Input?, metadata: ModelMetadata?
  ) throws(ClassificationError) -> InputContract {
    let contract = InputContract(
      width: width, height: height, channels: channels,
      channelOrder: sidecar?.channelOrder.flatMap { .init(rawValue: $0.rawValue) } ?? .rgb,
      fit: sidecar?.fit.flatMap { .init(rawValue: $0.rawValue) } ?? .stretch,
      filter: sidecar?.filter.flatMap { .init(rawValue: $0.rawValue) } ?? .triangle,
      element: element, mapping: try mapping(sidecar: sidecar?.normalization, metadata: metadata?.normalization))
    do {
      try contract.validate()
    } catch {
      throw .notAClassifier("The model's input cannot be filled from pictures: \(error).")
    }
    return contract
  }

  private func mapping(
    sidecar: Sidecar.Normalization?, metadata: ModelMetadata.Normalization?
  ) throws(ClassificationError) -> InputContract.Mapping {
    switch sidecar {
    case .range(let low, let high):
      return try quantized(mean: [-low * 255 / (high - low)], deviation: [255 / (high - low)], "sidecar")
    case .standardized(let mean, let deviation):
      return try quantized(mean: mean, deviation: deviation, "sidecar")
    case nil:
      break
    }
    // TensorFlow's own libraries give uint8 models the picture's bytes, whatever the metadata says: there it speaks of
    // the float model that the quantized one was made from.
    guard let metadata, element != .uint8 else { return defaultMapping }
    return try quantized(
      mean: metadata.mean.map { Double($0) }, deviation: metadata.standardDeviation.map { Double($0) },
      "TFLite metadata")
  }

  private func quantized(
    mean: [Double], deviation: [Double], _ source: String
  ) throws(ClassificationError) -> InputContract.Mapping {
    guard mean.count == 1 || mean.count == channels else {
      throw .labelsMismatch(
        "The \(source) has \(mean.count) values for the mean of the input, which has \(channels) channels.")
    }
    guard element != .float32 else { return .init(mean: mean, standardDeviation: deviation) }
    guard let quantization, !quantization.isPerAxis, let scale = quantization.scales.first,
      let zeroPoint = quantization.zeroPoints.first
    else {
      throw .unsupportedType("The model's \(element.rawValue) input has not one scale and zero point.")
    }
    return .init(mean: mean, standardDeviation: deviation, scale: Double(scale), zeroPoint: Int(zeroPoint))
  }

  /// The picture's bytes for 8-bit inputs (less 128 for int8), -1…1 for floats.
  private var defaultMapping: InputContract.Mapping {
    switch element {
    case .float32: .init(mean: [127.5], standardDeviation: [127.5])
    case .int8: .init(mean: [0], standardDeviation: [1], scale: 1, zeroPoint: -128)
    case .uint8: .init(mean: [0], standardDeviation: [1], scale: 1, zeroPoint: 0)
    }
  }
}
