import Inference
import TFLite

/// Why a model cannot be made smaller.
public enum QuantizationError: Error, Sendable {
  /// The file is damaged or no model, or the result would be none.
  case model(ModelError)
  /// The engine cannot run the model, so nothing can be measured.
  case compilation(CompilationError)
  /// The model holds integers that stand for reals already.
  case alreadyQuantized(tensor: String, type: ElementType)
  /// A kind of model that cannot be quantized.
  case unsupported(String)
  /// Pictures from which nothing can be learned.
  case poorCalibration(String)
  /// A picture that could not be read.
  case sample(String)
  /// Whoever asked wants it no more.
  case cancelled
}

extension QuantizationError: CustomStringConvertible {
  /// One sentence for a person.
  public var description: String {
    switch self {
    case .model(let error): error.description
    case .compilation(let error): "The model cannot be run: \(error)."
    case .alreadyQuantized(let tensor, let type):
      "The model is quantized already (tensor \"\(tensor)\" is \(type)): give the float model that it was made from."
    case .unsupported(let detail), .poorCalibration(let detail), .sample(let detail): detail
    case .cancelled: "Stopped."
    }
  }
}
