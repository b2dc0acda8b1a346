import Imaging
import TFLite

/// An image classifier, ready to run: a model, the input that it expects, and the names of what it says.
///
/// Used by one thread at a time; it may be handed from one to another. Nothing is allocated by `preprocess`, `infer`
/// and the scores.
public final class Classifier {
  /// The averages between which a state is entered and left, as the model's author recommends them.
  public struct Thresholds: Equatable, Sendable {
    /// A label becomes the state when its average is at least this, 0.5…1.
    public var enter: Double
    /// A label stops being the state when its average falls below this, 0…`enter`.
    public var leave: Double

    /// Makes a pair.
    public init(enter: Double, leave: Double) {
      self.enter = enter
      self.leave = leave
    }
  }

  /// SHA-256 of the model file in lower-case hexadecimal.
  public let sha256: String
  /// The name of each score.
  public let labels: [String]
  /// What the model expects of a picture.
  public let contract: InputContract
  /// What the sidecar recommends; nil where it says nothing.
  public let thresholds: Thresholds?
  /// The family of kernels that computes, for example "avx2".
  public let kernelFamily: String
  /// One score for each label, 0…1, of the last `infer()`; zeros before.
  ///
  /// Read it in place (`classifier.scores[0]`, `classifier.scores.span`): a copy that outlives the next `infer()` costs
  /// that call an allocation.
  public private(set) var scores: [Float]

  /// Makes a classifier of the bytes of a model file and, where there is one, of its sidecar.
  public init(model: [UInt8], sidecar: [UInt8]?) throws(ClassificationError) {
    throw .compilation(reason: "unknown_operator", detail: "there is no engine yet")
  }

  /// Makes what turns pictures of one format and one region into this model's input.
  public func makePreprocessor(
    format: PictureFormat, region: Region = .whole
  ) throws(ImagingError) -> Preprocessor {
    try Preprocessor(format: format, region: region, contract: contract)
  }

  /// Fills the model's input from a picture.
  public func preprocess(
    _ picture: Picture, with preprocessor: Preprocessor
  ) throws(ImagingError) -> PictureQuality {
    throw .formatMismatch(expected: preprocessor.format, found: picture.format)
  }

  /// Judges what `preprocess` put into the input, and updates `scores`.
  public func infer() {}

  /// Compares the model's outputs with those that its sidecar promises, where it promises any.
  public func checkGoldens() throws(ClassificationError) {}
}
