import Evaluation
import Quantization

/// What became of a model. As text and as JSON it is in files of its own.
struct QuantizeReport {
  /// What is known of the accuracy.
  enum Accuracy {
    case notAskedFor
    /// The time was over before the pictures were judged.
    case unmeasured
    case measured(AccuracyGate.Result)
  }

  let output: String
  let mode: Quantize.Mode
  let byteCountBefore: Int
  let byteCountAfter: Int
  let compression: Compression
  let seconds: Double
  let form: SmallForm
  /// The pictures of --calibrate.
  let calibration: CalibrationPictures?
  /// Layers that are float although they have a smaller form.
  let keptFloat: [FloatLayer]
  let accuracy: Accuracy
  /// How many percentage points the accuracy may fall.
  let maxDrop: Double
  let limit: TimeLimit

  var ratio: Double { Double(byteCountBefore) / Double(byteCountAfter) }

  /// The model in int8, where that is what was made.
  var integers: IntegerModel? {
    if case .int8(let model) = form { return model }
    return nil
  }

  var measured: AccuracyGate.Result? {
    if case .measured(let result) = accuracy { return result }
    return nil
  }

  /// What there was no time for, in words that go on after "no time for".
  var leftOut: [String] {
    var leftOut: [String] = []
    if let integers, let calibration, integers.sampleCount < calibration.count {
      let count = calibration.count
      leftOut.append("\(count - integers.sampleCount) of the \(count) pictures to calibrate with")
    }
    if let integers, integers.untriedCount > 0 {
      let count = integers.untriedCount + integers.candidates.count
      leftOut.append("\(integers.untriedCount) of \(count) ways to quantize")
    }
    switch accuracy {
    case .unmeasured: leftOut.append("measuring the accuracy")
    case .measured(let result) where result.isCutShort:
      leftOut.append(
        result.best.holds ? "trying with fewer layers in float" : "trying with more layers in float")
    default: break
    }
    return leftOut
  }

  /// Why the program does not end with 0 although the result is written; nil where all is well.
  var failure: Failure? {
    switch accuracy {
    case .notAskedFor: return nil
    case .unmeasured:
      return Failure(
        .notMet,
        "\(output) is written, but nobody knows whether it is good enough: the time was over before its accuracy was "
          + "measured (--time-limit)")
    case .measured(let result):
      guard result.best.holds else { return Failure(.notMet, missed(result)) }
      let complaints = result.before.complaints
      guard !complaints.isEmpty else { return nil }
      return Failure(
        .noInput, "\(output) is written, but \(complaints.count) of the pictures to evaluate with could not be judged")
    }
  }

  private func missed(_ result: AccuracyGate.Result) -> String {
    let drop = result.best.drop
    return "\(output) is written, but it loses \(points(drop.points)) points of accuracy "
      + "(\(percent(drop.before.value)) -> \(percent(drop.after.value))), \(points(drop.points - maxDrop)) more than "
      + "--max-drop \(JSONText.number(maxDrop)) allows; \(advice(result))"
  }

  /// What may help where too much accuracy is lost.
  private func advice(_ result: AccuracyGate.Result) -> String {
    if result.isCutShort { return "a longer --time-limit leaves more layers in float" }
    let wasAutomatic = result.attempts.count > 1
    switch mode {
    case .float32: return "no weight was rounded: see what `maskctl evaluate` says of both"
    case .float16: return "--mode float32 rounds nothing"
    case .dynamic:
      return wasAutomatic ? "--mode float16 rounds less" : "try --keep-float auto, or --mode float16, which rounds less"
    case .int8:
      return wasAutomatic
        ? "more layers in float did not help: try --io float, --mode dynamic, or other pictures to calibrate with"
        : "try --keep-float auto, --mode dynamic, or more and other pictures to calibrate with"
    }
  }

  /// Percentage points as people read them; a small difference is not shown as none.
  func points(_ value: Double) -> String {
    Decimal.text(value, digits: abs(value) < 0.005 && value != 0 ? 4 : 2)
  }
}
