import TFLite

/// The result of an operator in one version of a model.
public struct ComparedLayer: Sendable, Equatable {
  /// The operator's place in the graph.
  public let index: Int
  /// The schema's name, for example "CONV_2D".
  public let operatorName: String
  /// The tensor's place in the graph.
  public let tensor: Int
  /// The tensor's name.
  public let name: String
  let shape: [Int]
  let activation: Activation?
}

/// Which results in two versions of a model stand for the same thing.
///
/// Converters keep the names of results, or join those of operators that they bring together ("a;b;c"). Results whose
/// names say nothing are paired in their order, where both versions have as many of the same operator and shape.
public struct LayerCorrespondence: Sendable {
  /// A result that both versions compute.
  public struct Pair: Sendable, Equatable {
    /// In the first version.
    public let first: ComparedLayer
    /// In the other version.
    public let other: ComparedLayer
    /// Whether the names say so, and not only the order.
    public let isByName: Bool
  }

  /// In the order of the first version.
  public let pairs: [Pair]
  /// How many results of the first version have no counterpart.
  public let unpairedCount: Int

  /// Finds the pairs in the graphs that are run.
  public init(_ first: Model, _ other: Model) {
    let layers = first.main.comparedLayers
    var matching = Matching(first: layers, other: other.main.comparedLayers)
    matching.pairUnique(isByName: true) { $0.name.isEmpty ? nil : [$0.name, $0.size] }
    matching.pairUnique(isByName: true) { layer in layer.nameParts.first.map { [$0, layer.size] } }
    matching.pairUnique(isByName: true) { layer in layer.nameParts.last.map { [$0, layer.size] } }
    matching.pairUnique(isByName: true) { layer in layer.innerName.map { [$0, layer.size] } }
    matching.pairByOrder { [$0.operatorName, "\($0.shape)", "\($0.activation ?? .none)"] }
    pairs = matching.pairs.sorted { $0.first.index < $1.first.index }
    unpairedCount = layers.count - pairs.count
  }
}

extension ComparedLayer {
  /// What must be the same where only names are compared.
  fileprivate var size: String { "\(shape.reduce(1, *))" }

  /// The names of the operators that a converter brought together, without what it appends for integers.
  fileprivate var nameParts: [String] {
    name.split(separator: ";").map { part in
      for suffix in ["_int8", "_quantize"] where part.hasSuffix(suffix) { return String(part.dropLast(suffix.count)) }
      return String(part)
    }
  }

  /// The first of them without its outermost scope, which Keras numbers anew each time that it converts a model
  /// ("functional_1/conv/Relu"); nil where it has none.
  fileprivate var innerName: String? {
    nameParts.first.flatMap { name in name.firstIndex(of: "/").map { String(name[name.index(after: $0)...]) } }
  }
}

/// Pairs that are found in several passes, each among what those before it left.
private struct Matching {
  private var first: [ComparedLayer]
  private var other: [ComparedLayer]
  private(set) var pairs: [LayerCorrespondence.Pair] = []

  init(first: [ComparedLayer], other: [ComparedLayer]) {
    self.first = first
    self.other = other
  }

  /// Pairs what has the same key, where nothing else in its version has it.
  mutating func pairUnique(isByName: Bool, by key: (ComparedLayer) -> [String]?) {
    pair(isByName: isByName, countMax: 1, by: key)
  }

  /// Pairs what has the same key in the order in which it comes, where both versions have as many.
  mutating func pairByOrder(by key: (ComparedLayer) -> [String]?) {
    pair(isByName: false, countMax: .max, by: key)
  }

  private mutating func pair(isByName: Bool, countMax: Int, by key: (ComparedLayer) -> [String]?) {
    let others = Dictionary(grouping: other.filter { key($0) != nil }) { key($0) ?? [] }
    var (taken, takenOthers): (Set<Int>, Set<Int>) = ([], [])
    for (key, layers) in Dictionary(grouping: first.filter({ key($0) != nil }), by: { key($0) ?? [] }) {
      guard let counterparts = others[key], counterparts.count == layers.count, layers.count <= countMax else {
        continue
      }
      for (layer, counterpart) in zip(layers, counterparts) {
        pairs.append(.init(first: layer, other: counterpart, isByName: isByName))
        taken.insert(layer.tensor)
        takenOthers.insert(counterpart.tensor)
      }
    }
    first.removeAll { taken.contains($0.tensor) }
    other.removeAll { takenOthers.contains($0.tensor) }
  }
}

extension Subgraph {
  /// All results that stand for real numbers. Not those of operators that only change how numbers are written, nor what
  /// is computed of constants.
  fileprivate var comparedLayers: [ComparedLayer] {
    var isConstant = tensors.map { $0.constant != nil }
    var layers: [ComparedLayer] = []
    for (index, node) in operators.enumerated() {
      guard !node.inputs.allSatisfy({ $0.map { isConstant[$0] } ?? true }) else {
        for output in node.outputs { isConstant[output] = true }
        continue
      }
      guard node.code != .builtin(.quantize), node.code != .builtin(.dequantize) else { continue }
      for output in node.outputs where tensors[output].standsForReals {
        layers.append(
          ComparedLayer(
            index: index, operatorName: node.code.name, tensor: output, name: tensors[output].name,
            shape: tensors[output].shape, activation: node.options.activation))
      }
    }
    return layers
  }
}

extension Tensor {
  private var isIntegerWithScale: Bool {
    [.int8, .uint8, .int16].contains(type) && quantization.map { !$0.isPerAxis } ?? false
  }

  fileprivate var standsForReals: Bool { type == .float32 || isIntegerWithScale }
}
