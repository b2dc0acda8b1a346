import Glibc

/// Turns the scores of one region into its state over time.
///
/// ```
///             frame                    held, and enough frames
///  stale ───────────────▶ settling ───────────────────────────▶ label ◀──held──▶ indeterminate
///  camera_lost, overload     ▲                                    │              (unsure, dark, blurred,
///     ▲                      └── model without the label ─────────┘               no_face, too_small)
///     └── no frame for staleAfter, or a note: at once, from any state
/// ```
///
/// The average is taken by time, so the answer means the same at 5 and at 60 frames a second. No clock is read: times
/// are µs of CLOCK_MONOTONIC, passed in. Nothing is allocated per observation.
public struct RegionDecision: Sendable {
  /// The state now.
  public private(set) var state: RegionState = .indeterminate(.settling)
  /// When what led to `state` began, µs.
  public private(set) var since: UInt64
  /// The labels of the model in charge.
  public private(set) var labels: [String]
  /// The average score of each label; meaningless until `hasAverage`.
  public private(set) var averages: [Double]
  /// Whether a usable score has come since the start, the last interruption or the last swap of the model.
  public private(set) var hasAverage = false
  /// How scores become a state; takes effect with the next observation.
  public var settings: DecisionSettings { didSet { timing = Timing(settings) } }

  private var timing: Timing
  /// What the newest frame speaks for, and since when.
  private var candidate: RegionState = .indeterminate(.settling)
  private var candidateSince: UInt64
  /// Since when no frame has spoken for `state`.
  private var dissentSince: UInt64?
  private var framesSettled = 0
  private var lastFrame: UInt64
  private var lastScored: UInt64 = 0

  /// Starts as `settling`, at a time in µs.
  public init(labels: [String], settings: DecisionSettings = DecisionSettings(), at time: UInt64) {
    self.labels = labels
    self.settings = settings
    timing = Timing(settings)
    averages = [Double](repeating: 0, count: labels.count)
    since = time
    candidateSince = time
    lastFrame = time
  }

  /// The average of the state's label, or the highest where the state is no label; nil without any.
  public var score: Double? {
    guard hasAverage else { return nil }
    if case .label(let label) = state, let index = labels.firstIndex(of: label) { return averages[index] }
    return averages.max()
  }
}

// MARK: - What is observed

extension RegionDecision {
  /// Takes the scores of one frame, one for each label, 0 … 1 (others are clamped; a frame with a score that is not
  /// finite, or with too few or too many, speaks for `unsure` and leaves the average alone).
  public mutating func observe(scores: Span<Float>, quality: FrameQuality, at time: UInt64) -> StateChange? {
    let change = beginFrame(at: time)
    if let reason = obstacle(in: quality) { return settle(.indeterminate(reason), at: time) ?? change }
    guard isUsable(scores) else { return settle(.indeterminate(.unsure), at: time) ?? change }
    average(scores, at: time)
    return settle(answer, at: time) ?? change
  }

  /// Takes the scores of one frame from an array.
  public mutating func observe(scores: [Float], quality: FrameQuality, at time: UInt64) -> StateChange? {
    observe(scores: scores.span, quality: quality, at: time)
  }

  /// Takes a frame in which nobody was found.
  public mutating func observeNoFace(at time: UInt64) -> StateChange? {
    let change = beginFrame(at: time)
    return settle(.indeterminate(.noFace), at: time) ?? change
  }

  /// Takes a frame in which the face has too few pixels to be judged.
  public mutating func observeTooSmall(at time: UInt64) -> StateChange? {
    let change = beginFrame(at: time)
    return settle(.indeterminate(.tooSmall), at: time) ?? change
  }

  /// Takes that the camera is gone. The next frame starts settling again.
  public mutating func noteCameraLost(at time: UInt64) -> StateChange? {
    interrupt(.cameraLost, since: time, at: time)
  }

  /// Takes that the frames of this region are shed. The next frame starts settling again.
  public mutating func noteOverload(at time: UInt64) -> StateChange? {
    // A frame did come: an overload becomes `stale` where none follows.
    lastFrame = max(lastFrame, time)
    return interrupt(.overload, since: time, at: time)
  }

  /// Notices that no frame came for too long. To be called some times within `staleAfter`; before the first frame the
  /// time counts from the start. A lost camera is not renamed.
  public mutating func tick(at time: UInt64) -> StateChange? {
    let isTold = state.reason == .stale || state.reason == .cameraLost
    guard !isTold, elapsed(from: lastFrame, to: time) > timing.staleAfter else { return nil }
    return interrupt(.stale, since: lastFrame, at: time)
  }

  /// Takes that another model judges from now on. A state whose label the new model has as well stays until the new
  /// model's own answer has held; the averages start anew.
  public mutating func adopt(labels newLabels: [String], at time: UInt64) -> StateChange? {
    labels = newLabels
    averages = [Double](repeating: 0, count: newLabels.count)
    hasAverage = false
    speak(for: state, at: time)
    guard case .label(let label) = state, !newLabels.contains(label) else { return nil }
    framesSettled = 0
    return change(to: .indeterminate(.settling), since: time)
  }
}

