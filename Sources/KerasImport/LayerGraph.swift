/// The layers of a network in the order in which they run, networks within it unfolded.
struct LayerGraph {
  /// A tensor between layers.
  typealias ValueID = Int

  /// What a layer is called with.
  enum Argument: Equatable {
    case value(ValueID)
    case number(Double)
  }

  /// One call of a layer: a layer that is used twice is there twice.
  struct Node {
    let place: LayerPlace
    let className: String
    /// Whether it is a function of arrays (`x * 2.0` in the network's code) rather than a layer.
    let isFunction: Bool
    let config: JSONValue
    let arguments: [Argument]
    let result: ValueID

    /// The tensors among the arguments.
    var inputs: [ValueID] {
      arguments.compactMap { argument in
        if case .value(let id) = argument { return id }
        return nil
      }
    }

    /// Refuses the layer.
    func unsupported(_ detail: String) -> KerasImportError {
      .unsupportedLayer(name: place.name, className: className, detail: detail)
    }
  }

  /// An input of the whole network, with its sizes but for the batch; nil for one that may vary.
  struct Input {
    let value: ValueID
    let name: String
    let shape: [Int?]
  }

  private(set) var inputs: [Input] = []
  private(set) var outputs: [ValueID] = []
  private(set) var nodes: [Node] = []
  private var valueCount = 0

  /// Calls in a network with all that is in it; more would take more memory than a classifier can need.
  static let nodeLimit = 20_000
  /// Networks in networks.
  static let depthLimit = 16

  /// Unfolds `{"class_name": …, "config": …}`.
  init(_ network: JSONValue) throws(KerasImportError) {
    outputs = try unfold(network, at: Surroundings(), given: nil)
    guard !outputs.isEmpty, !inputs.isEmpty else { throw .unsupportedNetwork("it has no inputs or no outputs") }
  }

  /// Where a network stands.
  private struct Surroundings {
    var outermost: String?
    var numberedPath = ""
    var depth = 0

    func place(of name: String, numbered: String) -> LayerPlace {
      LayerPlace(
        name: name, outermost: outermost ?? name,
        numberedPath: numberedPath.isEmpty ? "layers/\(numbered)" : "\(numberedPath)/layers/\(numbered)")
    }

    func within(_ place: LayerPlace) -> Surroundings {
      Surroundings(outermost: place.outermost, numberedPath: place.numberedPath, depth: depth + 1)
    }
  }

  private mutating func makeValue() -> ValueID {
    valueCount += 1
    return valueCount - 1
  }

  private mutating func append(_ node: Node) throws(KerasImportError) {
    guard nodes.count < Self.nodeLimit else {
      throw .unsupportedNetwork("it has more than \(Self.nodeLimit) layers")
    }
    nodes.append(node)
  }

  /// `given` are the tensors that a network within another is called with.
  private mutating func unfold(
    _ network: JSONValue, at surroundings: Surroundings, given: [ValueID]?
  ) throws(KerasImportError) -> [ValueID] {
    guard surroundings.depth < Self.depthLimit else {
      throw .unsupportedNetwork("networks lie more than \(Self.depthLimit) deep in each other")
    }
    switch network["class_name"].string {
    case "Sequential": return try unfoldSequential(network["config"], at: surroundings, given: given)
    case "Functional", "Model": return try unfoldFunctional(network["config"], at: surroundings, given: given)
    case let name:
      throw .unsupportedNetwork(
        "it is a \(name ?? "nothing"), which has code of its own; a Sequential or a functional Model is wanted")
    }
  }
}

// MARK: One layer after the other

extension LayerGraph {
  private mutating func unfoldSequential(
    _ config: JSONValue, at surroundings: Surroundings, given: [ValueID]?
  ) throws(KerasImportError) -> [ValueID] {
    // Old versions have the list alone.
    guard let layers = config["layers"].array ?? config.array else { throw .malformed("a Sequential has no layers") }
    var numbers = LayerNumbers()
    var current = given?.first
    for layer in layers {
      let className = layer["class_name"].string ?? ""
      let numbered = numbers.next(layer)
      if className == "InputLayer" {
        if current == nil { current = try addInput(layer["config"]) }
        continue
      }
      if current == nil {
        current = try addInput(Self.firstShape(of: layer, config), name: "input")
      }
      guard let value = current else { break }
      current = try call(layer, numbered, at: surroundings, with: [.value(value)]).first
    }
    return current.map { [$0] } ?? []
  }

