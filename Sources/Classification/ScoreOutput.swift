import Inference
import TFLite

/// The one output of a model, which must be a list of scores.
struct ScoreOutput {
  let tensorIndex: Int
  let type: ElementType
  /// Values in the tensor: one for each label, or one for two labels.
  let count: Int
  let quantization: Quantization?

  init(of model: Model) throws(ClassificationError) {
    let outputs = model.main.outputs
    guard outputs.count == 1 else {
      throw .notAClassifier("The model has \(outputs.count) outputs; an image classifier has one, the scores.")
    }
    tensorIndex = outputs[0]
    let tensor = model.main.tensors[tensorIndex]
    guard let last = tensor.shape.last, last >= 1, tensor.shape.dropLast().allSatisfy({ $0 == 1 }) else {
      throw .notAClassifier(
        "The model's output has the shape \(tensor.shape); an image classifier has [1, number of labels].")
    }
    guard last <= ModelLimits.labels else {
      throw .notAClassifier("The model has \(last) scores, more than the limit of \(ModelLimits.labels).")
    }
    switch tensor.type {
    case .float32: break
    case .int8, .uint8:
      guard tensor.quantization?.isPerAxis == false else {
        throw .unsupportedType("The model's \(tensor.type) output has not one scale and zero point.")
      }
    default:
      throw .unsupportedType("The model's output is \(tensor.type); int8, uint8 and float32 can be scores.")
    }
    type = tensor.type
    count = last
    quantization = tensor.quantization
  }

  /// The engine works types and shapes out by itself: what the file declares of its output may be false.
  func checkComputed(by program: Program) throws(ClassificationError) {
    guard let computed = program.outputs.first, computed.type == type, computed.elementCount == count else {
      let found = program.outputs.first.map { "\($0.type) \($0.shape)" } ?? "nothing"
      throw .notAClassifier(
        "The model's output is declared as \(count) values of \(type), but what it computes is \(found).")
    }
  }

  /// Labels: one value is the score of the second of two.
  var labelCount: Int { count == 1 ? 2 : count }

  /// The sidecar's labels, else those of the metadata, else "label 0", "label 1" and so on.
  func labels(sidecar: [String]?, metadata: [String]?) throws(ClassificationError) -> [String] {
    guard let given = sidecar ?? metadata else { return (0..<labelCount).map { "label \($0)" } }
    guard given.count == labelCount else {
      let source = sidecar == nil ? "label file in the model's archive" : "sidecar"
      let what = count == 1 ? "one score, which stands between two labels" : "\(count) scores"
      throw .labelsMismatch("The \(source) has \(given.count) labels, but the model gives \(what).")
    }
    // Sidecars were checked when they were read.
    return sidecar == nil ? Self.distinct(given) : given
  }

  /// Label files of others have empty lines and doubles, and anything else: each label gets a name of its own, without
  /// control characters, at most 256 bytes long.
  private static func distinct(_ lines: [String]) -> [String] {
    var seen: Set<String> = ["indeterminate"]
    return lines.enumerated().map { index, line in
      let scalars = line.unicodeScalars.filter { $0.properties.generalCategory != .control }
      var label = String(String.UnicodeScalarView(scalars))
      if label.isEmpty { label = "label \(index)" }
      if seen.contains(label) || label.utf8.count > ModelLimits.labelByteCount {
        label = "\(label.prefix(50)) (\(index))"
      }
      seen.insert(label)
      return label
    }
  }

  /// Goldens have as many values as the output.
  func checked(_ goldens: [Sidecar.Golden]) throws(ClassificationError) -> [Sidecar.Golden] {
    for (index, golden) in goldens.enumerated() where golden.output.count != count {
      throw .labelsMismatch(
        "Golden \(index) of the sidecar has \(golden.output.count) values, but the model's output has \(count).")
    }
    return goldens
  }
}
