import TFLite

/// Makes the operators of a .tflite graph from the layers of a network, one after the other.
///
/// What every layer needs is here: shapes, constants, and which layer reads a value. The layers themselves are
/// extensions, a file for each kind.
struct NetworkBuilder: ~Copyable {
  typealias ValueID = LayerGraph.ValueID
  typealias Node = LayerGraph.Node

  /// A tensor of the graph that is made.
  struct Value {
    let tensor: Int
    /// With the batch, which is 1.
    let shape: [Int]
  }

  let graph: LayerGraph
  let file: KerasFile
  private(set) var draft = GraphDraft(name: "main", tensors: [], operators: [], inputs: [], outputs: [])
  private var values: [ValueID: Value] = [:]
  /// The nodes that read each value.
  private let readers: [ValueID: [Int]]
  /// Nodes that another took in.
  private var isDone: Set<Int> = []

  init(_ graph: LayerGraph, _ file: consuming KerasFile) {
    self.graph = graph
    self.file = file
    var readers: [ValueID: [Int]] = [:]
    for (index, node) in graph.nodes.enumerated() {
      for input in node.inputs { readers[input, default: []].append(index) }
    }
    self.readers = readers
  }

  /// Makes all of it. `size` stands for sizes of the input that may vary.
  mutating func build(size: Int?) throws(KerasImportError) -> GraphDraft {
    for input in graph.inputs {
      var shape = [1]
      for dimension in input.shape {
        guard let known = dimension ?? size else {
          throw .unsupportedNetwork("the sizes of its input \"\(input.name)\" may vary: choose one (--size)")
        }
        guard known > 0, known <= 1 << 20 else {
          throw .malformed("the input \"\(input.name)\" has a size of \(known)")
        }
        shape.append(known)
      }
      let value = Value(tensor: draft.add(TensorDraft(name: input.name, type: .float32, shape: shape)), shape: shape)
      values[input.value] = value
      draft.inputs.append(value.tensor)
    }
    for index in graph.nodes.indices where !isDone.contains(index) { try translate(index) }
    for output in graph.outputs { draft.outputs.append(try value(output).tensor) }
    return draft
  }

  // MARK: Values

  func value(_ id: ValueID) throws(KerasImportError) -> Value {
    guard let value = values[id] else { throw .malformed("a layer reads what no layer gives") }
    return value
  }

  /// The only tensor that a layer reads.
  func input(of node: Node) throws(KerasImportError) -> Value {
    let inputs = node.inputs
    guard inputs.count == 1 else { throw node.unsupported("it reads \(inputs.count) tensors where it should read one") }
    return try value(inputs[0])
  }

  /// Its picture, [1, height, width, channels].
  func picture(of node: Node) throws(KerasImportError) -> Value {
    if let format = node.config["data_format"].string, format != "channels_last" {
      throw node.unsupported("its channels come first; last is wanted")
    }
    let value = try input(of: node)
    guard value.shape.count == 4 else { throw node.unsupported("its input has the shape \(value.shape), no picture") }
    return value
  }

  /// Lets a value be another name of a tensor.
  mutating func define(_ id: ValueID, as value: Value) { values[id] = value }

  // MARK: Taking following layers in

  /// The one layer that reads a value, where it is that alone and no output of the network.
  func onlyReader(of id: ValueID) -> (index: Int, node: Node)? {
    guard let readers = readers[id], readers.count == 1, !graph.outputs.contains(id) else { return nil }
    let node = graph.nodes[readers[0]]
    return node.inputs.count == 1 ? (readers[0], node) : nil
  }

  /// Marks a layer as computed by the one before it.
  mutating func absorb(_ index: Int) { isDone.insert(index) }

  // MARK: Operators

  mutating func constant(_ name: String, _ shape: [Int], _ values: [Float]) -> Int {
    var bytes = [UInt8](repeating: 0, count: values.count * 4)
    bytes.withUnsafeMutableBytes { buffer in
      for (index, value) in values.enumerated() {
        buffer.storeBytes(of: value.bitPattern.littleEndian, toByteOffset: index * 4, as: UInt32.self)
      }
    }
    return draft.add(TensorDraft(name: name, type: .float32, shape: shape, constant: Constant(bytes)))
  }

  mutating func constant(_ name: String, _ shape: [Int], _ values: [Int32]) -> Int {
    var bytes = [UInt8](repeating: 0, count: values.count * 4)
    bytes.withUnsafeMutableBytes { buffer in
      for (index, value) in values.enumerated() {
        buffer.storeBytes(of: value.littleEndian, toByteOffset: index * 4, as: Int32.self)
      }
    }
    return draft.add(TensorDraft(name: name, type: .int32, shape: shape, constant: Constant(bytes)))
  }

  /// Appends an operator with one result of that shape.
  mutating func emit(
    _ code: BuiltinOperator, version: Int = 1, _ inputs: [Int], _ options: OperatorOptions, shape: [Int], name: String
  ) throws(KerasImportError) -> Value {
    var count = 1
    for size in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard size > 0, !overflow, product <= 1 << 29 else {
        throw .malformed("the result of \"\(name)\" would have the shape \(shape)")
      }
      count = product
    }
    let tensor = draft.add(TensorDraft(name: name, type: .float32, shape: shape))
    draft.operators.append(
      OperatorDraft(code: .builtin(code), version: version, inputs: inputs, outputs: [tensor], options: options))
    return Value(tensor: tensor, shape: shape)
  }

  // MARK: Settings

  /// A pair such as (height, width), which may be written as one number.
  func pair(_ setting: String, of node: Node, default defaultValue: Int = 1) throws(KerasImportError) -> (Int, Int) {
    let json = node.config[setting]
    if json.isNull { return (defaultValue, defaultValue) }
    if let both = json.integer, (1...65_536).contains(both) { return (both, both) }
    guard let first = json[0].integer, let second = json[1].integer, (1...65_536).contains(first),
      (1...65_536).contains(second)
    else { throw node.unsupported("its \(setting) is no pair of positive whole numbers") }
    return (first, second)
  }

  func padding(of node: Node) throws(KerasImportError) -> Padding {
    switch node.config["padding"].string {
    case "same": return .same
    case "valid", nil: return .valid
    case let other?: throw node.unsupported("its padding is \"\(other)\"; \"same\" and \"valid\" are known")
    }
  }

  /// How many windows fit along one side of a picture.
  func windowCount(
    _ size: Int, window: Int, stride: Int, padding: Padding, _ node: Node
  ) throws(KerasImportError) -> Int {
    let count = padding == .same ? (size + stride - 1) / stride : (size - window) / stride + 1
    guard count > 0, padding == .same || size >= window else {
      throw node.unsupported("its window of \(window) is larger than its input of \(size)")
    }
    return count
  }
}
