import TFLite

extension NetworkBuilder {
  /// Layers that make one tensor of several.
  mutating func translateMerge(_ node: Node) throws(KerasImportError) {
    var sources: [Value] = []
    for input in node.inputs { sources.append(try value(input)) }
    guard sources.count >= 2 else {
      throw node.unsupported("it reads \(sources.count) tensors; two at least are wanted")
    }
    switch node.className {
    case "Concatenate": try concatenate(node, sources)
    case "Add": try fold(node, sources, .add)
    case "Multiply": try fold(node, sources, .mul)
    case "Subtract": try fold(node, sources, .sub)
    case "Maximum": try fold(node, sources, .maximum)
    case "Minimum": try fold(node, sources, .minimum)
    default: try average(node, sources)
    }
  }

  /// A function of arrays: of two tensors, or of one and a number.
  mutating func translateFunction(_ node: Node) throws(KerasImportError) {
    // Keras 2 names the function in its settings, Keras 3 by its class.
    let name = node.config["function"].string ?? node.className
    let code: BuiltinOperator
    switch name {
    case "Add", "math.add", "__operators__.add": code = .add
    case "Subtract", "math.subtract": code = .sub
    case "Multiply", "math.multiply": code = .mul
    case "TrueDivide", "Divide", "math.truediv", "math.divide": code = .div
    default:
      throw .unsupportedLayer(
        name: node.place.name, className: name, detail: "this function has no counterpart; use a layer instead")
    }
    guard node.arguments.count == 2, case .value(let first) = node.arguments[0] else {
      throw node.unsupported("its first operand must be a tensor, and its second a tensor or a number")
    }
    switch node.arguments[1] {
    case .value(let second): try fold(node, [try value(first), try value(second)], code)
    case .number(let number):
      define(
        node.result,
        as: try combine(
          code == .div ? .mul : code, try value(first), with: Float(code == .div ? 1 / number : number),
          .arithmetic(activation: .none), node.place.name))
    }
  }

  private mutating func fold(_ node: Node, _ sources: [Value], _ code: BuiltinOperator) throws(KerasImportError) {
    var result = node.result
    var activation = Activation.none
    let isArithmetic = code != .maximum && code != .minimum
    if isArithmetic, let (index, next) = onlyReader(of: node.result), let fused = try fusedActivation(of: next) {
      absorb(index)
      (activation, result) = (fused, next.result)
    }
    var value = sources[0]
    for (index, source) in sources.dropFirst().enumerated() {
      let isLast = index == sources.count - 2
      let options: OperatorOptions = isArithmetic ? .arithmetic(activation: isLast ? activation : .none) : .none
      value = try emit(
        code, [value.tensor, source.tensor], options, shape: try broadcast(value.shape, source.shape, node),
        name: node.place.name)
    }
    define(result, as: value)
  }

  private mutating func average(_ node: Node, _ sources: [Value]) throws(KerasImportError) {
    var sum = sources[0]
    for source in sources.dropFirst() {
      sum = try emit(
        .add, [sum.tensor, source.tensor], .arithmetic(activation: .none),
        shape: try broadcast(sum.shape, source.shape, node), name: "\(node.place.name)/sum")
    }
    define(
      node.result,
      as: try combine(.mul, sum, with: 1 / Float(sources.count), .arithmetic(activation: .none), node.place.name))
  }

  private mutating func concatenate(_ node: Node, _ sources: [Value]) throws(KerasImportError) {
    let rank = sources[0].shape.count
    let written = node.config["axis"].integer ?? -1
    let axis = written < 0 ? written + rank : written
    var shape = sources[0].shape
    guard axis > 0, axis < rank else { throw node.unsupported("its axis \(written) is none of its input's") }
    shape[axis] = 0
    for source in sources {
      var other = source.shape
      guard other.count == rank else { throw node.unsupported("its inputs have different numbers of dimensions") }
      shape[axis] += other[axis]
      other[axis] = shape[axis]
      guard other == shape else { throw node.unsupported("its inputs differ in another dimension than \(axis)") }
    }
    define(
      node.result,
      as: try emit(
        .concatenation, sources.map(\.tensor), .concatenation(axis: axis, activation: .none), shape: shape,
        name: node.place.name))
  }

  /// Sizes of 1 go with any other.
  private func broadcast(_ left: [Int], _ right: [Int], _ node: Node) throws(KerasImportError) -> [Int] {
    guard left.count == right.count, zip(left, right).allSatisfy({ $0 == $1 || $0 == 1 || $1 == 1 }) else {
      throw node.unsupported("inputs of shapes \(left) and \(right) do not go together")
    }
    return zip(left, right).map { max($0, $1) }
  }
}
