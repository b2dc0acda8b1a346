import Classification
import Inference
import TFLite

extension ModelReport {
  /// Operators in the table of sizes, where not all are asked for.
  private static let largestCount = 10

  /// Everything for people.
  func text(withOperators: Bool) -> String {
    var lines = ["\(path): \(byteCount) bytes, sha256 \(sha256)"]
    if !model.description.isEmpty { lines.append("description  \(model.description)") }
    lines += model.main.inputs.map { "input        \(text(of: model.main.tensors[$0]))" }
    lines += model.main.outputs.map { "output       \(text(of: model.main.tensors[$0]))" }
    if model.main.operators.isEmpty {
      lines.append("operators    none")
    } else {
      lines.append("operators    \(model.main.operators.count): \(list(operatorCounts))")
      lines.append("arithmetic   \(list(arithmeticCounts))")
    }
    let constants = inventory.constants.map { "\($0.byteCount) bytes of \($0.kind)" }
    lines.append("constants    \(constants.isEmpty ? "none" : constants.joined(separator: ", "))")
    lines += engineLines + daemonLines
    return lines.joined(separator: "\n") + "\n" + obstacleTable + sizeTable + (withOperators ? operatorTable : "")
  }

  private func list(_ counts: [(name: String, count: Int)]) -> String {
    counts.map { "\($0.name) \($0.count)" }.joined(separator: ", ")
  }

  private var engineLines: [String] {
    guard let program else {
      let places = Set(obstacles.compactMap { $0.place?.index }).count
      return [
        places > 0
          ? "engine       cannot run it: \(places) of \(model.main.operators.count) operators are refused, see below"
          : "engine       cannot run it: \(obstacles.map(\.description).joined(separator: "; "))"
      ]
    }
    return [
      "engine       \(program.kernelFamily): \(program.packedByteCount) bytes of packed weights, "
        + "\(program.arenaByteCount) bytes of arena"
    ]
  }

  private var daemonLines: [String] {
    switch classifier {
    case .failure(.compilation): return []
    case .failure(let error): return ["as a classifier: no. \(error.description)"]
    case .success(let classifier):
      let contract = classifier.contract
      let mapping = contract.mapping
      return [
        "labels       \(classifier.labels.prefix(10).joined(separator: ", "))"
          + (classifier.labels.count > 10 ? " and \(classifier.labels.count - 10) more" : ""),
        "picture      \(contract.width)x\(contract.height), \(contract.channels) channels "
          + "\(contract.channelOrder.rawValue), fit \(contract.fit.rawValue), filter \(contract.filter.rawValue)",
        "             (value - \(numbers(mapping.mean))) / \(numbers(mapping.standardDeviation)), then scale "
          + "\(mapping.scale), zero point \(mapping.zeroPoint)",
      ]
    }
  }

  private var obstacleTable: String {
    let own = obstacles.filter { $0.place != nil }
    guard !own.isEmpty else { return "" }
    var table = TextTable([("INDEX", .right), ("REFUSED", .left), ("VERSION", .right), ("WHY", .left)])
    for case let (obstacle, place?) in own.map({ ($0, $0.place) }) {
      table.add(["\(place.index)", place.name, "\(version(of: place))", obstacle.detail])
    }
    let others = obstacles.filter { $0.place == nil }.map { "and: \($0.description)\n" }
    return "\n" + table.text + others.joined()
  }

  private var sizeTable: String {
    let entries = inventory.entries
    let largest = entries.indices.filter { entries[$0].byteCount > 0 }
      .sorted { (entries[$1].byteCount, $0) < (entries[$0].byteCount, $1) }
    guard !largest.isEmpty else { return "" }
    var table = TextTable([
      ("BYTES", .right), ("OF FILE", .right), ("INDEX", .right), ("OPERATOR", .left), ("ARITHMETIC", .left),
      ("RESULT", .left),
    ])
    for index in largest.prefix(Self.largestCount) {
      let node = model.main.operators[index]
      let result = node.outputs.first.map { ResultName.short(model.main.tensors[$0].name) } ?? ""
      table.add([
        "\(entries[index].byteCount)", percentage(entries[index].byteCount), "\(index)", node.code.name,
        entries[index].arithmetic, result,
      ])
    }
    let rest = largest.dropFirst(Self.largestCount)
    let restByteCount = rest.map { entries[$0].byteCount }.reduce(0, +)
    var lines = ""
    if !rest.isEmpty {
      lines += "\(rest.count) others with constants: \(restByteCount) bytes (\(percentage(restByteCount)))\n"
    }
    let tables = byteCount - constantByteCount
    return "\n" + table.text + lines + "names, scales, tables and metadata: \(tables) bytes (\(percentage(tables)))\n"
  }

  private func percentage(_ bytes: Int) -> String { Decimal.text(share(bytes) * 100, digits: 1) + " %" }

  private var operatorTable: String {
    var table = TextTable([
      ("INDEX", .right), ("OPERATOR", .left), ("VERSION", .right), ("ARITHMETIC", .left), ("BYTES", .right),
      ("OF FILE", .right), ("TENSORS", .left),
    ])
    for (index, node) in model.main.operators.enumerated() {
      let entry = inventory.entries[index]
      let inputs = node.inputs.map { $0.map { shapeText(model.main.tensors[$0]) } ?? "-" }.joined(separator: " ")
      let outputs = node.outputs.map { shapeText(model.main.tensors[$0]) }.joined(separator: " ")
      table.add([
        "\(index)", node.code.name, "\(node.version)", entry.arithmetic, "\(entry.byteCount)",
        percentage(entry.byteCount), "\(inputs) -> \(outputs)",
      ])
    }
    return "\n" + table.text
  }

  private func text(of tensor: Tensor) -> String {
    var text = "\(tensor.name)  \(shapeText(tensor))"
    if let quantization = tensor.quantization, let scale = quantization.scales.first {
      text +=
        quantization.isPerAxis
        ? "  \(quantization.scales.count) scales along dimension \(quantization.axis)"
        : "  scale \(scale), zero point \(quantization.zeroPoints.first ?? 0)"
    }
    return text
  }

  private func shapeText(_ tensor: Tensor) -> String {
    "\(tensor.type)[\(tensor.shape.map { String($0) }.joined(separator: ","))]"
  }

  private func numbers(_ values: [Double]) -> String { values.map { JSONText.number($0) }.joined(separator: ",") }
}

extension CompilationError {
  /// What is wrong, without the operator that it is wrong with.
  var detail: String {
    switch self {
    case .unknownOperator: "this engine does not compute it"
    case .unsupportedType(_, let detail), .shapeMismatch(_, let detail): detail
    default: description
    }
  }
}
