import Inference
import TFLite

extension GraphDraft {
  /// Operators that float converters leave on constants: float16 and sparse weights, and simple arithmetic.
  private static let foldable: Set<BuiltinOperator> = [
    .dequantize, .densify, .cast, .reshape, .transpose, .expandDims, .squeeze, .concatenation, .pack, .add, .sub, .mul,
    .div, .neg, .sqrt, .rsqrt,
  ]

  /// Puts DENSIFY before operators that read sparse constants themselves.
  mutating func separateSparseConstants() {
    var conversions: [OperatorDraft] = []
    for index in operators.indices where operators[index].builtin != .densify {
      for (operand, tensor) in operators[index].inputs.enumerated() {
        guard let tensor, tensors[tensor].sparsity != nil else { continue }
        var plain = tensors[tensor]
        (plain.sparsity, plain.constant) = (nil, nil)
        let result = add(plain)
        conversions.append(OperatorDraft(code: .builtin(.densify), inputs: [tensor], outputs: [result]))
        operators[index].inputs[operand] = result
      }
    }
    operators = conversions + operators
  }

  /// Computes what depends on constants alone, by running it.
  mutating func foldConstants() throws(QuantizationError) {
    var isConstant = tensors.map { $0.constant != nil }
    var folded: [Int] = []
    for (index, node) in operators.enumerated() {
      guard let builtin = node.builtin, Self.foldable.contains(builtin), !node.inputs.isEmpty,
        node.inputs.allSatisfy({ $0.map { isConstant[$0] } ?? true })
      else { continue }
      folded.append(index)
      for output in node.outputs { isConstant[output] = true }
    }
    guard !folded.isEmpty else { return }
    let read = Set(operators.indices).subtracting(folded)
      .reduce(into: Set(outputs)) { set, index in set.formUnion(operators[index].inputs.compactMap { $0 }) }
    let results = folded.flatMap { operators[$0].outputs }.filter(read.contains)
    let values = try GraphDraft(
      name: "", tensors: tensors, operators: folded.map { operators[$0] }, inputs: [], outputs: results
    ).constantOutputs()
    for (tensor, value) in zip(results, values) {
      tensors[tensor].shape = value.shape
      tensors[tensor].type = value.type
      tensors[tensor].constant = Constant(value.bytes)
    }
    removeOperators(Set(folded))
  }

  /// The outputs of a graph without inputs.
  private func constantOutputs() throws(QuantizationError) -> [(type: ElementType, shape: [Int], bytes: [UInt8])] {
    var draft = ModelDraft(description: "", main: self)
    draft.removeUnusedTensors()
    let session = Session(try draft.compiled())
    session.invoke()
    return session.program.outputs.enumerated().map { index, output in
      (output.type, output.shape, session.withOutput(index) { [UInt8]($0) })
    }
  }
}

extension ModelDraft {
  /// The model as a file would have it.
  func parsed() throws(QuantizationError) -> Model {
    do throws(ModelError) {
      return try Model(parsing: encoded())
    } catch {
      throw .model(error)
    }
  }

  /// The model, ready to run.
  func compiled() throws(QuantizationError) -> Program { try parsed().compiled(threadCount: 1) }
}

extension Model {
  /// The model, ready to run. Tensors that are given out as well take more room than a model mostly needs.
  func compiled(threadCount: Int) throws(QuantizationError) -> Program {
    do throws(CompilationError) {
      var options = CompilerOptions()
      options.threadCount = threadCount
      options.arenaByteLimit = 2 << 30
      return try Program(compiling: self, options: options)
    } catch {
      throw .compilation(error)
    }
  }
}
