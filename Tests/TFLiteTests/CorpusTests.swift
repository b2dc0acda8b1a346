import FoundationEssentials
import Testing

@testable import TFLite

/// Every model of the corpus against what its manifest says; the manifest was made by TensorFlow Lite, not by us.
@Suite(.enabled(if: TestFiles.shared != nil, "needs the corpus in ../shared"))
struct CorpusTests {
  struct Manifest: Decodable {
    let models: [Entry]
  }

  struct Entry: Decodable {
    struct TensorEntry: Decodable {
      struct QuantizationEntry: Decodable {
        let scale: [Double]
        let zero_point: [Int64]
        let channels: Int
      }
      let name: String
      let type: String
      let shape: [Int]
      let quantization: QuantizationEntry?
    }
    let name: String
    let file: String
    let `class`: String
    let inputs: [TensorEntry]?
    let outputs: [TensorEntry]?
    let operators: [String: Int]?
    let subgraphs: Int?
  }

  static func entries() throws -> [Entry] {
    guard let shared = TestFiles.shared, let bytes = TestFiles.bytes("\(shared)/corpus/manifest.json") else {
      return []
    }
    return try JSONDecoder().decode(Manifest.self, from: Data(bytes)).models
  }

  static func model(_ entry: Entry) throws -> Model {
    let bytes = try #require(TestFiles.bytes("\(TestFiles.shared ?? "")/corpus/\(entry.file)"), "\(entry.file)")
    return try Model(parsing: bytes)
  }

  @Test func everyModelIsReadAsTheManifestSays() throws {
    let entries = try Self.entries().filter { $0.class != "refuse" && $0.name != "odd_blockwise_quantized" }
    #expect(entries.count > 100)
    for entry in entries {
      let model: Model
      do { model = try Self.model(entry) } catch {
        Issue.record("\(entry.name): \(error)")
        continue
      }
      compare(entry.inputs ?? [], model.main.inputs, model, entry.name)
      compare(entry.outputs ?? [], model.main.outputs, model, entry.name)
      #expect(model.subgraphCount == entry.subgraphs, "\(entry.name)")
      // The manifest counts the operators of all subgraphs.
      if model.subgraphCount == 1 { #expect(Self.histogram(model) == entry.operators ?? [:], "\(entry.name)") }
    }
  }

  private func compare(_ expected: [Entry.TensorEntry], _ indices: [Int], _ model: Model, _ name: String) {
    #expect(expected.count == indices.count, "\(name)")
    for (entry, index) in zip(expected, indices) {
      let tensor = model.main.tensors[index]
      #expect("\(tensor.type)" == entry.type, "\(name)")
      #expect(tensor.shape == entry.shape, "\(name)")
      #expect(tensor.name == entry.name, "\(name)")
      if let quantization = entry.quantization, !quantization.scale.isEmpty {
        #expect(tensor.quantization?.zeroPoints == quantization.zero_point, "\(name)")
        for (ours, theirs) in zip(tensor.quantization?.scales ?? [], quantization.scale) {
          #expect(abs(Double(ours) - theirs) <= theirs * 1e-6, "\(name)")
        }
      }
    }
  }

  private static func histogram(_ model: Model) -> [String: Int] {
    var counts: [String: Int] = [:]
    for node in model.main.operators {
      let name =
        switch node.code {
        case .builtin(let builtin): builtin.name
        case .unnamed(let number): "\(number)"
        case .custom(let name): "CUSTOM \(name)"
        }
      counts["\(name) v\(node.version)", default: 0] += 1
    }
    return counts
  }

  @Test func filesToRefuseAreRefusedOrLeftToTheOperators() throws {
    // What is wrong with the others is an operator that nobody here runs, or its operands.
    let refusedHere: [String: ModelError.Reason] = [
      "refuse_no_subgraphs": .notTFLite, "refuse_broken": .notTFLite, "refuse_text": .notTFLite,
      "refuse_bad_text": .notTFLite, "refuse_lfs_pointer": .notTFLite, "refuse_zero_bytes": .truncated,
      "odd_blockwise_quantized": .unsupportedType, "refuse_custom_testing_op": .shapeMismatch,
    ]
    var refused: [String: ModelError.Reason] = [:]
    for entry in try Self.entries() where entry.class == "refuse" || refusedHere[entry.name] != nil {
      do { _ = try Self.model(entry) } catch let error as ModelError {
        refused[entry.name] = error.reason
        #expect(error.description.hasSuffix("."), "\(error)")
      }
    }
    #expect(refused == refusedHere)
  }
}
