import ArgumentParser
import Classification
import EventLoop
import Glibc
import Imaging
import Quantization
import TFLite

/// `maskctl quantize`: a float model in, a small one out.
struct Quantize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Makes a float model small: float16 weights, int8 weights, or int8 throughout.",
    discussion: """
      Reads a .tflite model with float32 or float16 weights and writes one that TensorFlow Lite runs as well. A sidecar \
      beside it is written beside the result, without its goldens.

      Example: maskctl quantize mask_float32.tflite -o mask_dynamic.tflite --mode dynamic
      Example: maskctl quantize mask_float32.tflite -o mask.tflite --mode int8 --calibrate pictures/train
      """)

  enum Mode: String, ExpressibleByArgument, CaseIterable {
    case float32, float16, dynamic, int8
  }

  @Argument(help: ArgumentHelp("A float model.", valueName: "in.tflite"))
  var model: String

  @Option(name: [.short, .customLong("output")], help: ArgumentHelp("The model to write.", valueName: "out.tflite"))
  var output: String

  @Option(
    help: """
      float32 (constants folded only), float16 (weights of half the size), dynamic (int8 weights, float arithmetic \
      around them) or int8 (integers throughout; takes --calibrate).
      """)
  var mode: Mode

  @Option(
    help: ArgumentHelp(
      "Pictures like those to come, in a folder for each class: int8 learns its ranges from them.", valueName: "dir"))
  var calibrate: String?

  @Option(help: ArgumentHelp("How many of the pictures are used, at most.", valueName: "count"))
  var pictures = 200

  @Option(help: "What an int8 model takes and gives: int8, uint8 or float.")
  var io = Edges.int8

  @Flag(help: "Calibrate even with few pictures, or with pictures of one class only.")
  var acceptPoorCalibration = false

  @Flag(help: "Print a JSON object.")
  var json = false

  func validate() throws {
    guard (mode == .int8) == (calibrate != nil) else {
      throw ValidationError(
        mode == .int8
          ? "--mode int8 needs pictures to learn ranges from: --calibrate DIR" : "--calibrate is for --mode int8")
    }
    guard (1...100_000).contains(pictures) else { throw ValidationError("--pictures must be 1 to 100000") }
  }

  func run() throws {
    Interruption.watch()
    try Failure.exiting { () throws(Failure) in
      let start = MonotonicClock.now()
      try checkOutput()
      let file = try FloatModelFile(path: model)
      var calibrated: CalibratedResult?
      let draft: ModelDraft
      switch mode {
      case .float32: draft = file.model.draft
      case .float16: draft = file.model.withFloat16Weights()
      case .dynamic: draft = file.model.withDynamicRange()
      case .int8:
        let result = try quantizeIntegers(file)
        calibrated = result
        draft = result.model.draft
      }
      let bytes = try encode(draft)
      try write(bytes, sidecar: file.sidecar)
      let report = QuantizeReport(
        output: output, mode: mode, byteCountBefore: file.byteCount, byteCountAfter: bytes.count,
        seconds: Double(MonotonicClock.now() - start) / 1e6, calibrated: calibrated)
      try Terminal.write(json ? report.json + "\n" : report.text)
    }
  }

  private func quantizeIntegers(_ file: FloatModelFile) throws(Failure) -> CalibratedResult {
    let contract = try file.inputContract(path: model)
    if file.isRangeAssumed {
      Terminal.complain(
        "maskctl: \(model): neither a sidecar nor metadata says what range of values the model was trained on; -1…1 is "
          + "assumed, and if that is wrong so are all ranges: put \"input\" into a sidecar beside the model")
    }
    let samples = try CalibrationPictures(calibrate ?? "", contract: contract, countMax: pictures)
    if let weakness = samples.weakness {
      guard acceptPoorCalibration else {
        throw Failure(.noInput, refusal(weakness))
      }
      Terminal.complain("maskctl: \(weakness)")
    }
    var options = IntegerOptions()
    options.edges = io
    options.inputRange = contract.realRange
    options.requiresDifferentAnswers = samples.classCount == 0 && !acceptPoorCalibration
    var progress: (stage: Stage, bar: Progress)?
    do throws(QuantizationError) {
      let quantized = try file.model.quantized(options, calibratedWith: samples) {
        (stage, done, total) throws(QuantizationError) in
        if Interruption.isRequested { throw .cancelled }
        if progress?.stage != stage { progress = (stage, Progress(stage.rawValue, total: total)) }
        progress?.bar.show(done)
        if done == total { progress?.bar.finish() }
      }
      return CalibratedResult(model: quantized, pictureCount: samples.count, foundCount: samples.foundCount)
    } catch {
      progress?.bar.finish()
      switch error {
      case .cancelled: Interruption.end()
      case .sample: throw Failure(.noInput, error.description)
      case .poorCalibration(let weakness): throw Failure(.noInput, refusal(weakness))
      default: throw Failure(.badModel, "\(model): \(error)")
      }
    }
  }

  private func refusal(_ weakness: String) -> String {
    "\(calibrate ?? ""): \(weakness) (--accept-poor-calibration goes on all the same)"
  }

  /// What would only be found out after the work was done.
  private func checkOutput() throws(Failure) {
    let folder = output.lastIndex(of: "/").map { String(output[...$0]) } ?? "."
    guard access(folder, W_OK | X_OK) == 0 else {
      throw Failure(.cannotCreate, SystemCallError("create a file", on: folder).description)
    }
    var (from, to) = (stat(), stat())
    guard stat(output, &to) == 0 else { return }
    guard to.st_mode & S_IFMT == S_IFREG else {
      throw Failure(.cannotCreate, "\(output) is there and is not a regular file")
    }
    if stat(model, &from) == 0, from.st_dev == to.st_dev, from.st_ino == to.st_ino {
      throw Failure(.usage, "\(output) is the model itself: give the result a name of its own")
    }
  }

  private func encode(_ draft: ModelDraft) throws(Failure) -> [UInt8] {
    do throws(ModelError) {
      return try draft.encoded()
    } catch {
      throw Failure(.badModel, "\(model): \(error)")
    }
  }

  private func write(_ bytes: [UInt8], sidecar: Sidecar?) throws(Failure) {
    if Interruption.isRequested { Interruption.end() }
    if var sidecar {
      // They promise the outputs of the float model.
      sidecar.goldens = []
      try FileAccess.write(Array(sidecar.text.utf8), to: ModelFile.sidecarPath(of: output))
    }
    try FileAccess.write(bytes, to: output)
  }
}

