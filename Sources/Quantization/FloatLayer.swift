import TFLite

/// An operator of a float model, as reports name it.
public struct FloatLayer: Sendable {
  /// Its place in the graph.
  public let index: Int
  /// The schema's name, for example "CONV_2D".
  public let operatorName: String
  /// The name of the result.
  public let tensorName: String
  /// The size of its constants in float32.
  public let byteCount: Int
}

extension FloatModel {
  /// The operators, in the order in which they run.
  public var layers: [FloatLayer] {
    draft.main.operators.enumerated().map { index, node in
      let constants = node.inputs.compactMap { $0.flatMap { draft.main.tensors[$0].constant } }
      return FloatLayer(
        index: index, operatorName: node.code.name,
        tensorName: node.outputs.first.map { draft.main.tensors[$0].name } ?? "",
        byteCount: constants.map(\.range.count).reduce(0, +))
    }
  }
}
