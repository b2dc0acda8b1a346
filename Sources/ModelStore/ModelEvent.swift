/// The steps of a drop, by the words of the protocol.
public enum Phase: String, Equatable, Sendable, CaseIterable {
  /// The file was seen and may still be written.
  case settling
  /// The file is whole and everything in it is known.
  case verified
  /// It computes what it should, fast enough; it is handed to the frame thread.
  case probed
  /// It runs beside the active model.
  case shadow
  /// It is active, and the old one is kept loaded.
  case probation
  /// The marker on disk names it.
  case committed
  /// It was refused; the active model goes on.
  case rejected
  /// It was active or about to be, and the model before it is active again.
  case rolledBack = "rolled_back"
}

/// Why a model was refused, by the words of the protocol.
public enum RejectionReason: String, Equatable, Sendable, CaseIterable {
  case notTFLite = "not_tflite"
  case truncated
  case offsetOutOfBounds = "offset_out_of_bounds"
  case unknownOperator = "unknown_operator"
  case unsupportedType = "unsupported_type"
  case shapeMismatch = "shape_mismatch"
  case labelsMismatch = "labels_mismatch"
  case tooBig = "too_big"
  case badSignature = "bad_signature"
  case unsigned
  case quarantined
  case goldenMismatch = "golden_mismatch"
  case constantOutput = "constant_output"
  case notFinite = "not_finite"
  case tooSlow = "too_slow"
  case disagrees
  case flaps
  case io
}

/// A refusal: the stable word, and a sentence that says where and what to do.
public struct Rejection: Error, Equatable, Sendable {
  /// The stable word.
  public let reason: RejectionReason
  /// One sentence.
  public let detail: String

  /// Makes a refusal.
  public init(_ reason: RejectionReason, _ detail: String) {
    self.reason = reason
    self.detail = detail
  }
}

/// One step of one drop, for clients and the journal.
public struct ModelEvent: Equatable, Sendable {
  /// The file name; bytes that are no printable UTF-8 are written as `\xNN`.
  public let name: String
  /// SHA-256 of the model file in lower-case hexadecimal; nil before it was read.
  public let sha256: String?
  /// The step that was reached.
  public let phase: Phase
  /// The generation that the model runs as; nil where it does not run.
  public let generation: UInt64?
  /// Why it was refused.
  public let reason: RejectionReason?
  /// One sentence.
  public let detail: String

  /// Makes an event.
  public init(
    name: String, sha256: String?, phase: Phase, generation: UInt64?, reason: RejectionReason?, detail: String
  ) {
    self.name = name
    self.sha256 = sha256
    self.phase = phase
    self.generation = generation
    self.reason = reason
    self.detail = detail
  }
}
