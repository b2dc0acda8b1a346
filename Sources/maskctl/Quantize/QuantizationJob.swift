import Classification
import EventLoop
import Quantization
import TFLite

/// What `maskctl quantize` does between reading the float model and writing the small one.
struct QuantizationJob {
  let options: Quantize
  let file: FloatModelFile
  let limit: TimeLimit

  /// Makes the small model, and measures it where that was asked for.
  func run() throws(Failure) -> (bytes: [UInt8], report: QuantizeReport) {
    let start = MonotonicClock.now()
    let kept = try explicitlyKept(file.model)
    // First, as a wrong folder would else be found out last.
    let gate = try accuracyGate()
    let pictures = try options.calibrate.map { (folder) throws(Failure) in
      try calibrationPictures(folder, isWarned: gate != nil)
    }
    let work = Work(gate: gate, pictures: pictures, kept: kept)
    let made =
      switch options.prune {
      case .automatic?: try makeSparsest(work)
      case .share(let sparsity)?: try make(sparsity, work)
      case nil: try make(nil, work)
      }
    let bytes = if let result = made.result { result.best.bytes } else { try encoded(made.form, keepingFloat: kept) }
    let report = QuantizeReport(
      output: options.output, mode: options.mode, byteCountBefore: file.byteCount, byteCountAfter: bytes.count,
      compression: try compression(bytes, made), seconds: Double(MonotonicClock.now() - start) / 1e6, form: made.form,
      calibration: pictures, keptFloat: (made.result?.best.kept ?? kept).map { file.model.layers[$0] },
      accuracy: options.evaluate == nil ? .notAskedFor : made.result.map { .measured($0) } ?? .unmeasured,
      maxDrop: options.maxDrop ?? AccuracyGate.maxDropDefault, limit: limit)
    return (bytes, report)
  }

  /// What is the same however much is pruned.
  private struct Work {
    let gate: AccuracyGate?
    let pictures: CalibrationPictures?
    let kept: [Int]
  }

  /// A small model.
  private struct Made {
    let form: SmallForm
    /// The share of weights that was asked to be zero, and the error that this makes.
    let pruning: (sparsity: Double, signalToNoise: Double?)?
    /// Nil where nothing was measured.
    let result: AccuracyGate.Result?
  }

  /// Makes the small model with a share of its weights at zero, and measures it.
  private func make(_ sparsity: Double?, _ work: Work) throws(Failure) -> Made {
    var pruned: PrunedModel?
    if let sparsity, sparsity > 0 { pruned = try self.pruned(to: sparsity, work.pictures) }
    let model = pruned?.model ?? file.model
    let form: SmallForm
    switch options.mode {
    case .float32: form = .float32(model)
    case .float16: form = .float16(model)
    case .dynamic: form = .dynamic(model, try dynamicRangeErrors(model, work.gate))
    case .int8:
      guard let pictures = work.pictures else { preconditionFailure("validate() asks for pictures") }
      form = .int8(try integerModel(model, pictures))
    }
    let result = try work.gate?.search(form, keeping: work.kept, isAutomatic: options.keepFloat == .automatic)
    return Made(form: form, pruning: sparsity.map { ($0, pruned?.signalToNoise) }, result: result)
  }

  /// With as many weights at zero as the limit of the accuracy allows.
  private func makeSparsest(_ work: Work) throws(Failure) -> Made {
    var search = SparsitySearch()
    var best: Made?
    while let sparsity = search.next, !limit.isOver {
      let made = try make(sparsity, work)
      let holds = made.result?.best.holds ?? false
      search.record(holds: holds)
      if holds { best = made }
    }
    return if let best { best } else { try make(0, work) }
  }

  private func pruned(to sparsity: Double, _ pictures: CalibrationPictures?) throws(Failure) -> PrunedModel {
    guard let pictures else { return file.model.pruned(to: sparsity) }
    return try observing { (observer) throws(QuantizationError) in
      try file.model.pruned(
        to: sparsity, calibratedWith: pictures, isTimeOver: { limit.isOver }, observer: observer)
    }
  }

  private var clustering: Clustering? {
    options.cluster.map { Clustering(count: $0, keepsZero: options.prune != nil) }
  }

  private func compression(_ bytes: [UInt8], _ made: Made) throws(Failure) -> Compression {
    var weights: [WeightSummary] = []
    if options.prune != nil || options.cluster != nil {
      do throws(ModelError) {
        weights = try ModelDraft(parsing: ModelBytes(bytes)).weightSummaries
      } catch {
        throw Failure(.badModel, "\(options.model): \(error)")
      }
    }
    return Compression(
      byteCountBefore: file.compressedByteCount, byteCountAfter: CompressedSize.gzip(bytes), pruning: made.pruning,
      clustering: clustering, weights: weights)
  }

