/// The steps of one dropped model. Pure: what happens is told by `receive`, and what is to be done is its answer.
///
///            ┌── changed, or a writer is there ──┐
///            ▼                                   │
///        settling ──── unchanged ───▶ verifying ─┤ changed while it was read
///            ▲                         │   │     ┘
///            │                 same as │   │ whole, all of it known
///            │              the active │   ▼
///            │                         │ probing ──▶ (on trial) shadow ──▶ probation
///      (a new file by                  │   │ passed             passed        │ passed
///       the same name)                 │   ▼                                  │
///                                      │ waiting ◀── not on trial             │
///                                      │   │ the first frame was judged       │
///                                      ▼   ▼                                  │
///                                   committing ◀──────────────────────────────┘
///                                      │
///                                      ▼
///                                   committed
///
/// Every stage from verifying to shadow can end in `rejected`; waiting and probation, where the model judges frames
/// already, end in `rolledBack`.
struct Drop: Equatable {
  enum Stage: Equatable {
    /// Unchanged since this time (monotonic).
    case settling(since: Duration)
    case verifying, probing, shadow, probation, waiting, committing, committed, rejected, rolledBack
  }

  enum Event: Equatable {
    /// The file system was looked at.
    case looked(Fingerprint, hasWriter: Bool, at: Duration)
    /// The file was another one after reading than before.
    case changedWhileRead(at: Duration)
    /// It has the bytes of the model that is active.
    case isActiveModel
    /// A check of the stage that it is in was passed.
    case passed
    /// A check was not passed.
    case failed(Rejection)
    /// It judged its first frame.
    case judgedFrame
    /// The marker on disk names it.
    case marked
    /// Another model took over before it was committed.
    case overtaken
  }

  /// What the shell is to do next.
  enum Effect: Equatable {
    case nothing
    /// Read the file, and check that it is whole and known.
    case verify
    /// Let it compute.
    case probe
    /// Run it beside the active model.
    case compare
    /// Hand it to the frame thread.
    case activate
    /// Make the model before it active again.
    case restore
    /// Name it in the marker on disk.
    case mark
  }

  /// What differs from one installation to another.
  struct Rules: Equatable {
    var settle: Duration
    /// Goes through shadow and probation.
    var isOnTrial = false
  }

  private(set) var stage: Stage
  private(set) var fingerprint: Fingerprint
  /// Why it was rejected or rolled back.
  private(set) var rejection: Rejection?

  /// A file that was just seen.
  init(_ fingerprint: Fingerprint, at time: Duration) {
    self.fingerprint = fingerprint
    stage = .settling(since: time)
  }

  /// The step by the words of the protocol.
  var phase: Phase {
    switch stage {
    case .settling, .verifying: .settling
    case .probing: .verified
    case .waiting: .probed
    case .shadow: .shadow
    case .probation: .probation
    // It goes on judging frames while the marker is written.
    case .committing: .probed
    case .committed: .committed
    case .rejected: .rejected
    case .rolledBack: .rolledBack
    }
  }

  /// When it is worth looking again; nil where only a change of the file counts.
  func due(_ rules: Rules) -> Duration? {
    guard case .settling(let since) = stage else { return nil }
    return since + rules.settle
  }

  /// Takes the next step. An event that has no meaning in this stage changes nothing.
  mutating func receive(_ event: Event, _ rules: Rules) -> Effect {
    switch (stage, event) {
    case (.settling, .looked(let seen, let hasWriter, let time)):
      return look(seen, hasWriter: hasWriter, at: time, rules)
    case (.verifying, .changedWhileRead(let time)):
      stage = .settling(since: time)
      return .nothing
    case (.verifying, .isActiveModel): return enter(.committing, .mark)
    case (.verifying, .passed): return enter(.probing, .probe)
    case (.probing, .passed): return rules.isOnTrial ? enter(.shadow, .compare) : enter(.waiting, .activate)
    case (.shadow, .passed): return enter(.probation, .activate)
    case (.waiting, .judgedFrame), (.probation, .passed): return enter(.committing, .mark)
    case (.committing, .marked): return enter(.committed, .nothing)
    case (.verifying, .failed(let rejection)), (.probing, .failed(let rejection)), (.shadow, .failed(let rejection)):
      self.rejection = rejection
      return enter(.rejected, .nothing)
    case (.waiting, .failed(let rejection)), (.probation, .failed(let rejection)):
      self.rejection = rejection
      return enter(.rolledBack, .restore)
    case (.waiting, .overtaken), (.probation, .overtaken), (.committing, .overtaken):
      return enter(.rolledBack, .nothing)
    default: return .nothing
    }
  }

  private mutating func look(
    _ seen: Fingerprint, hasWriter: Bool, at time: Duration, _ rules: Rules
  ) -> Effect {
    if seen != fingerprint || hasWriter {
      fingerprint = seen
      stage = .settling(since: time)
      return .nothing
    }
    guard let due = due(rules), time >= due else { return .nothing }
    return enter(.verifying, .verify)
  }

  private mutating func enter(_ stage: Stage, _ effect: Effect) -> Effect {
    self.stage = stage
    return effect
  }
}
