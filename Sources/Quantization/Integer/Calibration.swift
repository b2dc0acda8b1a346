import Inference
import TFLite

/// What was seen of the float activations of a model.
struct Calibration {
  /// Of one tensor.
  struct Activation {
    var histogram = ActivationHistogram()
    /// The sum of each channel (the last dimension) over all samples and places.
    var channelSums: [Double]
    /// The sum of the squares of each channel.
    var channelSquareSums: [Double]
    /// The greatest absolute value of each channel.
    var channelMaxima: [Float]
    /// Values added to each sum.
    var countPerChannel = 0

    /// The mean of each channel.
    var channelMeans: [Double] { channelSums.map { $0 / Double(max(1, countPerChannel)) } }

    /// The variance of each channel.
    var channelVariances: [Double] {
      zip(channelSquareSums, channelMeans).map { max(0, $0 / Double(max(1, countPerChannel)) - $1 * $1) }
    }
  }

  /// Fewer samples say little of those to come.
  static let leastSampleCount = 32

  /// By tensor index, for the input and every computed float32 tensor.
  private(set) var activations: [Int: Activation]
  /// Samples that were looked at: all of them, or as many as there was time for.
  private(set) var sampleCount = 0

  /// Runs a float model on samples and looks at some activations. The memory that this takes does not grow with them.
  ///
  /// Where time runs out it ends early, after `leastCount` samples at the earliest.
  init(
    _ draft: ModelDraft, of tensors: [Int], _ samples: some Samples, leastCount: Int, isTimeOver: () -> Bool,
    stage: Stage, observer: ProgressObserver
  ) throws(QuantizationError) {
    let run = try TappedRun(draft, taps: tensors)
    activations = [:]
    for tensor in run.taps {
      let channelCount = draft.main.tensors[tensor].shape?.last ?? 1
      activations[tensor] = Activation(
        channelSums: [Double](repeating: 0, count: channelCount),
        channelSquareSums: [Double](repeating: 0, count: channelCount),
        channelMaxima: [Float](repeating: 0, count: channelCount))
    }
    for sample in Self.spreadOrder(samples.count) {
      if sampleCount >= leastCount, isTimeOver() { break }
      try observer(stage, sampleCount, samples.count)
      try run.invoke(samples, sample)
      for tensor in run.taps {
        guard run.withFloats(of: tensor, { activations[tensor]?.add($0) ?? true }) else {
          throw .unsupported(
            "The model computes numbers that are not finite (tensor \"\(draft.main.tensors[tensor].name)\", sample \(sample))."
          )
        }
      }
      sampleCount += 1
    }
    try observer(stage, samples.count, samples.count)
  }

  /// All numbers below `count`, such that the first of them, however many, are spread over all: samples often come class
  /// by class, and time may end early.
  static func spreadOrder(_ count: Int) -> [Int] {
    // Steps of the golden ratio leave no gap much wider than others.
    var step = max(1, Int(Double(count) * 0.618))
    func divisor(_ one: Int, _ other: Int) -> Int { other == 0 ? one : divisor(other, one % other) }
    while divisor(count, step) > 1 { step += 1 }
    return (0..<count).map { $0 * step % count }
  }

  /// What this one has not looked at, from another.
  func completed(by other: Calibration) -> Calibration {
    var completed = other
    completed.activations.merge(activations) { $1 }
    return completed
  }
}

extension Calibration.Activation {
  /// Returns false where a value is not finite.
  fileprivate mutating func add(_ values: UnsafeBufferPointer<Float>) -> Bool {
    guard histogram.add(values) else { return false }
    let channelCount = channelSums.count
    guard channelCount > 0 else { return true }
    let rowCount = values.count / channelCount
    // Rows are summed in float32 first, a sample at a time: its precision is far beyond what a mean is needed for.
    var sums = [Float](repeating: 0, count: channelCount)
    var squareSums = sums
    sums.withUnsafeMutableBufferPointer { sums in
      squareSums.withUnsafeMutableBufferPointer { squareSums in
        channelMaxima.withUnsafeMutableBufferPointer { maxima in
          for row in 0..<rowCount {
            for channel in 0..<channelCount {
              let value = values[row &* channelCount &+ channel]
              sums[channel] += value
              squareSums[channel] += value * value
              maxima[channel] = max(maxima[channel], abs(value))
            }
          }
        }
      }
    }
    for channel in 0..<channelCount {
      channelSums[channel] += Double(sums[channel])
      channelSquareSums[channel] += Double(squareSums[channel])
    }
    countPerChannel += rowCount
    return true
  }
}

extension GraphDraft {
  /// The inputs and computed tensors of type float32.
  var activations: [Int] {
    var seen: Set<Int> = []
    return (inputs + operators.flatMap(\.outputs)).filter { tensors[$0].type == .float32 && seen.insert($0).inserted }
  }
}
