import Classification
import EventLoop
import Imaging

/// Loads models as classifiers of this daemon's engine, and lets them compute before they judge frames.
public struct ClassifierProbe: ModelProbe {
  private let make: @Sendable ([UInt8], [UInt8]?) throws(ClassificationError) -> Classifier

  /// - Parameter make: makes a classifier of a model file and its sidecar; by default with the engine's own choices.
  public init(
    make: @escaping @Sendable ([UInt8], [UInt8]?) throws(ClassificationError) -> Classifier = {
      (model, sidecar) throws(ClassificationError) in try Classifier(model: model, sidecar: sidecar)
    }
  ) {
    self.make = make
  }

  /// Checks and compiles a model.
  public func load(model: [UInt8], sidecar: [UInt8]?) throws(Rejection) -> Classifier {
    do throws(ClassificationError) { return try make(model, sidecar) } catch { throw Rejection(error) }
  }

  /// Golden outputs match; scores are finite and follow the picture; an inference is within the budget.
  public func probe(_ classifier: Classifier, latencyBudget: Duration?) throws(Rejection) {
    do throws(ClassificationError) { try classifier.checkGoldens() } catch { throw Rejection(error) }
    try checkScores(classifier)
    if let latencyBudget { try checkLatency(classifier, latencyBudget) }
  }

  /// A model that says the same of pictures that have nothing in common does not look at them.
  private func checkScores(_ classifier: Classifier) throws(Rejection) {
    var first: [Double]?
    var differs = false
    for subject in ProbePicture.Subject.allCases {
      // One after the other: a model with a large input makes large pictures.
      let picture = ProbePicture(of: subject, for: classifier.contract)
      try show(picture, to: classifier)
      classifier.infer()
      // What the model itself says: scores are kept within 0…1.
      let values = classifier.rawValues
      if let index = values.firstIndex(where: { !$0.isFinite }) {
        let sentence = "Output value \(index) is \(values[index]) for \(subject.rawValue)"
        throw Rejection(.notFinite, "\(sentence); look for overflows in its last layers.")
      }
      if let first, first != values { differs = true }
      first = first ?? values
    }
    if !differs {
      throw Rejection(
        .constantOutput,
        "Every picture gets the same output, noise, black and white alike; look at the ranges of its "
          + "input and at its quantization.")
    }
  }

  private func show(_ picture: ProbePicture, to classifier: Classifier) throws(Rejection) {
    do throws(ImagingError) { try picture.fill(classifier) } catch {
      throw Rejection(.shapeMismatch, "A picture cannot be made into its input: \(error)")
    }
  }

  /// The best of a few: one run can be slow for reasons that lie outside of the model.
  private func checkLatency(_ classifier: Classifier, _ budget: Duration) throws(Rejection) {
    let clock = ContinuousClock()
    let picture = ProbePicture(of: .noise, for: classifier.contract)
    var best: Duration?
    for _ in 0..<3 {
      try show(picture, to: classifier)
      let time = clock.measure { classifier.infer() }
      if time <= budget { return }
      best = min(best ?? time, time)
    }
    guard let best else { return }
    throw Rejection(
      .tooSlow,
      "An inference takes \(best.microseconds / 1000) ms, more than the budget of \(budget.microseconds / 1000) ms; take a "
        + "smaller model, or raise models.latency_budget.")
  }
}

extension Rejection {
  /// The words of Classification are those of the protocol.
  init(_ error: ClassificationError) {
    self.init(RejectionReason(rawValue: error.reason) ?? .io, error.description)
  }
}

/// A picture that is drawn to see whether a model answers to what it sees.
struct ProbePicture {
  /// What there is to see. Five subjects: an int8 model may well give two kinds of noise the same scores.
  enum Subject: String, CaseIterable {
    case noise
    case faintNoise = "faint noise"
    case black, white, ramp
  }

  private let width: Int
  private let height: Int
  private let bytes: [UInt8]

  /// Of the size of the model's input.
  init(of subject: Subject, for contract: InputContract) {
    (width, height) = (contract.width, contract.height)
    let width = width
    var stream = NoiseStream(state: 1)
    bytes = (0..<width * height * 3).map { position in
      switch subject {
      case .noise: stream.next()
      case .faintNoise: 96 + stream.next() % 64
      case .black: 0
      case .white: 255
      case .ramp: UInt8(truncatingIfNeeded: position / 3 % width * 255 / width)
      }
    }
  }

  /// Fills the input of a model with it, as pictures of cameras do.
  func fill(_ classifier: Classifier) throws(ImagingError) {
    let format = PictureFormat(pixelFormat: .rgb24, width: width, height: height)
    let preprocessor = try classifier.makePreprocessor(format: format)
    let result: Result<Void, ImagingError> = bytes.withUnsafeBytes { bytes in
      do throws(ImagingError) {
        _ = try classifier.preprocess(Picture(format: format, bytes: bytes), with: preprocessor)
        return .success(())
      } catch {
        return .failure(error)
      }
    }
    try result.get()
  }
}

/// Marsaglia's xorshift64: the same noise on every machine.
private struct NoiseStream {
  var state: UInt64

  mutating func next() -> UInt8 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return UInt8(truncatingIfNeeded: state >> 32)
  }
}