/// A float model from disk with what lies beside it.
struct FloatModelFile {
  let byteCount: Int
  private let bytes: ModelBytes
  let model: FloatModel
  let sidecar: Sidecar?

  init(path: String) throws(Failure) {
    let file: ModelFile
    do throws(ClassificationError) {
      file = try ModelFile(path: path)
    } catch {
      throw Failure(.noInput, error.description)
    }
    byteCount = file.model.count
    bytes = ModelBytes(file.model)
    do throws(SidecarError) {
      sidecar = try file.sidecar.map { bytes throws(SidecarError) in try Sidecar(parsing: bytes) }
    } catch {
      throw Failure(.badModel, "\(ModelFile.sidecarPath(of: path)): \(error)")
    }
    do throws(QuantizationError) {
      model = try FloatModel(parsing: bytes)
    } catch {
      throw Failure(.badModel, "\(path): \(error)")
    }
  }

  /// Whether nobody says what range of values the model was trained on.
  var isRangeAssumed: Bool {
    sidecar?.input?.normalization == nil && (try? Model(parsing: bytes).readMetadata())?.normalization == nil
  }

  /// What the model expects of a picture.
  func inputContract(path: String) throws(Failure) -> InputContract {
    let parsed: Model
    do throws(ModelError) {
      parsed = try Model(parsing: bytes)
    } catch {
      throw Failure(.badModel, "\(path): \(error)")
    }
    do throws(ClassificationError) {
      return try InputContract(of: parsed, sidecar: sidecar)
    } catch {
      throw Failure(.badModel, "\(path): \(error)")
    }
  }
}

extension Edges: ExpressibleByArgument {}
