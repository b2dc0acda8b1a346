import CLinux
import Classification
import EventLoop
import Glibc

/// A drop on its way, with what was learned of it so far.
struct Work<Classifier: AnyObject> {
  let file: Intake.Name
  var drop: Drop
  /// Set once the file was read.
  var identity: Identity?
  /// Kept no longer than it takes to verify, probe and store them.
  var bytes: (model: [UInt8], sidecar: [UInt8]?)?
  /// Kept until it is handed out.
  var classifier: Classifier?
  var generation: UInt64?
  /// A marker that could not be written is tried again, and complained of once.
  var isMarkOverdue = false

  var name: String { FileName.display(file) }
}

extension StoreWorker {
  /// Goes through the steps of a file that is complete.
  func take(_ file: Intake.Name, _ drop: Drop) {
    var work = Work<Probe.Classifier>(file: file, drop: drop)
    perform(.verify, &work)
    // Compiling takes memory in many pieces: without this, what a rejected model took would stay with the allocator.
    work = Work(file: file, drop: drop)
    malloc_trim(0)
  }

  private func perform(_ first: Drop.Effect, _ work: inout Work<Probe.Classifier>) {
    var effect = first
    while effect != .nothing {
      do throws(Rejection) {
        effect = try step(effect, &work)
      } catch {
        effect = work.drop.receive(.failed(error), rules)
        intake.refuse(work.file)
        report(
          work.name, sha256: work.identity?.model, work.drop.phase, generation: work.generation, reason: error.reason,
          error.detail)
      }
    }
  }

  private func step(_ effect: Drop.Effect, _ work: inout Work<Probe.Classifier>) throws(Rejection) -> Drop.Effect {
    switch effect {
    case .nothing: .nothing
    case .verify: try verify(&work)
    case .probe: try runProbe(&work)
    case .activate: activate(&work)
    case .mark: mark(&work)
    case .compare, .restore: preconditionFailure("no drop is on trial")
    }
  }

  private func verify(_ work: inout Work<Probe.Classifier>) throws(Rejection) -> Drop.Effect {
    let bytes: (model: [UInt8], sidecar: [UInt8]?)
    do throws(DropDirectory.ReadFailure) {
      bytes = try directory.read(work.file, work.drop.fingerprint, byteCountMax: settings.maximumByteCount)
    } catch {
      guard case .rejected(let rejection) = error else {
        let effect = work.drop.receive(.changedWhileRead(at: now), rules)
        intake.putBack(work.file, work.drop)
        return effect
      }
      throw rejection
    }
    let identity = Identity(
      model: ModelFile.sha256(of: bytes.model), sidecar: bytes.sidecar.map { ModelFile.sha256(of: $0) })
    work.identity = identity
    work.bytes = bytes
    if let active, active.identity == identity { return try recognize(active, &work) }
    work.classifier = try probe.load(model: bytes.model, sidecar: bytes.sidecar)
    let effect = work.drop.receive(.passed, rules)
    report(work.name, sha256: identity.model, work.drop.phase, "The file is whole, and all of it is known.")
    return effect
  }

  /// The file has the bytes of the active model: nothing is swapped.
  private func recognize(_ active: Active, _ work: inout Work<Probe.Classifier>) throws(Rejection) -> Drop.Effect {
    work.generation = active.generation
    guard candidate == nil else {
      let detail = "It runs already, as generation \(active.generation), and is committed with its first frame."
      report(work.name, sha256: active.identity.model, .probed, generation: active.generation, detail)
      return .nothing
    }
    try keep(&work)
    return work.drop.receive(.isActiveModel, rules)
  }

  private func runProbe(_ work: inout Work<Probe.Classifier>) throws(Rejection) -> Drop.Effect {
    guard let classifier = work.classifier else { return .nothing }
    try probe.probe(classifier, latencyBudget: settings.latencyBudget)
    // Stored before it runs: a model that cannot survive a restart is better refused at once.
    try keep(&work)
    return work.drop.receive(.passed, rules)
  }

  private func keep(_ work: inout Work<Probe.Classifier>) throws(Rejection) {
    guard let identity = work.identity, let bytes = work.bytes else { return }
    do throws(SystemCallError) {
      try archive.keep(identity, model: bytes.model, sidecar: bytes.sidecar)
    } catch {
      throw Rejection(
        .io, "It cannot be stored: \(error). Make room or give permission there, and copy the file again.")
    }
    work.bytes = nil
  }

  private func activate(_ work: inout Work<Probe.Classifier>) -> Drop.Effect {
    guard let identity = work.identity, let classifier = work.classifier else { return .nothing }
    overtake(with: work.name)
    lastGeneration += 1
    work.generation = lastGeneration
    work.classifier = nil
    work.isMarkOverdue = false
    report(
      work.name, sha256: identity.model, work.drop.phase, generation: lastGeneration,
      "It computes what it should, and takes over with the next frame.")
    active = Active(identity: identity, name: work.name, generation: lastGeneration)
    candidate = work
    guard !isStopping else { return .nothing }
    onActivate(
      Activation(generation: lastGeneration, name: work.name, sha256: identity.model, classifier: classifier))
    return .nothing
  }

  /// A candidate that judged no frame yet makes room for the next one.
  private func overtake(with name: String) {
    guard var overtaken = candidate else { return }
    _ = overtaken.drop.receive(.overtaken, rules)
    report(
      overtaken.name, sha256: overtaken.identity?.model, overtaken.drop.phase, generation: overtaken.generation,
      "\(name) takes over before it was committed.")
    candidate = nil
  }

  /// Commits the candidate where a frame was judged by it. Also tries again what failed before.
  func commitIfJudged() {
    guard var work = candidate, work.generation == control.judged.load(ordering: .acquiring) else { return }
    let effect = work.isMarkOverdue ? .mark : work.drop.receive(.judgedFrame, rules)
    candidate = work
    if effect == .mark { _ = mark(&work) }
  }

  private func mark(_ work: inout Work<Probe.Classifier>) -> Drop.Effect {
    guard let identity = work.identity, let generation = work.generation else { return .nothing }
    do throws(SystemCallError) {
      try archive.commit(CommittedModel(identity: identity, name: work.name, generation: generation))
    } catch {
      if !work.isMarkOverdue {
        report(
          work.name, sha256: identity.model, work.drop.phase, generation: generation, reason: .io,
          "It runs, but a restart would not know it: \(error). Make room or give permission there; it is tried again.")
      }
      work.isMarkOverdue = true
      candidate = work
      return .nothing
    }
    let effect = work.drop.receive(.marked, rules)
    candidate = nil
    // Without this record a restart takes the files of the directory again, and commits the newest again.
    try? archive.remember(intake.remembered)
    report(
      work.name, sha256: identity.model, work.drop.phase, generation: generation, "A restart begins with this model.")
    return effect
  }
}
