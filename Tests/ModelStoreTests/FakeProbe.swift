import Classification
import Glibc
import ModelStore
import Synchronization

/// A model of text: "good …end" runs, everything else is refused by its first word.
final class FakeClassifier {
  let text: String
  init(_ text: String) { self.text = text }
}

struct FakeProbe: ModelProbe {
  let loads = Calls()

  func load(model: [UInt8], sidecar: [UInt8]?) throws(Rejection) -> FakeClassifier {
    _ = loads.next()
    let text = String(decoding: model.prefix(64), as: UTF8.self)
    guard text.hasPrefix("good") || text.hasPrefix("slow") else { throw Rejection(.notTFLite, "It is no model.") }
    guard model.suffix(3).elementsEqual("end".utf8) else { throw Rejection(.truncated, "It ends too early.") }
    if let sidecar, !sidecar.starts(with: Array("{".utf8)) { throw Rejection(.labelsMismatch, "Bad sidecar.") }
    return FakeClassifier(text)
  }

  func probe(_ classifier: FakeClassifier, latencyBudget: Duration?) throws(Rejection) {
    if classifier.text.hasPrefix("slow"), latencyBudget != nil { throw Rejection(.tooSlow, "It is slow.") }
  }
}

/// Collects what a store tells, and waits for it.
final class Recorder: Sendable {
  private let state = Mutex<(events: [ModelEvent], activations: [String])>(([], []))

  func note(_ event: ModelEvent) { state.withLock { $0.events.append(event) } }
  func note(_ activation: Activation<FakeClassifier>) {
    state.withLock {
      $0.activations.append("\(activation.generation) \(activation.name) \(activation.classifier.text)")
    }
  }

  var events: [ModelEvent] { state.withLock { $0.events } }
  var activations: [String] { state.withLock { $0.activations } }

  /// The phases of one file, in order.
  func phases(of name: String) -> [Phase] { events.filter { $0.name == name }.map(\.phase) }

  /// The last event of a file with this phase, waited for; nil where it does not come within ten seconds.
  func wait(_ name: String, _ phase: Phase, count: Int = 1) -> ModelEvent? {
    for _ in 0..<1000 {
      let found = events.filter { $0.name == name && $0.phase == phase }
      if found.count >= count { return found.last }
      usleep(10_000)
    }
    return nil
  }
}

/// Collects what a store of real models hands out.
final class Handed: Sendable {
  private let state = Mutex<[String]>([])
  var hashes: [String] { state.withLock { $0 } }
  func note(_ activation: Activation<Classifier>) {
    state.withLock { $0.append(activation.classifier.sha256) }
  }
}
