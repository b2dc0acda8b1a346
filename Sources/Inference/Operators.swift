import TFLite

extension Compiler {
  /// Makes the steps of one operator. Each operator's part stands beside its step.
  mutating func compile(_ node: Node) throws(CompilationError) {
    switch node.code {
    default: throw .unknownOperator(name: node.place.name, index: node.place.index)
    }
  }
}
