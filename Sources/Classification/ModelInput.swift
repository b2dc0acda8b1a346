import Imaging
import TFLite

extension InputContract {
  /// What a model with one picture as its input expects of it, whatever its outputs are: by its sidecar, its metadata,
  /// and the defaults of `docs/models.md`.
  public init(of model: Model, sidecar: Sidecar?) throws(ClassificationError) {
    let metadata: ModelMetadata?
    do {
      metadata = try model.readMetadata()
    } catch {
      guard sidecar?.input?.normalization != nil else { throw .model(error) }
      metadata = nil
    }
    self = try ImageInput(of: model).contract(sidecar: sidecar?.input, metadata: metadata)
  }
}
