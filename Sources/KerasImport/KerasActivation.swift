import Glibc
import TFLite

/// A function of each element (or, softmax, of the last dimension).
enum KerasActivation: Equatable {
  case linear
  case relu
  case relu6
  /// min(relu(x), maximum)
  case cappedRelu(maximum: Float)
  case leakyRelu(slope: Float)
  case softmax
  case sigmoid
  case tanh
  /// x * sigmoid(x)
  case swish
  case hardSwish
  /// relu6(x + 3) / 6
  case hardSigmoid
  /// max(0, min(1, x / 5 + 1 / 2)): what Keras 2 called hard_sigmoid.
  case hardSigmoidOfKeras2
  case elu
  case gelu(isApproximate: Bool)
  case exponential

  /// As a part of the operator before it; nil where it must be one of its own.
  var fused: Activation? {
    switch self {
    case .linear: Activation.none
    case .relu: .relu
    case .relu6: .relu6
    default: nil
    }
  }
}

extension NetworkBuilder {
  /// What a setting names: a word, or an object with a name and settings.
  func activation(of json: JSONValue, _ node: Node) throws(KerasImportError) -> KerasActivation {
    if json.isNull { return .linear }
    let name = json.string ?? json["config"].string ?? json["class_name"].string ?? ""
    switch name {
    case "linear": return .linear
    case "relu": return .relu
    case "relu6": return .relu6
    case "leaky_relu": return .leakyRelu(slope: 0.2)
    case "softmax": return .softmax
    case "sigmoid": return .sigmoid
    case "tanh": return .tanh
    case "swish", "silu": return .swish
    case "hard_swish", "hard_silu": return .hardSwish
    case "hard_sigmoid": return file.majorVersion >= 3 ? .hardSigmoid : .hardSigmoidOfKeras2
    case "elu": return .elu
    case "gelu": return .gelu(isApproximate: false)
    case "exponential": return .exponential
    default: throw node.unsupported("its activation \"\(name)\" is not known")
    }
  }

  /// The activation that a layer is; nil for other layers.
  private func activation(of node: Node) throws(KerasImportError) -> KerasActivation? {
    guard !node.isFunction else { return nil }
    let config = node.config
    switch node.className {
    case "Activation": return try activation(of: config["activation"], node)
    case "ReLU": return try rectifier(node)
    case "LeakyReLU":
      let slope = config["negative_slope"].number ?? config["alpha"].number ?? 0.3
      return .leakyRelu(slope: Float(slope))
    case "ELU":
      guard config["alpha"].number ?? 1 == 1 else { throw node.unsupported("its alpha is not 1") }
      return .elu
    case "Softmax":
      let rank = try input(of: node).shape.count
      guard let axis = config["axis"].integer ?? (config["axis"].isNull ? -1 : nil), axis == -1 || axis == rank - 1
      else { throw node.unsupported("it does not run along the last dimension") }
      return .softmax
    default: return nil
    }
  }

  private func rectifier(_ node: Node) throws(KerasImportError) -> KerasActivation {
    let config = node.config
    guard config["threshold"].number ?? 0 == 0 else { throw node.unsupported("its threshold is not 0") }
    let slope = config["negative_slope"].number ?? 0
    switch (config["max_value"].number, slope) {
    case (nil, 0): return .relu
    case (6, 0): return .relu6
    case (let maximum?, 0): return .cappedRelu(maximum: Float(maximum))
    case (nil, _): return .leakyRelu(slope: Float(slope))
    case (.some, _): throw node.unsupported("it has both a maximum and a slope")
    }
  }

  /// What the operator before a layer can take in of it; nil for nothing.
  func fusedActivation(of node: Node) throws(KerasImportError) -> Activation? {
    switch node.className {
    case "Activation", "ReLU":
      guard let fused = try activation(of: node)?.fused, fused != .none else { return nil }
      return fused
    default: return nil
    }
  }

  mutating func translateActivation(_ node: Node) throws(KerasImportError) {
    let source = try input(of: node)
    guard let activation = try activation(of: node) else { throw node.unsupported("it is no activation") }
    define(node.result, as: try apply(activation, to: source, node))
  }

  /// alpha may have sizes of 1, which are broadcast.
  mutating func translatePReLU(_ node: Node) throws(KerasImportError) {
    let source = try input(of: node)
    let alpha = try file.weights(of: node.place, named: ["alpha"])[0]
    let slopes = constant("\(node.place.name)/alpha", alpha.shape, alpha.values)
    define(
      node.result,
      as: try emit(.prelu, [source.tensor, slopes], .none, shape: source.shape, name: node.place.name))
  }

  mutating func apply(
    _ activation: KerasActivation, to source: Value, _ node: Node
  ) throws(KerasImportError) -> Value {
    let name = "\(node.place.name)/activation"
    let none = OperatorOptions.arithmetic(activation: .none)
    func one(_ builder: inout Self, _ code: BuiltinOperator, _ options: OperatorOptions = .none)
      throws(KerasImportError) -> Value
    {
      try builder.emit(code, [source.tensor], options, shape: source.shape, name: name)
    }
    switch activation {
    case .linear: return source
    case .relu: return try one(&self, .relu)
    case .relu6: return try one(&self, .relu6)
    case .leakyRelu(let slope): return try one(&self, .leakyRelu, .leakyRelu(alpha: slope))
    case .softmax: return try one(&self, .softmax, .softmax(beta: 1))
    case .sigmoid: return try one(&self, .logistic)
    case .tanh: return try one(&self, .tanh)
    case .hardSwish: return try one(&self, .hardSwish)
    case .elu: return try one(&self, .elu)
    case .gelu(let isApproximate): return try one(&self, .gelu, .gelu(approximate: isApproximate))
    case .exponential: return try one(&self, .exp)
    case .swish:
      let gate = try one(&self, .logistic)
      return try emit(.mul, [source.tensor, gate.tensor], none, shape: source.shape, name: name)
    case .cappedRelu(let maximum):
      let positive = try one(&self, .relu)
      return try combine(.minimum, positive, with: maximum, .none, name)
    case .hardSigmoid:
      let shifted = try combine(.add, source, with: 3, .arithmetic(activation: .relu6), name)
      return try combine(.mul, shifted, with: 1.0 / 6, none, name)
    case .hardSigmoidOfKeras2:
      let scaled = try combine(.mul, source, with: 0.2, none, name)
      let shifted = try combine(.add, scaled, with: 0.5, .arithmetic(activation: .relu), name)
      return try combine(.minimum, shifted, with: 1, .none, name)
    }
  }

  /// An operator whose second operand is one number.
  mutating func combine(
    _ code: BuiltinOperator, _ value: Value, with number: Float, _ options: OperatorOptions, _ name: String
  ) throws(KerasImportError) -> Value {
    let operand = constant("\(name)/constant", [], [number])
    return try emit(code, [value.tensor, operand], options, shape: value.shape, name: name)
  }
}
