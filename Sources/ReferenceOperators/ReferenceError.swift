/// Why a model cannot be computed by the reference operators.
public enum ReferenceError: Error, Equatable, Sendable, CustomStringConvertible {
  /// An operator that has no reference version.
  case unknownOperator(name: String, index: Int)
  /// An operator that is known, in a form or on types that are not.
  case unsupported(operator: String, index: Int, detail: String)
  /// Operands that do not fit together.
  case malformed(operator: String, index: Int, detail: String)
  /// The inputs given are not those of the model.
  case wrongInputs(detail: String)
  /// A tensor of the graph that cannot be used.
  case badTensor(name: String, detail: String)

  /// One sentence that says what is wrong and where.
  public var description: String {
    switch self {
    case .unknownOperator(let name, let index):
      "Operator \(index) is \(name), for which there is no reference version."
    case .unsupported(let name, let index, let detail): "Operator \(index) (\(name)) is not supported: \(detail)."
    case .malformed(let name, let index, let detail): "Operator \(index) (\(name)) is malformed: \(detail)."
    case .wrongInputs(let detail): "The inputs do not fit the model: \(detail)."
    case .badTensor(let name, let detail): "Tensor '\(name)' cannot be used: \(detail)."
    }
  }
}
