import Classification
import Imaging
import Quantization
import TFLite

/// A float model from disk with what lies beside it.
struct FloatModelFile {
  let byteCount: Int
  private let bytes: ModelBytes
  let model: FloatModel
  let sidecar: Sidecar?

  /// `otherSidecar` stands in where there is none beside the model.
  init(path: String, orSidecar otherSidecar: String? = nil) throws(Failure) {
    let file: ModelFile
    var sidecarPath = ModelFile.sidecarPath(of: path)
    var sidecarBytes: [UInt8]?
    do throws(ClassificationError) {
      file = try ModelFile(path: path)
      sidecarBytes = file.sidecar
      if sidecarBytes == nil, let otherSidecar {
        sidecarPath = otherSidecar
        sidecarBytes = try ModelFile.sidecar(at: otherSidecar)
      }
    } catch {
      throw Failure(.noInput, error.description)
    }
    byteCount = file.model.count
    bytes = ModelBytes(file.model)
    do throws(SidecarError) {
      sidecar = try sidecarBytes.map { bytes throws(SidecarError) in try Sidecar(parsing: bytes) }
    } catch {
      throw Failure(.badModel, "\(sidecarPath): \(error)")
    }
    do throws(QuantizationError) {
      model = try FloatModel(parsing: bytes)
    } catch {
      throw Failure(.badModel, "\(path): \(error)")
    }
  }

  /// Whether nobody says what range of values the model was trained on.
  var isRangeAssumed: Bool {
    sidecar?.input?.normalization == nil && (try? Model(parsing: bytes).readMetadata())?.normalization == nil
  }

  /// The bytes of a sidecar for what is made of the model: without goldens, which promise the outputs of the float model.
  var sidecarBytes: [UInt8]? {
    guard var sidecar else { return nil }
    sidecar.goldens = []
    return Array(sidecar.text.utf8)
  }

  /// The size of the file when it is compressed.
  var compressedByteCount: Int { CompressedSize.gzip(bytes.array) }

  /// The model as it is on disk, ready to judge pictures.
  func classifier(path: String) throws(Failure) -> Classifier {
    try Classifier.make(of: bytes.array, sidecar: sidecarBytes, path: path)
  }

  /// What the model expects of a picture.
  func inputContract(path: String) throws(Failure) -> InputContract {
    let parsed: Model
    do throws(ModelError) {
      parsed = try Model(parsing: bytes)
    } catch {
      throw Failure(.badModel, "\(path): \(error)")
    }
    do throws(ClassificationError) {
      return try InputContract(of: parsed, sidecar: sidecar)
    } catch {
      throw Failure(.badModel, "\(path): \(error)")
    }
  }
}
