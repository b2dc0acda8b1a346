import TFLite

/// What callers give to a quantized model and get from it.
public enum Edges: String, Sendable, CaseIterable {
  case int8, uint8
  case float
}

/// Rewrites a float graph operator by operator into int8, with QUANTIZE and DEQUANTIZE where the two kinds meet.
struct IntegerGraph {
  /// Which parts of the two graphs are written.
  enum Form {
    /// Everything that can be is int8.
    case whole
    /// The float graph, and beside it each operator in int8 on quantized float operands: shows the error that each
    /// operator makes by itself.
    case isolated
  }

  /// The tensor of the new graph that holds an activation in int8.
  private(set) var integers: [Int: Int] = [:]
  /// The tensor of the new graph that holds it as float, or any tensor that is no activation.
  private(set) var reals: [Int: Int] = [:]
  /// What int8 operators of the isolated form computed.
  private(set) var isolated: [Int: Int] = [:]
  private(set) var graph: GraphDraft

  private let source: GraphDraft
  private let scales: ActivationScales
  private let layer: (OperatorDraft) -> IntegerLayer?
  private let form: Form
  /// Results of operators that stay float although they have an int8 form. Callers who asked for integers get integers
  /// of them too.
  private let keptResults: Set<Int>
  /// Operands that were given another scale.
  private var rescaled: [Rescaled: Int] = [:]

  private struct Rescaled: Hashable {
    let tensor: Int
    let scale: Float
    let zeroPoint: Int64
  }

  /// - Parameters:
  ///   - rules: the rule of each operator; nil for those that stay float.
  ///   - kept: operators that stay float although they have a rule.
  ///   - layer: the integer weights of a weighted operator.
  init(
    _ source: GraphDraft, rules: [IntegerRule?], scales: ActivationScales, edges: Edges, form: Form = .whole,
    keepingFloat kept: Set<Int> = [], layer: @escaping (OperatorDraft) -> IntegerLayer?
  ) {
    self.source = source
    self.scales = scales
    self.layer = layer
    self.form = form
    keptResults = Set(kept.filter { rules[$0] != nil }.flatMap { source.operators[$0].outputs })
    graph = GraphDraft(name: source.name, tensors: [], operators: [], inputs: [], outputs: [])
    for input in source.inputs { addInput(input, edges) }
    for (index, (node, rule)) in zip(source.operators, rules).enumerated() {
      guard let rule, !kept.contains(index) else {
        addFloat(node)
        continue
      }
      addInteger(node, rule)
      if form == .isolated { addFloat(node) }
    }
    graph.outputs = source.outputs.map { output($0, edges) }
  }

  // MARK: Edges

  private mutating func addInput(_ input: Int, _ edges: Edges) {
    let tensor = source.tensors[input]
    guard tensor.type == .float32, edges != .float, form == .whole else {
      reals[input] = graph.add(tensor)
      graph.inputs.append(reals[input] ?? 0)
      return
    }
    guard edges == .uint8 else {
      integers[input] = graph.add(integerTensor(input))
      graph.inputs.append(integers[input] ?? 0)
      return
    }
    let unsigned = graph.add(Self.unsigned(integerTensor(input)))
    graph.inputs.append(unsigned)
    integers[input] = add(.quantize, version: 1, unsigned, integerTensor(input, suffix: "_int8"))
  }

  private mutating func output(_ output: Int, _ edges: Edges) -> Int {
    guard form == .whole, edges != .float, integers[output] != nil || keptResults.contains(output) else {
      return real(output)
    }
    let integer = integer(output, nil)
    switch edges {
    case .int8: return integer
    case .uint8: return add(.quantize, version: 1, integer, Self.unsigned(integerTensor(output, suffix: "_uint8")))
    case .float: return real(output)
    }
  }

  private static func unsigned(_ tensor: TensorDraft) -> TensorDraft {
    var unsigned = tensor
    unsigned.type = .uint8
    unsigned.quantization = tensor.quantization.map {
      Quantization(scales: $0.scales, zeroPoints: $0.zeroPoints.map { $0 + 128 }, axis: 0)
    }
    return unsigned
  }

  // MARK: Operators

