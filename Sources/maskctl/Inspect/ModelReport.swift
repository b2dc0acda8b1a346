import Classification
import Inference
import TFLite

/// What there is to say about a model file.
struct ModelReport {
  let path: String
  let byteCount: Int
  let sha256: String
  let model: Model
  let inventory: ModelInventory
  /// What the engine makes of it; nil where it makes nothing.
  let program: Program?
  /// All that keeps the engine from running it.
  let obstacles: [CompilationError]
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
      inventory = ModelInventory(model)
      program = try? Program(compiling: model)
      obstacles = program == nil ? Program.obstacles(in: model) : []
      classifier = Result { () throws(ClassificationError) in
        try Classifier(model: file.model, sidecar: file.sidecar)
      }
    } catch {
      if case .unreadable = error { throw Failure(.noInput, error.description) }
      throw Failure(.badModel, "\(path): \(error.description)")
    }
  }

  /// Why the model does not run, in a sentence; nil where it does.
  var refusal: String? {
    obstacles.first.map { first in
      obstacles.count == 1 ? first.description : "\(first.description), and \(obstacles.count - 1) more"
    }
  }

  /// How often each operator is there, the most frequent first.
  var operatorCounts: [(name: String, count: Int)] { Self.counts(model.main.operators.map(\.code.name)) }

  /// How often operators compute with each kind of numbers, the most frequent first.
  var arithmeticCounts: [(name: String, count: Int)] { Self.counts(inventory.entries.map(\.arithmetic)) }

  private static func counts(_ names: [String]) -> [(name: String, count: Int)] {
    var counts: [String: Int] = [:]
    for name in names { counts[name, default: 0] += 1 }
    return counts.sorted { ($0.value, $1.key) > ($1.value, $0.key) }.map { ($0.key, $0.value) }
  }

  /// Bytes of all constants.
  var constantByteCount: Int { inventory.constants.map(\.byteCount).reduce(0, +) }

  /// The version in the file of the operator that an obstacle speaks of.
  func version(of place: OperatorPlace) -> Int { model.main.operators[place.index].version }

  /// The part of the file that so many bytes are.
  func share(_ bytes: Int) -> Double { byteCount > 0 ? Double(bytes) / Double(byteCount) : 0 }
}
