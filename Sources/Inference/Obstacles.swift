import TFLite

extension Program {
  /// All that keeps a model from being made a program, where making one ends at the first of it; empty where it runs.
  ///
  /// Each operator is compiled by itself. Results of those that are refused are taken to be what the file declares of
  /// them, so that what follows is judged as well.
  public static func obstacles(in model: Model, options: CompilerOptions = .init()) -> [CompilationError] {
    let first: CompilationError
    do throws(CompilationError) {
      _ = try Program(compiling: model, options: options)
      return []
    } catch {
      first = error
    }
    do throws(CompilationError) {
      let found = try ObstacleSurvey.survey(model, options)
      // What lies in no operator: the arena, or a file that was cut short meanwhile.
      return found.isEmpty ? [first] : found
    } catch {
      return [error]
    }
  }
}

extension CompilationError {
  /// The operator that it speaks of; nil where it is the whole model, or a limit.
  public var place: OperatorPlace? {
    switch self {
    case .unknownOperator(let name, let index): OperatorPlace(name: name, index: index)
    case .unsupportedType(let place, _), .shapeMismatch(let place, _): place
    case .tooBig, .unsupportedModel, .unknownKernelFamily: nil
    }
  }
}

/// Compiles as much of a model as can be, and notes what cannot.
private struct ObstacleSurvey {
  /// Its steps are not fit to run.
  private var compiler: Compiler
  private var found: [CompilationError] = []
  /// Tensors that no operator gave a shape and whose shape the file does not tell.
  private var shapeless: Set<Int> = []

  static func survey(_ model: Model, _ options: CompilerOptions) throws(CompilationError) -> [CompilationError] {
    let family = try KernelFamily.named(options.kernelFamily)
    let compiler = try Compiler(model: model, options: options, family: family, packed: PackedConstants(expecting: 0))
    var survey = ObstacleSurvey(compiler: compiler)
    survey.surveyInputs()
    survey.surveyOperators()
    // Where an operator is refused it is only guessed what outputs are.
    if survey.found.isEmpty { survey.surveyOutputs() }
    return survey.found
  }

  private init(compiler: Compiler) { self.compiler = compiler }

  private mutating func note(_ error: CompilationError) {
    // A limit that one operator passes is passed by all that follow, in the same words.
    if error.place == nil, found.contains(error) { return }
    found.append(error)
  }

  private mutating func surveyInputs() {
    do throws(CompilationError) {
      _ = try compiler.addInputs()
    } catch {
      note(error)
      for index in compiler.model.main.inputs { assume(index) }
    }
  }

  private mutating func surveyOperators() {
    do throws(CompilationError) {
      try compiler.checkOperatorCount()
    } catch {
      note(error)
      return
    }
    for (index, operation) in compiler.model.main.operators.enumerated() {
      do throws(CompilationError) {
        try compiler.compileLabelled(Node(operation, index: index))
      } catch {
        if isOwn(error, of: operation) { note(error) }
        for output in operation.outputs { assume(output) }
      }
    }
  }

  private mutating func surveyOutputs() {
    do throws(CompilationError) { _ = try compiler.addOutputs() } catch { note(error) }
  }

  /// Whether an operator is at fault itself, rather than one before it whose result has no shape that is known.
  private func isOwn(_ error: CompilationError, of operation: Operator) -> Bool {
    if case .unknownOperator = error { return true }
    return operation.inputs.allSatisfy { $0.map { !shapeless.contains($0) } ?? true }
  }

  /// Takes a tensor to be what the file says of it.
  private mutating func assume(_ index: Int) {
    guard !compiler.values[index].isDefined else { return }
    let tensor = compiler.model.main.tensors[index]
    compiler.values[index].isDefined = true
    compiler.values[index].becomeTwin()
    // A file may declare far more than anything here would compute.
    let byteCount = tensor.shape.reduce(tensor.type.byteCount ?? 1) { product, dimension in
      let (larger, overflow) = product.multipliedReportingOverflow(by: dimension)
      return overflow ? 0 : larger
    }
    let isVariable = tensor.shapeSignature?.contains { $0 < 0 } ?? false
    if isVariable || tensor.shape.isEmpty || byteCount < 1 || byteCount > compiler.options.tensorByteLimit {
      compiler.values[index].shape = [1]
      shapeless.insert(index)
    }
  }
}
