import Classification
import Configuration
import ModelStore
struct ClassifierProbe: ModelProbe {
  init(_ e: Settings.Engine) {}
  static func kernelFamily(_ e: Settings.Engine) -> String { "" }
  func load(model: [UInt8], sidecar: [UInt8]?) throws(Rejection) -> Classifier { throw Rejection(.io, "") }
  func probe(_ classifier: Classifier, latencyBudget: Duration) throws(Rejection) {}
}
