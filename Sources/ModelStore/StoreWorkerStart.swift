import Classification
import EventLoop

extension StoreWorker {
  /// Activates the model to begin with: the last committed one, else the one before it, else the packaged one.
  func activateFirst() throws(ModelStoreError) {
    var problems: [String] = []
    for marker in ["active", "previous"] {
      do throws(StartProblem) {
        guard let model = try committed(marker) else { continue }
        begin(model, detail: "It is the last committed model.", isFallback: !problems.isEmpty)
        return
      } catch {
        report(error.name, sha256: error.sha256, .rejected, reason: error.rejection.reason, error.rejection.detail)
        problems.append("\(error.name): \(error.rejection.detail)")
      }
    }
    do throws(StartProblem) {
      if let model = try packaged() {
        begin(model, detail: "It is the packaged model.", isFallback: !problems.isEmpty)
        return
      }
    } catch {
      report(error.name, sha256: error.sha256, .rejected, reason: error.rejection.reason, error.rejection.detail)
      problems.append("\(error.name): \(error.rejection.detail)")
    }
    throw .noModel(problems)
  }

  /// A model to begin with.
  private struct First {
    var model: CommittedModel
    var classifier: Probe.Classifier
  }

  /// Why a model cannot be the first.
  private struct StartProblem: Error {
    var name: String
    var sha256: String?
    var rejection: Rejection
  }

  private func begin(_ first: First, detail: String, isFallback: Bool) {
    // A model that stands in for another is a swap.
    lastGeneration = isFallback ? lastGeneration + 1 : max(lastGeneration, 1)
    let model = first.model
    active = Active(identity: model.identity, name: model.name, generation: lastGeneration)
    report(model.name, sha256: model.identity.model, .committed, generation: lastGeneration, detail)
    onActivate(
      Activation(
        generation: lastGeneration, name: model.name, sha256: model.identity.model, classifier: first.classifier))
  }

  private func committed(_ marker: String) throws(StartProblem) -> First? {
    var name = archive.folder + "/" + marker
    var sha256: String?
    let model: CommittedModel
    let bytes: (model: [UInt8], sidecar: [UInt8]?)
    do throws(ArchiveError) {
      guard let found = try archive.marker(marker) else { return nil }
      (name, sha256) = (found.name, found.identity.model)
      lastGeneration = max(lastGeneration, found.generation)
      (model, bytes) = (found, try archive.load(found.identity))
    } catch {
      let detail = "\(error) The model before it is used; copy the model to the drop directory again."
      throw StartProblem(name: name, sha256: sha256, rejection: Rejection(.io, detail))
    }
    return First(model: model, classifier: try load(bytes, name: name, sha256: model.identity.model))
  }

  private func packaged() throws(StartProblem) -> First? {
    guard let path = settings.packagedModel else { return nil }
    let name = path.split(separator: "/").last.map(String.init) ?? path
    let model: [UInt8]?
    let sidecar: [UInt8]?
    do throws(SystemCallError) {
      model = try archive.files.read(path, limit: settings.maximumByteCount)
      let sidecarLimit = DropDirectory.sidecarByteCountMax
      sidecar = try archive.files.read(ModelFile.sidecarPath(of: path), limit: sidecarLimit)
    } catch {
      throw StartProblem(name: name, sha256: nil, rejection: Rejection(.io, "\(error)."))
    }
    guard let model else {
      let detail = "The packaged model \(path) is missing; install it, or set models.packaged."
      throw StartProblem(name: name, sha256: nil, rejection: Rejection(.io, detail))
    }
    let hash = ModelFile.sha256(of: model)
    let identity = Identity(model: hash, sidecar: sidecar.map { ModelFile.sha256(of: $0) })
    return First(
      model: CommittedModel(identity: identity, name: name, generation: 1),
      classifier: try load((model, sidecar), name: name, sha256: hash))
  }

  /// Probed once more, as the engine may be another one since; its time is not asked, as machines are busy at a start.
  private func load(
    _ bytes: (model: [UInt8], sidecar: [UInt8]?), name: String, sha256: String
  ) throws(StartProblem) -> Probe.Classifier {
    do throws(Rejection) {
      let classifier = try probe.load(model: bytes.model, sidecar: bytes.sidecar)
      try probe.probe(classifier, latencyBudget: nil)
      return classifier
    } catch {
      throw StartProblem(name: name, sha256: sha256, rejection: error)
    }
  }
}
