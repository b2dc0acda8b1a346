/// Inputs from which the ranges of a model's activations are learned, in an order that does not change.
public protocol Samples {
  /// How many there are.
  var count: Int { get }
  /// Fills the model's input with one of them.
  func fill(_ input: UnsafeMutableRawBufferPointer, with sample: Int) throws(QuantizationError)
}

/// What work is being done, and how much of it is over. May throw `QuantizationError.cancelled` to end it.
public typealias ProgressObserver = (_ stage: Stage, _ done: Int, _ total: Int) throws(QuantizationError) -> Void

/// The parts of the work that take time.
public enum Stage: String, Sendable {
  case ranges = "measuring ranges"
  case equalizedRanges = "measuring ranges of equalised weights"
  case choice = "comparing ways to quantize"
  case layers = "measuring layers"
  case comparison = "comparing layers"
  case inputs = "measuring what layers read"
  case sensitivity = "pruning each layer by itself"
}
