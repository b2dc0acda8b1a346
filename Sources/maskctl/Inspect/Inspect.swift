import ArgumentParser
import Classification
import Inference
import TFLite

/// `maskctl inspect`: what is in a model file.
struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows the inputs, outputs, operators and memory of a .tflite file, and how maskd would use it.",
    discussion: """
      A file that can be read but not run is shown all the same; the exit status is then 65.

      Example: maskctl inspect models/mask_mobilenetv2_int8.tflite
      """)

  @Argument(help: "A .tflite file; its sidecar is read where it lies beside it.")
  var model: String

  @Flag(help: "Show every operator with its tensors.")
  var operators = false

  @Flag(help: "Print a JSON object.")
  var json = false

  func run() throws {
    try Failure.exiting { () throws(Failure) in
      let report = try ModelReport(path: model)
      try Terminal.write(json ? report.json + "\n" : report.text(withOperators: operators))
      if let obstacle = report.obstacle { throw Failure(.badModel, "\(model): \(obstacle)") }
    }
  }
}

/// What there is to say about a model file.
private struct ModelReport {
  let path: String
  let byteCount: Int
  let sha256: String
  let model: Model
  /// What the engine makes of it, or why it makes nothing.
  let program: Result<Program, CompilationError>
  /// What the daemon makes of it, or why it makes nothing.
  let classifier: Result<Classifier, ClassificationError>

  init(path: String) throws(Failure) {
    self.path = path
    do throws(ClassificationError) {
      let file = try ModelFile(path: path)
      byteCount = file.model.count
      sha256 = ModelFile.sha256(of: file.model)
      do throws(ModelError) {
        model = try Model(parsing: file.model)
      } catch {
        throw ClassificationError.model(error)
      }
      let model = model
      program = Result { () throws(CompilationError) in try Program(compiling: model) }
      classifier = Result { () throws(ClassificationError) in
        try Classifier(model: file.model, sidecar: file.sidecar)
      }
    } catch {
      if case .unreadable = error { throw Failure(.noInput, error.description) }
      throw Failure(.badModel, "\(path): \(error.description)")
    }
  }

  /// Why the model does not run; nil where it does.
  var obstacle: String? {
    if case .failure(let error) = program { return error.description }
    return nil
  }

  /// How often each operator is there, the most frequent first.
  private var operatorCounts: [(name: String, count: Int)] {
    var counts: [String: Int] = [:]
    for node in model.main.operators { counts[node.code.name, default: 0] += 1 }
    return counts.sorted { ($0.value, $1.key) > ($1.value, $0.key) }.map { ($0.key, $0.value) }
  }

  func text(withOperators: Bool) -> String {
    var lines = ["\(path): \(byteCount) bytes, sha256 \(sha256)"]
    if !model.description.isEmpty { lines.append("description  \(model.description)") }
    lines += model.main.inputs.map { "input        \(text(of: model.main.tensors[$0]))" }
    lines += model.main.outputs.map { "output       \(text(of: model.main.tensors[$0]))" }
    let counts = operatorCounts.map { "\($0.name) \($0.count)" }.joined(separator: ", ")
    lines.append("operators    \(model.main.operators.count): \(counts)")
    lines += engineLines + daemonLines
    if withOperators { lines += operatorLines }
    return lines.joined(separator: "\n") + "\n"
  }

  private var engineLines: [String] {
    switch program {
    case .failure(let error): ["engine       cannot run it: \(error.description)"]
    case .success(let program):
      [
        "engine       \(program.kernelFamily): \(program.packedByteCount) bytes of packed weights, "
          + "\(program.arenaByteCount) bytes of arena"
      ]
    }
  }

  private var daemonLines: [String] {
    switch classifier {
    case .failure(let error): return ["as a classifier: no. \(error.description)"]
    case .success(let classifier):
      let contract = classifier.contract
      let mapping = contract.mapping
      return [
        "labels       \(classifier.labels.prefix(10).joined(separator: ", "))"
          + (classifier.labels.count > 10 ? " and \(classifier.labels.count - 10) more" : ""),
        "picture      \(contract.width)x\(contract.height), \(contract.channels) channels "
          + "\(contract.channelOrder.rawValue), fit \(contract.fit.rawValue), filter \(contract.filter.rawValue)",
        "             (value - \(list(mapping.mean))) / \(list(mapping.standardDeviation)), then scale "
          + "\(mapping.scale), zero point \(mapping.zeroPoint)",
      ]
    }
  }

  private var operatorLines: [String] {
    model.main.operators.enumerated().map { index, node in
      let inputs = node.inputs.map { $0.map { shapeText(model.main.tensors[$0]) } ?? "-" }.joined(separator: " ")
      let outputs = node.outputs.map { shapeText(model.main.tensors[$0]) }.joined(separator: " ")
      return "\(index)  \(node.code.name)  \(inputs) -> \(outputs)"
    }
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

  private func list(_ values: [Double]) -> String { values.map { JSONText.number($0) }.joined(separator: ",") }

  var json: String {
    let counts = operatorCounts.map { "\(JSONText.string($0.name)):\($0.count)" }.joined(separator: ",")
    var members = [
      "\"file\":\(JSONText.string(path))", "\"bytes\":\(byteCount)", "\"sha256\":\"\(sha256)\"",
      "\"inputs\":[\(model.main.inputs.map { json(of: model.main.tensors[$0]) }.joined(separator: ","))]",
      "\"outputs\":[\(model.main.outputs.map { json(of: model.main.tensors[$0]) }.joined(separator: ","))]",
      "\"operators\":{\(counts)}",
    ]
    switch program {
    case .success(let program):
      members.append("\"kernels\":\(JSONText.string(program.kernelFamily))")
      members.append("\"packed_bytes\":\(program.packedByteCount)")
      members.append("\"arena_bytes\":\(program.arenaByteCount)")
    case .failure(let error): members.append("\"refused\":\(JSONText.string(error.description))")
    }
    if case .success(let classifier) = classifier {
      members.append("\"labels\":[\(classifier.labels.map { JSONText.string($0) }.joined(separator: ","))]")
    }
    return "{\(members.joined(separator: ","))}"
  }

  private func json(of tensor: Tensor) -> String {
    let shape = tensor.shape.map { String($0) }.joined(separator: ",")
    return "{\"name\":\(JSONText.string(tensor.name)),\"type\":\"\(tensor.type)\",\"shape\":[\(shape)]}"
  }
}