  /// Where a Sequential has no input layer its first layer, or the network as a whole, says the sizes.
  private static func firstShape(of layer: JSONValue, _ config: JSONValue) -> JSONValue {
    for shape in [
      layer["config"]["batch_input_shape"], layer["config"]["batch_shape"], config["build_input_shape"],
      layer["build_config"]["input_shape"],
    ] where !shape.isNull {
      return shape
    }
    return .null
  }

  private mutating func addInput(_ config: JSONValue) throws(KerasImportError) -> ValueID {
    let shape = config["batch_shape"].isNull ? config["batch_input_shape"] : config["batch_shape"]
    return try addInput(shape, name: config["name"].string ?? "input")
  }

  private mutating func addInput(_ shape: JSONValue, name: String) throws(KerasImportError) -> ValueID {
    guard let sizes = shape.array, sizes.count >= 2 else {
      throw .unsupportedNetwork("the input \"\(name)\" has no shape: save the model after it was built")
    }
    let value = makeValue()
    inputs.append(Input(value: value, name: name, shape: sizes.dropFirst().map(\.integer)))
    return value
  }
}

// MARK: Layers that name their inputs

extension LayerGraph {
  /// One result of one call of a layer, as files name it.
  private struct ResultName: Hashable {
    let layer: String
    let call: Int
    let index: Int

    init?(_ json: JSONValue) {
      guard let layer = json[0].string, let call = json[1].integer, let index = json[2].integer else { return nil }
      (self.layer, self.call, self.index) = (layer, call, index)
    }

    init(_ layer: String, _ call: Int, _ index: Int) { (self.layer, self.call, self.index) = (layer, call, index) }
  }

  /// A call that waits for its inputs.
  private struct PendingCall {
    let layer: JSONValue
    let name: String
    let numbered: String
    let call: Int
    let arguments: [CallArgument]
  }

  /// What a file says that a layer is called with.
  private enum CallArgument {
    case result(ResultName)
    case number(Double)
  }

  private mutating func unfoldFunctional(
    _ config: JSONValue, at surroundings: Surroundings, given: [ValueID]?
  ) throws(KerasImportError) -> [ValueID] {
    guard let layers = config["layers"].array else { throw .malformed("a network has no layers") }
    var known: [ResultName: ValueID] = [:]
    for (index, name) in try Self.resultNames(config["input_layers"]).enumerated() {
      if let given {
        guard given.indices.contains(index) else { throw .malformed("a network is called with too few inputs") }
        known[name] = given[index]
      } else {
        let layer = layers.first { $0["config"]["name"].string == name.layer || $0["name"].string == name.layer }
        known[name] = try addInput(layer?["config"] ?? .null)
      }
    }
    var pending: [PendingCall] = []
    var numbers = LayerNumbers()
    for layer in layers {
      let className = layer["class_name"].string ?? ""
      let numbered = numbers.next(layer)
      guard className != "InputLayer" else { continue }
      guard let name = layer["name"].string ?? layer["config"]["name"].string else {
        throw .malformed("a layer (\(className)) has no name")
      }
      for (call, node) in (layer["inbound_nodes"].array ?? []).enumerated() {
        pending.append(
          PendingCall(
            layer: layer, name: name, numbered: numbered, call: call, arguments: try Self.arguments(node, of: name)))
      }
    }
    // Files mostly list layers in the order in which they run; a layer that is used again may come too early.
    while !pending.isEmpty {
      var waiting: [PendingCall] = []
      for item in pending {
        guard let arguments = Self.resolve(item.arguments, known) else {
          waiting.append(item)
          continue
        }
        let results = try call(item.layer, item.numbered, at: surroundings, with: arguments)
        for (index, result) in results.enumerated() { known[ResultName(item.name, item.call, index)] = result }
      }
      guard waiting.count < pending.count else {
        throw .malformed("the layer \"\(waiting[0].name)\" is called with something that no layer gives")
      }
      pending = waiting
    }
    var results: [ValueID] = []
    for name in try Self.resultNames(config["output_layers"]) {
      guard let value = known[name] else { throw .malformed("no layer gives the output \"\(name.layer)\"") }
      results.append(value)
    }
    return results
  }

  /// `["name", 0, 0]` or a list of these.
  private static func resultNames(_ json: JSONValue) throws(KerasImportError) -> [ResultName] {
    if let one = ResultName(json) { return [one] }
    guard let list = json.array else {
      throw .unsupportedNetwork("its inputs or outputs are named by a dictionary; a list is wanted")
    }
    let names = list.compactMap { ResultName($0) }
    guard names.count == list.count else { throw .malformed("the inputs or outputs of a network are not named") }
    return names
  }

