import ArgumentParser
import Classification
import EventLoop
import Glibc
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
      """)

  enum Mode: String, ExpressibleByArgument, CaseIterable {
    case float32, float16, dynamic
  }

  @Argument(help: ArgumentHelp("A float model.", valueName: "in.tflite"))
  var model: String

  @Option(name: [.short, .customLong("output")], help: ArgumentHelp("The model to write.", valueName: "out.tflite"))
  var output: String

  @Option(
    help: """
      float32 (constants folded only), float16 (weights of half the size), dynamic (int8 weights, float arithmetic \
      around them).
      """)
  var mode: Mode

  @Flag(help: "Print a JSON object.")
  var json = false

  func run() throws {
    Interruption.watch()
    try Failure.exiting { () throws(Failure) in
      let start = MonotonicClock.now()
      try checkOutput()
      let file = try FloatModelFile(path: model)
      let draft: ModelDraft
      switch mode {
      case .float32: draft = file.model.draft
      case .float16: draft = file.model.withFloat16Weights()
      case .dynamic: draft = file.model.withDynamicRange()
      }
      let bytes = try encode(draft)
      try write(bytes, sidecar: file.sidecar)
      let seconds = Double(MonotonicClock.now() - start) / 1e6
      let report = QuantizeReport(
        output: output, mode: mode, byteCountBefore: file.byteCount, byteCountAfter: bytes.count, seconds: seconds)
      try Terminal.write(json ? report.json + "\n" : report.text)
    }
  }

  /// What would only be found out after the work was done.
  private func checkOutput() throws(Failure) {
    let folder = output.lastIndex(of: "/").map { String(output[...$0]) } ?? "."
    guard access(folder, W_OK | X_OK) == 0 else {
      throw Failure(.cannotCreate, SystemCallError("create a file", on: folder).description)
    }
    var (from, to) = (stat(), stat())
    if stat(model, &from) == 0, stat(output, &to) == 0, from.st_dev == to.st_dev, from.st_ino == to.st_ino {
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
    do throws(SidecarError) {
      sidecar = try file.sidecar.map { bytes throws(SidecarError) in try Sidecar(parsing: bytes) }
    } catch {
      throw Failure(.badModel, "\(ModelFile.sidecarPath(of: path)): \(error)")
    }
    do throws(QuantizationError) {
      model = try FloatModel(parsing: ModelBytes(file.model))
    } catch {
      throw Failure(.badModel, "\(path): \(error)")
    }
  }
}
