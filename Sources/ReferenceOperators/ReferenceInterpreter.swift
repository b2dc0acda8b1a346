import TFLite

/// Runs a model operator by operator in plain Swift: the oracle for the compiled engine.
///
/// Results on int8 and uint8 are those of TensorFlow Lite's reference kernels to the bit; float results differ in the
/// last bits at most. No attention is paid to speed, and every run begins afresh.
public struct ReferenceInterpreter: Sendable {
  private let model: Model

  /// Takes a model whose operators all have a reference version.
  ///
  /// - Throws: `ReferenceError.unknownOperator` for the first that has none.
  public init(model: Model) throws(ReferenceError) {
    self.model = model
    for (index, node) in model.main.operators.enumerated() where Self.function(of: node.code) == nil {
      throw .unknownOperator(name: node.code.name, index: index)
    }
  }

  /// Runs the model once.
  ///
  /// - Parameter inputs: the raw little-endian elements of each input, in the order of the model.
  /// - Returns: the raw little-endian elements of each output, in the order of the model.
  /// - Throws: `ReferenceError` for inputs of the wrong number or size, and for operators in forms that are not known.
  public func run(inputs: [[UInt8]]) throws(ReferenceError) -> [[UInt8]] {
    let values = try evaluate(inputs)
    var outputs: [[UInt8]] = []
    for index in model.main.outputs {
      let value = try value(at: index, in: values)
      guard let bytes = value.elements.encoded(as: value.type) else {
        throw .badTensor(name: value.name, detail: "an output of type \(value.type) cannot be written")
      }
      outputs.append(bytes)
    }
    return outputs
  }

  /// Runs the model once and gives the raw bytes of every tensor that was given or computed, by tensor index.
  ///
  /// This is for finding the first operator in which another engine differs.
  public func intermediates(inputs: [[UInt8]]) throws(ReferenceError) -> [Int: [UInt8]] {
    try evaluate(inputs).compactMapValues { $0.elements.encoded(as: $0.type) }
  }

  private func evaluate(_ inputs: [[UInt8]]) throws(ReferenceError) -> [Int: TensorValue] {
    var values = try inputValues(inputs)
    for (index, node) in model.main.operators.enumerated() {
      var operands: [TensorValue?] = []
      for input in node.inputs {
        guard let input else {
          operands.append(nil)
          continue
        }
        operands.append(try value(at: input, in: values))
      }
      let call = OperatorCall(
        index: index, name: node.code.name, inputs: operands,
        outputs: node.outputs.map { model.main.tensors[$0] }, options: node.options)
      guard let function = Self.function(of: node.code) else {
        throw .unknownOperator(name: call.name, index: index)
      }
      let results = try function(call)
      guard results.count == node.outputs.count else {
        throw call.malformed("it has \(node.outputs.count) results in the file and \(results.count) when it runs")
      }
      for (output, result) in zip(node.outputs, results) { values[output] = result }
    }
    return values
  }

  private func inputValues(_ inputs: [[UInt8]]) throws(ReferenceError) -> [Int: TensorValue] {
    guard inputs.count == model.main.inputs.count else {
      throw .wrongInputs(detail: "\(inputs.count) were given, the model has \(model.main.inputs.count)")
    }
    var values: [Int: TensorValue] = [:]
    for (position, index) in model.main.inputs.enumerated() {
      let tensor = model.main.tensors[index]
      let bytes = inputs[position]
      guard let elements = bytes.withUnsafeBytes({ Elements(decoding: $0, as: tensor.type) }) else {
        throw .badTensor(name: tensor.name, detail: "an input of type \(tensor.type) cannot be read")
      }
      guard let count = elementCount(of: tensor.shape), bytes.count == count * (tensor.type.byteCount ?? 1) else {
        throw .wrongInputs(
          detail: "input \(position) ('\(tensor.name)') has \(bytes.count) bytes, not those of "
            + "\(tensor.type) \(tensor.shape)")
      }
      values[index] = TensorValue(
        name: tensor.name, type: tensor.type, shape: tensor.shape, quantization: tensor.quantization,
        elements: elements)
    }
    return values
  }

  /// The value of a tensor that was given, computed or is constant.
  private func value(at index: Int, in values: [Int: TensorValue]) throws(ReferenceError) -> TensorValue {
    if let value = values[index] { return value }
    let tensor = model.main.tensors[index]
    if tensor.hasShape, tensor.shape.contains(0) {
      return TensorValue(
        name: tensor.name, type: tensor.type, shape: tensor.shape, quantization: tensor.quantization,
        elements: tensor.type == .float32 ? .reals([]) : .integers([]))
    }
    guard let decoded = model.withConstantBytes(of: tensor, { Elements(decoding: $0, as: tensor.type) }) else {
      throw .badTensor(name: tensor.name, detail: "it is read before anything was written to it")
    }
    guard var elements = decoded else {
      throw .badTensor(name: tensor.name, detail: "a constant of type \(tensor.type) cannot be read")
    }
    if let sparsity = tensor.sparsity {
      guard let dense = sparsity.densified(elements, shape: tensor.shape) else {
        throw .badTensor(name: tensor.name, detail: "its sparse form does not fit the shape \(tensor.shape)")
      }
      elements = dense
    }
    guard elements.count == elementCount(of: tensor.shape) else {
      throw .badTensor(name: tensor.name, detail: "\(elements.count) elements do not fit the shape \(tensor.shape)")
    }
    return TensorValue(
      name: tensor.name, type: tensor.type, shape: tensor.shape, quantization: tensor.quantization, elements: elements)
  }
}