// MARK: - How it is judged

extension RegionDecision {
  /// Settings in µs.
  private struct Timing: Sendable {
    let timeConstant: Double
    let hold: UInt64
    let staleAfter: UInt64

    init(_ settings: DecisionSettings) {
      timeConstant = Double(Self.microseconds(settings.timeConstant))
      hold = Self.microseconds(settings.hold)
      staleAfter = Self.microseconds(settings.staleAfter)
    }

    /// Negative durations count as none; too long ones as the longest.
    private static func microseconds(_ duration: Duration) -> UInt64 {
      guard duration > .zero else { return 0 }
      let (seconds, attoseconds) = duration.components
      let whole = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000)
      return whole.overflow ? .max : whole.partialValue &+ UInt64(attoseconds / 1_000_000_000_000)
    }
  }

  private var isInterrupted: Bool {
    switch state.reason {
    case .stale, .cameraLost, .overload: true
    default: false
    }
  }

  /// A clock that ran backwards has measured nothing.
  private func elapsed(from start: UInt64, to end: UInt64) -> UInt64 { end > start ? end - start : 0 }

  /// Notes that a frame came: the first after an interruption starts settling again.
  private mutating func beginFrame(at time: UInt64) -> StateChange? {
    let gap = elapsed(from: lastFrame, to: time)
    if time < lastFrame {
      // The clock was set back: what is held is measured anew from here, what was averaged stays.
      speak(for: state, at: time)
      lastScored = min(lastScored, time)
    }
    lastFrame = time
    framesSettled += 1
    guard isInterrupted || gap > timing.staleAfter else { return nil }
    hasAverage = false
    framesSettled = 1
    speak(for: .indeterminate(.settling), at: time)
    return state == candidate ? nil : change(to: candidate, since: time)
  }

  private func obstacle(in quality: FrameQuality) -> Reason? {
    if quality.shortSide < settings.minimumSide { return .tooSmall }
    // Written so that a measure that is not a number counts as too little.
    if !(quality.meanLuma >= settings.minimumLuma) { return .dark }
    if !(quality.sharpness >= settings.minimumSharpness) { return .blurred }
    return nil
  }

  private func isUsable(_ scores: Span<Float>) -> Bool {
    guard scores.count == averages.count, !scores.isEmpty else { return false }
    for index in scores.indices where !scores[index].isFinite { return false }
    return true
  }

  /// avg += (x - avg) · (1 - e^(-Δt/τ)): the response to a step does not depend on how often it is looked at.
  private mutating func average(_ scores: Span<Float>, at time: UInt64) {
    let interval = Double(elapsed(from: lastScored, to: time))
    var weight = 1.0
    if hasAverage, timing.timeConstant > 0 { weight = -expm1(-interval / timing.timeConstant) }
    for index in averages.indices {
      let score = Double(min(max(scores[index], 0), 1))
      averages[index] += (score - averages[index]) * weight
    }
    lastScored = time
    hasAverage = true
  }

  /// What the averages speak for, given the state: hysteresis.
  private var answer: RegionState {
    var best = 0
    for index in averages.indices where averages[index] > averages[best] { best = index }
    if averages[best] >= settings.enter { return .label(labels[best]) }
    if case .label(let label) = state, let index = labels.firstIndex(of: label),
      averages[index] >= min(settings.leave, settings.enter)
    {
      return state
    }
    return .indeterminate(.unsure)
  }

  /// Makes an answer the state once it has held, and enough frames have come. Where answers alternate, so that none
  /// holds, but none is the state either for twice the time, the honest state is that it is unsure.
  private mutating func settle(_ answer: RegionState, at time: UInt64) -> StateChange? {
    if answer != candidate { (candidate, candidateSince) = (answer, time) }
    guard answer != state else {
      dissentSince = nil
      return nil
    }
    let dissent = dissentSince ?? time
    dissentSince = dissent
    guard state != .indeterminate(.settling) || framesSettled >= settings.minimumFrames else { return nil }
    if elapsed(from: candidateSince, to: time) >= timing.hold { return change(to: answer, since: candidateSince) }
    let unsure = RegionState.indeterminate(.unsure)
    guard state != unsure, elapsed(from: dissent, to: time) / 2 >= timing.hold else { return nil }
    speak(for: unsure, at: time)
    return change(to: unsure, since: dissent)
  }

  /// Starts to measure how long an answer lasts.
  private mutating func speak(for answer: RegionState, at time: UInt64) {
    candidate = answer
    candidateSince = time
    dissentSince = nil
  }

  private mutating func interrupt(_ reason: Reason, since start: UInt64, at time: UInt64) -> StateChange? {
    speak(for: .indeterminate(reason), at: time)
    guard state != candidate else { return nil }
    return change(to: candidate, since: start)
  }

  private mutating func change(to newState: RegionState, since start: UInt64) -> StateChange {
    let previous = state
    state = newState
    since = start
    dissentSince = nil
    return StateChange(previous: previous, state: newState, since: start, score: score)
  }
}
