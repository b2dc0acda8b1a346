import Classification
import Imaging
import Quantization
import TFLite

/// One of two versions of a model whose layers are compared.
struct ComparedModel {
  let path: String
  let model: Model
  let contract: InputContract
  /// Whether nobody says what range of values the model was trained on.
  let isRangeAssumed: Bool

  /// Two versions, which must take the same picture. The sidecar of one stands in for that of the other where that has
  /// none.
  static func pair(_ path: String, _ otherPath: String) throws(Failure) -> (ComparedModel, ComparedModel) {
    let (file, otherFile) = (try read(path), try read(otherPath))
    let first = try ComparedModel(path, file, orSidecar: otherFile.sidecar)
    let other = try ComparedModel(otherPath, otherFile, orSidecar: file.sidecar)
    guard first.sizeText == other.sizeText else {
      throw Failure(
        .badModel,
        "\(path) takes pictures of \(first.sizeText) and \(otherPath) of \(other.sizeText): give two versions of one "
          + "model, whose input has the same size")
    }
    return (first, other)
  }

  private static func read(_ path: String) throws(Failure) -> ModelFile {
    do throws(ClassificationError) {
      return try ModelFile(path: path)
    } catch {
      if case .unreadable = error { throw Failure(.noInput, error.description) }
      throw Failure(.badModel, error.description)
    }
  }

  private init(_ path: String, _ file: ModelFile, orSidecar other: [UInt8]?) throws(Failure) {
    self.path = path
    do throws(ModelError) {
      model = try Model(parsing: file.model)
    } catch {
      throw Failure(.badModel, "\(path): \(error)")
    }
    let metadata = try? model.readMetadata()
    let sidecar: Sidecar?
    do throws(SidecarError) {
      let bytes = file.sidecar ?? (metadata?.normalization == nil ? other : nil)
      sidecar = try bytes.map { bytes throws(SidecarError) in try Sidecar(parsing: bytes) }
    } catch {
      throw Failure(.badModel, "\(ModelFile.sidecarPath(of: path)): \(error)")
    }
    do throws(ClassificationError) {
      contract = try InputContract(of: model, sidecar: sidecar)
    } catch {
      throw Failure(.badModel, "\(path): \(error)")
    }
    isRangeAssumed =
      contract.element == .float32 && sidecar?.input?.normalization == nil && metadata?.normalization == nil
  }

  private var sizeText: String { "\(contract.width)x\(contract.height) with \(contract.channels) channels" }
}
