import Classification
import Evaluation
import Quantization

/// Measures what a smaller form costs in accuracy, and leaves layers in float until that is little enough.
struct AccuracyGate {
  /// Percentage points.
  static let maxDropDefault = 1.0

  let pictures: LabelledPictures
  /// The float model's answers.
  let before: EvaluatedModel
  /// How many percentage points the accuracy may fall.
  let maxDrop: Double
  /// What the result will be called.
  let path: String
  let sidecar: [UInt8]?
  let limit: TimeLimit
  let encoded: (SmallForm, _ kept: [Int]) throws(Failure) -> [UInt8]

  /// A model that was made and measured.
  struct Attempt {
    /// Layers in float, by their place in the float graph.
    let kept: [Int]
    let bytes: [UInt8]
    let after: EvaluatedModel
    let drop: AccuracyDrop
    let holds: Bool

    /// One that holds is better than one that does not. Of those that hold the smaller one is better, of the others the
    /// more accurate.
    func isBetter(than other: Attempt) -> Bool {
      guard holds == other.holds else { return holds }
      return !holds && drop.points != other.drop.points
        ? drop.points < other.drop.points : bytes.count < other.bytes.count
    }
  }

  /// What came of it.
  struct Result {
    let before: EvaluatedModel
    let best: Attempt
    /// All that was tried, in that order.
    let attempts: [(keptCount: Int, byteCount: Int, drop: AccuracyDrop)]
    /// Whether there was no time to try more.
    let isCutShort: Bool
  }

  /// Tries a form as it is and, where that does not hold and it is asked for, with ever more of the worst layers in
  /// float. Nil where there was no time for the first attempt.
  func search(_ form: SmallForm, keeping kept: [Int], isAutomatic: Bool) throws(Failure) -> Result? {
    guard var best = try attempt(form, keeping: kept) else { return nil }
    var attempts = [(best.kept.count, best.bytes.count, best.drop)]
    var search = FloatLayerSearch(layerCount: isAutomatic && !best.holds ? form.layers.count : 0)
    var isCutShort = false
    // More of the worst layers may be the same layers in all: each set holds those before it.
    var known = [best.kept.count: best.holds]
    while let count = search.next {
      let kept = form.worstLayers(count)
      if let holds = known[kept.count] {
        search.record(holds: holds)
        continue
      }
      guard let next = try attempt(form, keeping: kept) else {
        isCutShort = true
        break
      }
      search.record(holds: next.holds)
      known[kept.count] = next.holds
      attempts.append((kept.count, next.bytes.count, next.drop))
      if next.isBetter(than: best) { best = next }
    }
    return Result(before: before, best: best, attempts: attempts, isCutShort: isCutShort)
  }

  private func attempt(_ form: SmallForm, keeping kept: [Int]) throws(Failure) -> Attempt? {
    if limit.isOver { return nil }
    let bytes = try encoded(form, kept)
    let name = kept.isEmpty ? path : "\(path) with \(kept.count) layers in float"
    let after = try EvaluatedModel(
      path, Classifier.make(of: bytes, sidecar: sidecar, path: path), on: pictures, progress: name,
      stoppedBy: { limit.isOver || Interruption.isRequested })
    if Interruption.isRequested { Interruption.end() }
    guard let after else { return nil }
    let drop = AccuracyDrop(before.evaluation, after.evaluation)
    return Attempt(kept: kept, bytes: bytes, after: after, drop: drop, holds: drop.isWithin(maxDrop))
  }
}
