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

/// What is known of a step when it is planned.
struct StepLabel: Sendable {
  let operators: [OperatorPlace]
  let multiplyCount: Int
  let inputShapes: [[Int]]
  let outputShapes: [[Int]]
}

extension StepDescription {
  init(step: any Step, label: StepLabel) {
    operators = label.operators
    kind = String(describing: type(of: step))
    multiplyCount = label.multiplyCount
    inputShapes = label.inputShapes
    outputShapes = label.outputShapes
  }
}

extension Compiler {
  /// Notes what a planned step is.
  func label(of planned: PlannedStep) -> StepLabel {
    StepLabel(
      operators: planned.operators, multiplyCount: planned.multiplyCount,
      inputShapes: planned.reads.map { self[$0].shape }, outputShapes: planned.writes.map { self[$0].shape })
  }
}