  private mutating func addFloat(_ node: OperatorDraft) {
    var node = node
    node.inputs = node.inputs.map { $0.map { real($0) } }
    node.outputs = node.outputs.map { output in
      let tensor = graph.add(source.tensors[output])
      reals[output] = tensor
      return tensor
    }
    graph.operators.append(node)
  }

  private mutating func addInteger(_ node: OperatorDraft, _ rule: IntegerRule) {
    let results = node.outputs.map { scales.quantization(of: $0) }
    // Operands of one scale with the result are brought to it where they have another.
    let wanted = rule == .sameScale || rule == .jointScale ? results.first : nil
    var operands = node.inputs.enumerated().map { position, input -> Int? in
      guard let input, rule != .weighted || position == 0 else { return nil }
      return integer(input, wanted)
    }
    if rule == .weighted, let layer = layer(node), let weights = node.inputs[1] {
      let names = node.inputs.map { $0.map { source.tensors[$0].name } }
      let shape = source.tensors[weights].shape ?? []
      let weightTensor = graph.add(
        layer.weights.tensor(name: names[1] ?? "", shape: shape, axis: node.weightAxis ?? 0))
      let biasName = names.count > 2 ? names[2] : nil
      operands = [operands[0], weightTensor, graph.add(layer.biasTensor(name: biasName ?? "\(names[1] ?? "")_bias"))]
    }
    var written = node
    written.inputs = operands
    written.version = max(node.version, IntegerRule.version(node.builtin))
    written.outputs = node.outputs.map { output in
      let tensor = graph.add(integerTensor(output))
      if form == .whole { integers[output] = tensor } else { isolated[output] = tensor }
      return tensor
    }
    graph.operators.append(written)
  }

  // MARK: Operands

  /// An operand of an int8 operator: of a scale, where one is wanted.
  private mutating func integer(_ tensor: Int, _ wanted: Quantization?) -> Int {
    let draft = source.tensors[tensor]
    guard draft.type == .float32 else { return real(tensor) }
    if let values = draft.floats, draft.constant != nil { return graph.add(Self.constant(draft, values, wanted)) }
    let own: Int
    if let known = integers[tensor] {
      own = known
    } else {
      own = add(.quantize, version: 1, real(tensor), integerTensor(tensor, suffix: "_int8"))
      integers[tensor] = own
    }
    guard let wanted, wanted != graph.tensors[own].quantization else { return own }
    let key = Rescaled(tensor: tensor, scale: wanted.scales[0], zeroPoint: wanted.zeroPoints[0])
    if let known = rescaled[key] { return known }
    var target = integerTensor(tensor, suffix: "_rescaled")
    target.quantization = wanted
    let result = add(.quantize, version: 1, own, target)
    rescaled[key] = result
    return result
  }

  /// A tensor as float, or what is no activation as it is.
  private mutating func real(_ tensor: Int) -> Int {
    if let known = reals[tensor] { return known }
    let result: Int
    if let integer = integers[tensor] {
      result = add(.dequantize, version: 2, integer, source.tensors[tensor])
    } else {
      result = graph.add(source.tensors[tensor])
    }
    reals[tensor] = result
    return result
  }

  private mutating func add(_ builtin: BuiltinOperator, version: Int, _ input: Int, _ output: TensorDraft) -> Int {
    let result = graph.add(output)
    graph.operators.append(
      OperatorDraft(code: .builtin(builtin), version: version, inputs: [input], outputs: [result]))
    return result
  }

  private func integerTensor(_ tensor: Int, suffix: String = "") -> TensorDraft {
    var draft = source.tensors[tensor]
    draft.name += suffix
    draft.type = .int8
    draft.quantization = scales.quantization(of: tensor)
    return draft
  }

  /// A constant operand, such as what is added to every channel.
  private static func constant(_ draft: TensorDraft, _ values: [Float], _ wanted: Quantization?) -> TensorDraft {
    let quantization = wanted ?? Quantization(int8: min(0, values.min() ?? 0)...max(0, values.max() ?? 0))
    var tensor = draft
    tensor.type = .int8
    tensor.quantization = quantization
    tensor.constant = Constant(
      bytes(
        of: values.map { value in
          let level = (value / quantization.scales[0]).rounded() + Float(quantization.zeroPoints[0])
          return Int8(max(-128, min(127, level)))
        }))
    return tensor
  }
}
