import TFLite

extension GraphDraft {
  /// Removes operators by index.
  mutating func removeOperators(_ indices: Set<Int>) {
    operators = operators.enumerated().filter { !indices.contains($0.offset) }.map(\.element)
  }

  /// Gives an operator a weight and bias of its own, whoever shared the old ones.
  mutating func setWeights(of index: Int, _ weights: [Float], bias: [Float]) {
    guard let weightTensor = operators[index].inputs[1] else { return }
    let old = tensors[weightTensor]
    let name = old.name
    operators[index].inputs[1] = add(.constant(name: name, shape: old.shape ?? [], floats: weights))
    let hasBias = operators[index].inputs.count > 2
    let biasName = hasBias ? operators[index].inputs[2].map { tensors[$0].name } : nil
    let biasTensor = add(.constant(name: biasName ?? name + "_bias", shape: [bias.count], floats: bias))
    if hasBias { operators[index].inputs[2] = biasTensor } else { operators[index].inputs.append(biasTensor) }
  }
}

extension ModelDraft {
  /// Drops what no operator, input or output of the graph names.
  mutating func removeUnusedTensors() {
    var isUsed = [Bool](repeating: false, count: main.tensors.count)
    for node in main.operators {
      for case let input? in node.inputs { isUsed[input] = true }
      for output in node.outputs { isUsed[output] = true }
    }
    for index in main.inputs + main.outputs { isUsed[index] = true }
    var places = [Int](repeating: 0, count: main.tensors.count)
    var kept: [TensorDraft] = []
    for (index, tensor) in main.tensors.enumerated() where isUsed[index] {
      places[index] = kept.count
      kept.append(tensor)
    }
    main.tensors = kept
    for index in main.operators.indices {
      main.operators[index].inputs = main.operators[index].inputs.map { $0.map { places[$0] } }
      main.operators[index].outputs = main.operators[index].outputs.map { places[$0] }
    }
    renameEdges { places[$0] }
  }

  /// Lets another tensor be an input or output, also by the names that callers use.
  mutating func renameEdges(_ place: (Int) -> Int) {
    main.inputs = main.inputs.map(place)
    main.outputs = main.outputs.map(place)
    for index in signatures.indices where signatures[index].graph == 0 {
      for entry in signatures[index].inputs.indices {
        signatures[index].inputs[entry].tensor = place(signatures[index].inputs[entry].tensor)
      }
      for entry in signatures[index].outputs.indices {
        signatures[index].outputs[entry].tensor = place(signatures[index].outputs[entry].tensor)
      }
    }
  }

  /// Notes the first release of TensorFlow Lite that runs the model, where the file notes one that is older.
  mutating func requireRuntime(_ version: String) {
    func parts(_ text: String) -> [Int] { text.split(separator: ".").map { Int($0) ?? 0 } }
    guard let index = metadata.firstIndex(where: { $0.name == "min_runtime_version" }) else { return }
    let noted = String(decoding: metadata[index].content.bytes.prefix { $0 != 0 }, as: UTF8.self)
    guard parts(noted).lexicographicallyPrecedes(parts(version)) else { return }
    let text = Array(version.utf8)
    metadata[index].content = Constant(text + [UInt8](repeating: 0, count: 16 - text.count))
  }
}
