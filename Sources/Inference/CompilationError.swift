/// Why a model cannot be run here. Each case renders to one sentence that says where and what.
public enum CompilationError: Error, Equatable {
  /// An operator that nothing here computes.
  case unknownOperator(name: String, index: Int)
  /// Element types or quantization that the operator is not computed for.
  case unsupportedType(OperatorPlace, String)
  /// Operands or settings that do not fit together.
  case shapeMismatch(OperatorPlace, String)
  /// More memory than the limits of `CompilerOptions` allow.
  case tooBig(String)
  /// The model as a whole cannot be run, for example because it has an input of strings.
  case unsupportedModel(String)
  /// `MASKD_KERNELS` or `CompilerOptions.kernelFamily` names a family that is not available.
  case unknownKernelFamily(String, available: [String])
}

/// Which operator of a graph an error speaks of.
public struct OperatorPlace: Sendable, Equatable {
  /// The schema's name, for example `CONV_2D`.
  public let name: String
  /// The position in the graph, from 0.
  public let index: Int

  /// Names an operator of a graph.
  public init(name: String, index: Int) {
    self.name = name
    self.index = index
  }
}

extension CompilationError: CustomStringConvertible {
  /// A stable word for programs: `unknown_operator`, `unsupported_type`, `shape_mismatch`, `too_big` or
  /// `unknown_kernels`.
  public var reason: String {
    switch self {
    case .unknownOperator: "unknown_operator"
    case .unsupportedType, .unsupportedModel: "unsupported_type"
    case .shapeMismatch: "shape_mismatch"
    case .tooBig: "too_big"
    case .unknownKernelFamily: "unknown_kernels"
    }
  }

  /// One sentence: which operator, what is wrong with it.
  public var description: String {
    switch self {
    case .unknownOperator(let name, let index): "operator \(index) is \(name), which this engine does not compute"
    case .unsupportedType(let place, let detail), .shapeMismatch(let place, let detail):
      "operator \(place.index) (\(place.name)): \(detail)"
    case .tooBig(let detail), .unsupportedModel(let detail): detail
    case .unknownKernelFamily(let name, let available):
      "there is no kernel family \"\(name)\" here; available: \(available.joined(separator: ", "))"
    }
  }
}
