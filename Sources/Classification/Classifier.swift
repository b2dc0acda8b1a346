import Imaging
import Inference
import TFLite

/// An image classifier, ready to run: a model, the input that it expects, and the names of what it says.
///
/// Used by one thread at a time; it may be handed from one to another. Nothing is allocated by `preprocess`, `infer`
/// and reading the scores.
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
  /// Whether nobody says what range of values the model was trained on, so that the default of float models is taken.
  public let isRangeAssumed: Bool
  /// What the sidecar recommends; nil where it says nothing.
  public let thresholds: Thresholds?
  /// How the model's output becomes scores.
  public let scoreRule: ScoreRule
  /// The compiled model.
  public let program: Program
  /// One score for each label, 0…1, of the last `infer()`; zeros before.
  ///
  /// Read it in place (`classifier.scores[0]`, `classifier.scores.span`): a copy that outlives the next `infer()` costs
  /// that call an allocation.
  public private(set) var scores: [Float]

  private let session: Session
  private let reader: ScoreReader
  private let goldens: [Sidecar.Golden]

  /// Makes a classifier of the bytes of a model file and, where there is one, of its sidecar.
  public init(
    model bytes: [UInt8], sidecar: [UInt8]?, options: CompilerOptions = .init()
  ) throws(ClassificationError) {
    let sidecar = try Self.readSidecar(sidecar)
    let model = try Self.readModel(bytes)
    let input = try ImageInput(of: model)
    let output = try ScoreOutput(of: model)
    let metadata = try Self.readMetadata(of: model, sidecar: sidecar)
    contract = try input.contract(sidecar: sidecar?.input, metadata: metadata)
    isRangeAssumed =
      input.element == .float32 && sidecar?.input?.normalization == nil && metadata?.normalization == nil
    labels = try output.labels(sidecar: sidecar?.labels, metadata: metadata?.labels)
    scoreRule = ScoreRule(of: model, output: output, sidecar: sidecar?.scores)
    goldens = try output.checked(sidecar?.goldens ?? [])
    thresholds = sidecar?.thresholds.map { Thresholds(enter: $0.enter, leave: $0.leave) }
    reader = ScoreReader(output: output, rule: scoreRule)
    scores = [Float](repeating: 0, count: labels.count)
    sha256 = ModelFile.sha256(of: bytes)
    // Each judgement is of a picture of its own.
    var options = options
    options.keepsInputs = false
    do {
      program = try Program(compiling: model, options: options)
    } catch {
      throw .compilation(reason: error.reason, detail: error.description)
    }
    try output.checkComputed(by: program)
    session = Session(program)
  }

  /// Another of the same model, to be used by another thread: the packed weights are shared.
  public init(sharing other: Classifier) {
    sha256 = other.sha256
    labels = other.labels
    contract = other.contract
    isRangeAssumed = other.isRangeAssumed
    thresholds = other.thresholds
    scoreRule = other.scoreRule
    program = other.program
    scores = [Float](repeating: 0, count: labels.count)
    session = Session(other.program)
    reader = other.reader
    goldens = other.goldens
  }

  /// The family of kernels that computes, for example "avx2".
  public var kernelFamily: String { program.kernelFamily }

  /// Makes what turns pictures of one format and one region into this model's input.
  public func makePreprocessor(
    format: PictureFormat, region: Region = .whole
  ) throws(ImagingError) -> Preprocessor {
    try Preprocessor(format: format, region: region, contract: contract)
  }

  /// Fills the model's input from a picture. `preprocessor` was made by `makePreprocessor`.
  public func preprocess(
    _ picture: Picture, with preprocessor: Preprocessor
  ) throws(ImagingError) -> PictureQuality {
    try session.withInput(0) { input -> Result<PictureQuality, ImagingError> in
      do throws(ImagingError) {
        return .success(try preprocessor.fill(input, from: picture))
      } catch {
        return .failure(error)
      }
    }.get()
  }

  /// Judges what lies in the input, and updates `scores`. The input must be filled again before the next time.
  public func infer() {
    session.invoke()
    session.withOutput(0) { output in reader.read(output, into: &scores) }
  }

  /// Lends the bytes of the model's input, to be filled otherwise than from a picture (noise, for example).
  public func withInput<R>(_ body: (UnsafeMutableRawBufferPointer) -> R) -> R { session.withInput(0, body) }

  /// Lends the bytes of the model's output as the last `infer()` left them, in the model's own type.
  public func withOutput<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R { session.withOutput(0, body) }

  /// The output values of the last `infer()` as the model's type has them: integers are not dequantized. Allocates.
  public var rawValues: [Double] { session.withOutput(0) { reader.rawValues($0) } }

  /// Compares the model's outputs with those that its sidecar promises, where it promises any. The scores are zeros
  /// afterwards.
  public func checkGoldens() throws(ClassificationError) {
    defer { for index in scores.indices { scores[index] = 0 } }
    for (index, golden) in goldens.enumerated() {
      session.withInput(0) { GoldenInput(seed: golden.seed, contract: contract).fill($0) }
      session.invoke()
      for (position, (found, expected)) in zip(rawValues, golden.output).enumerated()
      where !(abs(found - expected) <= golden.tolerance) {
        throw .goldenMismatch(
          "Golden \(index) of the sidecar: output value \(position) is \(found), where \(expected) was expected"
            + " (tolerance \(golden.tolerance)): the model file and its sidecar do not belong together.")
      }
    }
  }
}

extension Classifier {
  private static func readModel(_ bytes: [UInt8]) throws(ClassificationError) -> Model {
    do {
      return try Model(parsing: bytes)
    } catch {
      throw .model(error)
    }
  }

  private static func readSidecar(_ bytes: [UInt8]?) throws(ClassificationError) -> Sidecar? {
    guard let bytes else { return nil }
    do {
      return try Sidecar(parsing: bytes)
    } catch {
      throw .sidecar(error)
    }
  }

  /// Damaged metadata matters only where the sidecar does not say the same things.
  private static func readMetadata(
    of model: Model, sidecar: Sidecar?
  ) throws(ClassificationError) -> ModelMetadata? {
    do {
      return try model.readMetadata()
    } catch {
      if sidecar?.labels != nil, sidecar?.input?.normalization != nil { return nil }
      throw .model(error)
    }
  }
}
