/// What the store asks of the one who can run a model. `ClassifierProbe` is the daemon's.
public protocol ModelProbe: Sendable {
  /// A model that is ready to judge frames, used by one thread at a time.
  associatedtype Classifier: AnyObject

  /// Checks and compiles a model: whole, every offset, operator, shape and label.
  func load(model: [UInt8], sidecar: [UInt8]?) throws(Rejection) -> Classifier

  /// Lets it compute: golden outputs, noise, time.
  /// - Parameter latencyBudget: how long one inference may take; nil: as long as it takes.
  func probe(_ classifier: Classifier, latencyBudget: Duration?) throws(Rejection)
}

/// A model that takes over before the next frame.
///
/// Unchecked, as the store keeps no reference to the classifier once it has handed it out: whoever receives the
/// activation is the one thread that uses it.
public struct Activation<Classifier: AnyObject>: @unchecked Sendable {
  /// Grows by one with each swap.
  public let generation: UInt64
  /// The file name it was dropped as.
  public let name: String
  /// SHA-256 of the model file in lower-case hexadecimal.
  public let sha256: String
  /// The model, compiled and probed.
  public let classifier: Classifier
}
