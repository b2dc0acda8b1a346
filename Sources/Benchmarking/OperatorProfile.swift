import Inference

/// Where the time of a model goes: each step's best time, and what that makes of the processor.
public struct OperatorProfile: Sendable {
  /// A step, or all steps of one kind of operator.
  public struct Row: Sendable, Equatable {
    /// The operators of the model, for example "CONV_2D"; "(engine)" for what belongs to none.
    public let name: String
    /// The position of the first of the operators in the model; nil for a row that stands for many.
    public let operatorIndex: Int?
    /// The engine's own step; empty for a row that stands for many.
    public let kind: String
    /// The shape of its result; empty for a row that stands for many.
    public let shape: [Int]
    /// Milliseconds, the best that was seen.
    public let time: Double
    /// The share of the sum of all steps.
    public let share: Double
    /// Multiply-accumulates of one run.
    public let multiplyCount: Int
    /// Multiply-accumulates a second; nil where there are none.
    public let rate: Double?
    /// The rate as a share of the processor's int8 peak; nil without a rate or a peak, and for float arithmetic.
    public let peakShare: Double?
  }

  /// In the order in which they run.
  public let steps: [Row]
  /// By the name of the operator, the longest first.
  public let operators: [Row]
  /// The sum of the best times, in milliseconds.
  public let time: Double

  init(steps descriptions: [StepDescription], bestNanoseconds: [Int], peak: Double?) {
    let times = bestNanoseconds.map { Double($0) / 1e6 }
    let sum = times.reduce(0, +)
    func row(_ indices: [Int], name: String, isStep: Bool) -> Row {
      let time = indices.reduce(0) { $0 + times[$1] }
      let products = indices.reduce(0) { $0 + descriptions[$1].multiplyCount }
      let rate = products > 0 && time > 0 ? Double(products) / time * 1000 : nil
      // The float kernels' steps have names that say so; their peak is another.
      let isFloat = indices.contains { descriptions[$0].kind.hasPrefix("Float") }
      let step = descriptions[indices[0]]
      return Row(
        name: name, operatorIndex: isStep ? step.operators.first?.index : nil, kind: isStep ? step.kind : "",
        shape: isStep ? step.outputShapes.first ?? [] : [], time: time, share: sum > 0 ? time / sum : 0,
        multiplyCount: products, rate: rate, peakShare: isFloat ? nil : rate.flatMap { rate in peak.map { rate / $0 } })
    }
    let names = descriptions.map { step in
      step.operators.isEmpty ? "(engine)" : step.operators.map(\.name).joined(separator: "+")
    }
    steps = descriptions.indices.map { row([$0], name: names[$0], isStep: true) }
    operators = Dictionary(grouping: descriptions.indices) { names[$0] }
      .map { row($0.value, name: $0.key, isStep: false) }
      .sorted { ($0.time, $1.name) > ($1.time, $0.name) }
    time = sum
  }
}
