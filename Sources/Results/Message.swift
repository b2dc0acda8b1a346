/// A line for every client. What it carries is laid down in `docs/protocol.md`.
///
/// Times are µs of CLOCK_MONOTONIC. Numbers that are not finite become `null`.
public enum Message: Sendable {
  /// A region's state changed.
  case state(StateMessage)
  /// A frame was judged. Rate limited per region by the publisher.
  case result(ResultMessage)
  /// Something happened to a camera.
  case camera(CameraMessage)
  /// A step of a model drop.
  case model(ModelMessage)
  /// Frames are shed, or no longer.
  case overload(OverloadMessage)
}

/// Scores by label. Both arrays have the same count; a surplus is ignored.
public struct LabelScores: Sendable, Equatable {
  /// The labels of the model.
  public var labels: [String]
  /// A score for each label, 0 … 1.
  public var scores: [Float]

  /// Pairs labels with scores.
  public init(labels: [String], scores: [Float]) {
    self.labels = labels
    self.scores = scores
  }

  /// No scores.
  public static let none = LabelScores(labels: [], scores: [])
}

/// A region's state changed.
public struct StateMessage: Sendable, Equatable {
  /// The camera's and the region's names.
  public var camera, region: String
  /// The new state: a label, or `indeterminate`.
  public var state: String
  /// Why it is indeterminate; nil for a label.
  public var reason: String?
  /// The state before.
  public var previous: String
  /// Since when what led to the state lasts, µs of CLOCK_MONOTONIC.
  public var since: UInt64
  /// The average score of the state; nil where none came yet.
  public var score: Double?
  /// The average scores.
  public var scores: LabelScores
  /// The model that judged.
  public var generation: UInt64

  /// Takes every field.
  public init(
    camera: String, region: String, state: String, reason: String? = nil, previous: String, since: UInt64,
    score: Double? = nil, scores: LabelScores = .none, generation: UInt64
  ) {
    self.camera = camera
    self.region = region
    self.state = state
    self.reason = reason
    self.previous = previous
    self.since = since
    self.score = score
    self.scores = scores
    self.generation = generation
  }
}

/// A frame was judged.
public struct ResultMessage: Sendable, Equatable {
  /// Where the time went, in µs.
  public struct Latency: Sendable, Equatable {
    /// From capture to dequeue.
    public var dequeue: UInt64
    /// Crop, resize, convert, quantize.
    public var preprocess: UInt64
    /// The model.
    public var inference: UInt64
    /// From capture until this message was made: the age of the frame.
    public var total: UInt64

    /// Takes every part.
    public init(dequeue: UInt64, preprocess: UInt64, inference: UInt64, total: UInt64) {
      self.dequeue = dequeue
      self.preprocess = preprocess
      self.inference = inference
      self.total = total
    }
  }

  /// The camera's and the region's names.
  public var camera, region: String
  /// The scores of this frame alone.
  public var scores: LabelScores
  /// The frame's number, as its source counts.
  public var frame: UInt64
  /// When the frame was captured, µs of CLOCK_MONOTONIC.
  public var capturedAt: UInt64
  /// Where the time went.
  public var latency: Latency
  /// The model that judged.
  public var generation: UInt64

  /// Takes every field.
  public init(
    camera: String, region: String, scores: LabelScores, frame: UInt64, capturedAt: UInt64, latency: Latency,
    generation: UInt64
  ) {
    self.camera = camera
    self.region = region
    self.scores = scores
    self.frame = frame
    self.capturedAt = capturedAt
    self.latency = latency
    self.generation = generation
  }
}

/// Something happened to a camera.
public struct CameraMessage: Sendable, Equatable {
  /// What can happen to it. The raw values are words of the protocol.
  public enum Event: String, Sendable, CaseIterable {
    case found, lost, stalled, recovered, format
  }

  /// The camera's name.
  public var camera: String
  /// What happened.
  public var event: Event
  /// Its device or file.
  public var device: String
  /// A stable word for why; nil where there is nothing to explain.
  public var reason: String?
  /// The name of the errno, for example `ENODEV`; nil where no call failed.
  public var errno: String?
  /// A sentence for people.
  public var detail: String?

  /// Takes every field.
  public init(
    camera: String, event: Event, device: String, reason: String? = nil, errno: String? = nil, detail: String? = nil
  ) {
    self.camera = camera
    self.event = event
    self.device = device
    self.reason = reason
    self.errno = errno
    self.detail = detail
  }
}

/// A step of a model drop.
public struct ModelMessage: Sendable, Equatable {
  /// The file's name without its suffix.
  public var name: String
  /// The hash of the file, hexadecimal; nil before it is known.
  public var sha256: String?
  /// The step: settling, verified, probed, shadow, probation, committed, rejected, rolled_back.
  public var phase: String
  /// The generation that it became; nil before it takes over.
  public var generation: UInt64?
  /// A stable word for why it was refused; nil where it was not.
  public var reason: String?
  /// A sentence for people: where, and what to do.
  public var detail: String?

  /// Takes every field.
  public init(
    name: String, sha256: String? = nil, phase: String, generation: UInt64? = nil, reason: String? = nil,
    detail: String? = nil
  ) {
    self.name = name
    self.sha256 = sha256
    self.phase = phase
    self.generation = generation
    self.reason = reason
    self.detail = detail
  }
}

/// Frames are shed, or no longer.
public struct OverloadMessage: Sendable, Equatable {
  /// Whether frames are shed from now on.
  public var active: Bool
  /// The camera whose frames are meant; nil where it is all of them.
  public var camera: String?
  /// Frames shed since the last such message.
  public var shed: UInt64
  /// The time that a frame may take, µs.
  public var budget: UInt64
  /// The time that a frame takes, µs.
  public var measured: UInt64

  /// Takes every field.
  public init(active: Bool, camera: String? = nil, shed: UInt64, budget: UInt64, measured: UInt64) {
    self.active = active
    self.camera = camera
    self.shed = shed
    self.budget = budget
    self.measured = measured
  }
}
