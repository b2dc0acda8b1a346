import TFLite

/// An operator of the graph with its place in it, so that what is wrong with it can be said.
struct Node {
  let place: OperatorPlace
  let code: BuiltinOperator
  let inputs: [Int?]
  let outputs: [Int]
  let options: OperatorOptions

  /// Takes an operator of the file, if it is one of the schema's list or the one custom operator that is known here.
  init(_ source: Operator, index: Int) throws(CompilationError) {
    switch source.code {
    case .builtin(let code):
      self.code = code
      place = OperatorPlace(name: code.name, index: index)
    case .custom(DetectionOptions.operatorName):
      code = .custom
      place = OperatorPlace(name: DetectionOptions.operatorName, index: index)
    case .custom, .unnamed: throw .unknownOperator(name: source.code.name, index: index)
    }
    inputs = source.inputs
    outputs = source.outputs
    options = source.options
  }

  func mismatch(_ detail: String) -> CompilationError { .shapeMismatch(place, detail) }
  func unsupported(_ detail: String) -> CompilationError { .unsupportedType(place, detail) }

  /// Refuses where a condition on operands or settings does not hold.
  func check(_ condition: Bool, _ detail: @autoclosure () -> String) throws(CompilationError) {
    if !condition { throw mismatch(detail()) }
  }

  /// Refuses where a condition on types does not hold.
  func checkType(_ condition: Bool, _ detail: @autoclosure () -> String) throws(CompilationError) {
    if !condition { throw unsupported(detail()) }
  }

  /// The fused activation of an operator that has no other setting.
  var arithmeticActivation: Activation {
    if case .arithmetic(let activation, _) = options { activation } else { .none }
  }
}