  private static func resolve(_ arguments: [CallArgument], _ known: [ResultName: ValueID]) -> [Argument]? {
    var resolved: [Argument] = []
    for argument in arguments {
      switch argument {
      case .number(let number): resolved.append(.number(number))
      case .result(let name):
        guard let value = known[name] else { return nil }
        resolved.append(.value(value))
      }
    }
    return resolved
  }

  /// Keras 3: `{"args": […], "kwargs": {…}}`; Keras 2: `[["name", 0, 0, {…}], …]`.
  private static func arguments(_ node: JSONValue, of name: String) throws(KerasImportError) -> [CallArgument] {
    var found: [CallArgument] = []
    if let args = node["args"].array {
      for argument in args { try collect(argument, into: &found, name) }
      // Settings of a call come by name; tensors may, too.
      for (_, value) in (node["kwargs"].object ?? [:]).sorted(by: { $0.key < $1.key }) where value.object != nil {
        try collect(value, into: &found, name)
      }
      return found
    }
    // One tensor without a list around it is written flat by some versions.
    let entries = node[0].string == nil ? node.array ?? [] : [node]
    for entry in entries {
      guard let result = ResultName(entry) else {
        throw .malformed("the inputs of the layer \"\(name)\" are not named")
      }
      found.append(.result(result))
      // A function of arrays has its other operand here: x / 127.5.
      if let operand = entry[3]["y"].number { found.append(.number(operand)) }
    }
    return found
  }

  private static func collect(
    _ json: JSONValue, into found: inout [CallArgument], _ name: String
  ) throws(KerasImportError) {
    if json["class_name"].string == "__keras_tensor__" {
      guard let result = ResultName(json["config"]["keras_history"]) else {
        throw .malformed("an input of the layer \"\(name)\" has no history")
      }
      found.append(.result(result))
    } else if let list = json.array {
      for element in list { try collect(element, into: &found, name) }
    } else if let number = json.number {
      found.append(.number(number))
    }
  }
}

// MARK: One call

extension LayerGraph {
  /// Adds a call of a layer, or all that is in the network that the layer is.
  private mutating func call(
    _ layer: JSONValue, _ numbered: String, at surroundings: Surroundings, with arguments: [Argument]
  ) throws(KerasImportError) -> [ValueID] {
    let className = layer["class_name"].string ?? ""
    let name = layer["name"].string ?? layer["config"]["name"].string ?? className
    let place = surroundings.place(of: name, numbered: numbered)
    if ["Functional", "Model", "Sequential"].contains(className) {
      let values = arguments.compactMap { argument -> ValueID? in
        if case .value(let id) = argument { return id }
        return nil
      }
      return try unfold(layer, at: surroundings.within(place), given: values)
    }
    let result = makeValue()
    try append(
      Node(
        place: place, className: className, isFunction: isFunction(layer), config: layer["config"],
        arguments: arguments,
        result: result))
    return [result]
  }
}

/// Whether a layer of a file is a function of arrays: the files list them among the layers.
///
/// An .h5 file does not say of which module a class is; but a function has no settings that every layer has.
private func isFunction(_ layer: JSONValue) -> Bool {
  if layer["class_name"].string == "TFOpLambda" { return true }
  if let module = layer["module"].string { return module.hasPrefix("keras.src.ops") }
  let config = layer["config"]
  return config["trainable"].isNull && config["dtype"].isNull && config["layers"].isNull
}

/// The names under which .keras files keep layers: the class in lower case, numbered from the second of its kind.
private struct LayerNumbers {
  private var counts: [String: Int] = [:]

  /// Functions have no place there, and are not counted.
  mutating func next(_ layer: JSONValue) -> String {
    guard !isFunction(layer) else { return "" }
    let name = Self.snakeCase(layer["class_name"].string ?? "")
    let count = counts[name, default: 0]
    counts[name] = count + 1
    return count == 0 ? name : "\(name)_\(count)"
  }

  /// As keras/src/utils/naming.py does: an underscore before a capital that begins a word or follows a small letter.
  static func snakeCase(_ name: String) -> String {
    let letters = Array(name.filter { $0.isLetter || $0.isNumber || $0 == "_" })
    var result = ""
    for (index, letter) in letters.enumerated() {
      let startsWord = letter.isUppercase && index + 1 < letters.count && letters[index + 1].isLowercase
      let followsSmall = letter.isUppercase && index > 0 && letters[index - 1].isLowercase
      if index > 0, startsWord || followsSmall { result += "_" }
      result += letter.lowercased()
    }
    return result
  }
}
