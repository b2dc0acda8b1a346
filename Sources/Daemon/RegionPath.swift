import Capture
import Classification
import Decision
import EventLoop
import Imaging
import Results

/// One region of one camera, on the frame thread: from a frame to scores, and from scores to a state.
struct RegionPath {
  let camera: String
  let plan: FramePlan.Region
  var decision: RegionDecision

  /// One for each picture format that came; a camera has one, a folder of pictures a few.
  private var preprocessors: [Prepared] = []
  private static let preprocessorMax = 8

  private struct Prepared {
    let format: PictureFormat
    let preprocessor: Preprocessor
    let shortSide: Int
  }

  /// How long the steps of one frame took, in µs.
  struct Timing {
    var preprocess: UInt64 = 0
    var inference: UInt64 = 0
  }

  /// Starts as `settling`.
  init(camera: String, plan: FramePlan.Region, labels: [String], settings: DecisionSettings, at time: UInt64) {
    self.camera = camera
    self.plan = plan
    decision = RegionDecision(labels: labels, settings: settings, at: time)
  }

  /// Takes over a state that this region had under an earlier configuration.
  init(continuing earlier: RegionPath, plan: FramePlan.Region, settings: DecisionSettings) {
    camera = earlier.camera
    self.plan = plan
    decision = earlier.decision
    decision.settings = settings
  }

  /// Adopts another model: its labels, and preprocessing made anew for its input.
  mutating func adopt(labels: [String], settings: DecisionSettings, at time: UInt64) -> StateChange? {
    preprocessors.removeAll()
    decision.settings = settings
    return decision.adopt(labels: labels, at: time)
  }

  /// Judges the region in one frame. Scores that come when the frame is older than `ageMax` (µs) are no answer any
  /// more: the region is overloaded.
  mutating func judge(
    _ frame: borrowing Frame, with classifier: Classifier, ageMax: UInt64
  ) throws(ImagingError) -> (timing: Timing, change: StateChange?) {
    let started = MonotonicClock.now()
    let prepared = try preprocessor(for: frame.format, classifier: classifier)
    let measured = try classifier.preprocess(frame.picture, with: prepared.preprocessor)
    let preprocessed = MonotonicClock.now()
    classifier.infer()
    let inferred = MonotonicClock.now()
    let quality = FrameQuality(
      meanLuma: Double(measured.meanLuma), sharpness: Double(measured.sharpness), shortSide: prepared.shortSide)
    let change =
      inferred > frame.captureTime &+ ageMax
      ? decision.noteOverload(at: inferred)
      : decision.observe(scores: classifier.scores, quality: quality, at: frame.captureTime)
    return (Timing(preprocess: preprocessed - started, inference: inferred - preprocessed), change)
  }

  private mutating func preprocessor(
    for format: PictureFormat, classifier: Classifier
  ) throws(ImagingError) -> Prepared {
    // By index: unoptimized, an iterator over the array allocates, and the path's test could tell nothing.
    for index in preprocessors.indices where preprocessors[index].format == format { return preprocessors[index] }
    let made = Prepared(
      format: format, preprocessor: try classifier.makePreprocessor(format: format, region: plan.area),
      shortSide: Int(min(plan.area.width * Double(format.width), plan.area.height * Double(format.height))))
    if preprocessors.count == Self.preprocessorMax { preprocessors.removeFirst() }
    preprocessors.append(made)
    return made
  }
}