  private func encoded(_ form: SmallForm, keepingFloat kept: [Int]) throws(Failure) -> [UInt8] {
    do throws(ModelError) {
      return try form.draft(keepingFloat: Set(kept), clustering).encoded()
    } catch {
      throw Failure(.badModel, "\(options.model): \(error)")
    }
  }

  /// Layers that the user names.
  private func explicitlyKept(_ model: FloatModel) throws(Failure) -> [Int] {
    guard case .layers(let kept) = options.keepFloat else { return [] }
    let count = model.layers.count
    for layer in kept where layer >= count {
      throw Failure(
        .usage, "there is no layer \(layer) to keep in float: the layers of \(options.model) are 0 to \(count - 1)")
    }
    return Set(kept).sorted()
  }

  // MARK: Accuracy

  /// With the float model's answers; nil where no pictures were given, or the time was over before they were judged.
  private func accuracyGate() throws(Failure) -> AccuracyGate? {
    guard let source = options.evaluate else { return nil }
    let pictures = try LabelledPictures(source)
    let before = try EvaluatedModel(
      options.model, file.classifier(path: options.model), on: pictures,
      stoppedBy: { limit.isOver || Interruption.isRequested })
    if Interruption.isRequested { Interruption.end() }
    guard let before else { return nil }
    for warning in before.warnings { Terminal.complain("maskctl: \(before.path): \(warning)") }
    for complaint in before.complaints { Terminal.complain("maskctl: \(complaint)") }
    return AccuracyGate(
      pictures: pictures, before: before, maxDrop: options.maxDrop ?? AccuracyGate.maxDropDefault, path: options.output,
      sidecar: file.sidecarBytes, limit: limit, encoded: encoded)
  }

  /// Measured on pictures that the float model judged, where there are any.
  private func dynamicRangeErrors(_ model: FloatModel, _ gate: AccuracyGate?) throws(Failure) -> [LayerError] {
    guard let before = gate?.before else { return [] }
    let pictures = CalibrationPictures(paths: before.evaluation.pictures.map(\.file), contract: before.contract)
    return try observing { (observer) throws(QuantizationError) in
      try model.dynamicRangeErrors(
        on: pictures, clustering, isTimeOver: { limit.isOver }, observer: observer)
    }
  }

  // MARK: Calibration

  /// `isWarned` says that an assumed range has been told already.
  private func calibrationPictures(_ folder: String, isWarned: Bool) throws(Failure) -> CalibrationPictures {
    let contract = try file.inputContract(path: options.model)
    if file.isRangeAssumed, !isWarned {
      Terminal.complain(
        "maskctl: \(options.model): neither a sidecar nor metadata says what range of values the model was trained on; "
          + "-1…1 is assumed, and if that is wrong so are all ranges: put \"input\" into a sidecar beside the model")
    }
    let pictures = try CalibrationPictures(folder, contract: contract, countMax: options.pictures)
    if let weakness = pictures.weakness {
      guard options.acceptPoorCalibration else { throw Failure(.noInput, refusal(weakness)) }
      Terminal.complain("maskctl: \(weakness)")
    }
    return pictures
  }

  private func integerModel(_ model: FloatModel, _ pictures: CalibrationPictures) throws(Failure) -> IntegerModel {
    var integers = IntegerOptions()
    integers.edges = options.io
    integers.clustering = clustering
    integers.inputRange = pictures.contract.realRange
    integers.isTimeOver = { [limit] in limit.isOver }
    integers.requiresDifferentAnswers = pictures.classCount == 0 && !options.acceptPoorCalibration
    return try observing { (observer) throws(QuantizationError) in
      try model.quantized(integers, calibratedWith: pictures, observer: observer)
    }
  }

  private func refusal(_ weakness: String) -> String {
    "\(options.calibrate ?? ""): \(weakness) (--accept-poor-calibration goes on all the same)"
  }

  /// Shows how far long work has come, and ends it where it is interrupted.
  private func observing<Result>(
    _ work: (ProgressObserver) throws(QuantizationError) -> Result
  ) throws(Failure) -> Result {
    var progress: (stage: Stage, bar: Progress)?
    do throws(QuantizationError) {
      return try work { (stage, done, total) throws(QuantizationError) in
        if Interruption.isRequested { throw .cancelled }
        if progress?.stage != stage { progress = (stage, Progress(stage.rawValue, total: total)) }
        progress?.bar.show(done)
        if done == total { progress?.bar.finish() }
      }
    } catch {
      progress?.bar.finish()
      switch error {
      case .cancelled: Interruption.end()
      case .sample: throw Failure(.noInput, error.description)
      case .poorCalibration(let weakness): throw Failure(.noInput, refusal(weakness))
      default: throw Failure(.badModel, "\(options.model): \(error)")
      }
    }
  }
}
