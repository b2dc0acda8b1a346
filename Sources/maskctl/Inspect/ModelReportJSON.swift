import Classification
import Inference
import TFLite

extension ModelReport {
  /// Everything for programs.
  var json: String {
    var members = [
      "\"file\":\(JSONText.string(path))", "\"bytes\":\(byteCount)", "\"sha256\":\"\(sha256)\"",
      "\"inputs\":\(JSONText.list(model.main.inputs.map { json(of: model.main.tensors[$0]) }))",
      "\"outputs\":\(JSONText.list(model.main.outputs.map { json(of: model.main.tensors[$0]) }))",
      "\"operators\":\(counts(operatorCounts))", "\"arithmetic\":\(counts(arithmeticCounts))",
      "\"constants\":\(counts(inventory.constants.map { ($0.kind, $0.byteCount) }))",
      "\"layers\":\(JSONText.list(model.main.operators.indices.map(layerJSON)))",
    ]
    if let program {
      members.append("\"kernels\":\(JSONText.string(program.kernelFamily))")
      members.append("\"packed_bytes\":\(program.packedByteCount)")
      members.append("\"arena_bytes\":\(program.arenaByteCount)")
    }
    if let refusal {
      members.append("\"refused\":\(JSONText.string(refusal))")
      members.append("\"obstacles\":\(JSONText.list(obstacles.map(obstacleJSON)))")
    }
    if case .success(let classifier) = classifier {
      members.append("\"labels\":\(JSONText.list(classifier.labels.map { JSONText.string($0) }))")
    }
    return "{\(members.joined(separator: ","))}"
  }

  private func counts(_ counts: [(name: String, count: Int)]) -> String {
    "{\(counts.map { "\(JSONText.string($0.name)):\($0.count)" }.joined(separator: ","))}"
  }

  private func json(of tensor: Tensor) -> String {
    let shape = tensor.shape.map { String($0) }.joined(separator: ",")
    return "{\"name\":\(JSONText.string(tensor.name)),\"type\":\"\(tensor.type)\",\"shape\":[\(shape)]}"
  }

  private func layerJSON(_ index: Int) -> String {
    let (node, entry) = (model.main.operators[index], inventory.entries[index])
    return """
      {"index":\(index),"operator":\(JSONText.string(node.code.name)),"version":\(node.version),\
      "arithmetic":\(JSONText.string(entry.arithmetic)),"constant_bytes":\(entry.byteCount),\
      "share_of_file":\(JSONText.number(share(entry.byteCount))),\
      "results":\(JSONText.list(node.outputs.map { json(of: model.main.tensors[$0]) }))}
      """
  }

  private func obstacleJSON(_ obstacle: CompilationError) -> String {
    var members = ["\"reason\":\"\(obstacle.reason)\"", "\"detail\":\(JSONText.string(obstacle.detail))"]
    if let place = obstacle.place {
      members.append("\"index\":\(place.index)")
      members.append("\"operator\":\(JSONText.string(place.name))")
      members.append("\"version\":\(version(of: place))")
    }
    return "{\(members.joined(separator: ","))}"
  }
}
