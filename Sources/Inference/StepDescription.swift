import TFLite

/// What a step of a program does, for whoever looks where the time goes.
public struct StepDescription: Sendable, Equatable {
  /// The operators of the model that the step computes: several where it fuses them, none for what the engine adds
  /// itself at inputs and outputs.
  public let operators: [OperatorPlace]
  /// How it is computed: the name of the engine's own step, for example "Convolution".
  public let kind: String
  /// Multiply-accumulates of one run; for pooling, the elements summed.
  public let multiplyCount: Int
  /// The shapes of the computed tensors that it reads.
  public let inputShapes: [[Int]]
  /// The shapes of the tensors that it writes.
  public let outputShapes: [[Int]]
}

extension Compiler {
  /// Says what a planned step is.
  func description(of planned: PlannedStep) -> StepDescription {
    StepDescription(
      operators: planned.operators, kind: String(describing: type(of: planned.step)),
      multiplyCount: planned.multiplyCount, inputShapes: planned.reads.map { self[$0].shape },
      outputShapes: planned.writes.map { self[$0].shape })
  }
}
