import ArgumentParser
import Classification
import Configuration
import EventLoop
import Glibc
import Quantization

/// `maskctl quantize`: a float model in, a small one out.
struct Quantize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Makes a float model small: float16 weights, int8 weights, or int8 throughout.",
    discussion: """
      Reads a .tflite model with float32 or float16 weights and writes one that TensorFlow Lite runs as well. A sidecar \
      beside it is written beside the result, without its goldens.

      With --evaluate the accuracy is measured before and after. Where it falls by more than --max-drop the exit status \
      is 1: the result is written and reported all the same. With --keep-float auto the layers with the largest errors \
      stay float, as many as it takes.

      --prune and --cluster make files that compress better, for updates that are sent; their own size and the speed of \
      the model stay the same. The report gives the size that gzip makes of the file.

      Example: maskctl quantize mask_float32.tflite -o mask_dynamic.tflite --mode dynamic
      Example: maskctl quantize mask_float32.tflite -o mask.tflite --mode int8 --calibrate pictures/train
      Example: maskctl quantize mask_float32.tflite -o mask.tflite --mode int8 --calibrate pictures/train \
      --evaluate pictures/test --max-drop 0.5 --keep-float auto --time-limit 10min
      """)

  enum Mode: String, ExpressibleByArgument, CaseIterable {
    case float32, float16, dynamic, int8
  }

  /// Which layers stay float.
  enum KeptFloat: Equatable {
    /// The worst, as many as it takes.
    case automatic
    /// These, by their place in the float graph.
    case layers([Int])
  }

  /// How many weights become zero.
  enum Sparsity: Equatable {
    /// As many as the accuracy allows.
    case automatic
    case share(Double)
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
      "A sidecar with labels and input range, where none is beside the model.", valueName: "file.json"))
  var sidecar: String?

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

  @Option(
    help: ArgumentHelp(
      "How many of the weights become zero, above 0 and below 1, or auto: as many as --max-drop allows, in tenths. What "
        + "is least missed goes first, best judged with --calibrate.", valueName: "share|auto"),
    transform: Self.sparsity)
  var prune: Sparsity?

  @Option(
    help: ArgumentHelp(
      "How many different values the weights of a layer may have, 2 to 256: the file compresses better.",
      valueName: "count"))
  var cluster: Int?

  @Option(
    help: ArgumentHelp(
      "Pictures other than those of --calibrate, in a folder for each label or a table as for `maskctl evaluate`: the "
        + "accuracy before and after is measured on them.", valueName: "dir"))
  var evaluate: String?

  @Option(
    help: ArgumentHelp(
      "How many percentage points the accuracy may fall (default: 1.0); the exit status is 1 where it falls further.",
      valueName: "points"))
  var maxDrop: Double?

  @Option(
    help: ArgumentHelp(
      "Layers of an int8 or dynamic model that stay float: auto (the worst, until --max-drop holds) or their numbers in "
        + "the report, for example 3,17.", valueName: "auto|layers"),
    transform: Self.keptFloat)
  var keepFloat: KeptFloat?

  @Option(
    help: ArgumentHelp(
      "How long it may take, for example 90s or 10min (a number alone: seconds): what is best by then is written.",
      valueName: "duration"),
    transform: Self.duration)
  var timeLimit: Duration?

  @Option(
    help: ArgumentHelp(
      "Also write a web page with plots: errors by layer, weights and activations before and after and, with "
        + "--evaluate, confusion matrices and the pictures whose label changed.", valueName: "file.html"))
  var report: String?

  @Flag(help: "Print a JSON object.")
  var json = false

  func validate() throws {
    if mode == .int8, calibrate == nil {
      throw ValidationError("--mode int8 needs pictures to learn ranges from: --calibrate DIR")
    }
    if mode != .int8, prune == nil, calibrate != nil {
      throw ValidationError("--calibrate is for --mode int8 and for --prune")
    }
    if let cluster, !(2...256).contains(cluster) { throw ValidationError("--cluster must be 2 to 256") }
    guard (1...100_000).contains(pictures) else { throw ValidationError("--pictures must be 1 to 100000") }
    try validateGate()
  }

  private func validateGate() throws {
    if evaluate == nil {
      if maxDrop != nil { throw ValidationError("--max-drop needs pictures to measure with: --evaluate DIR") }
      if prune == .automatic { throw ValidationError("--prune auto needs pictures to measure with: --evaluate DIR") }
      if keepFloat == .automatic {
        throw ValidationError("--keep-float auto needs pictures to measure with: --evaluate DIR")
      }
    }
    if prune == .automatic, keepFloat == .automatic {
      throw ValidationError("--prune auto and --keep-float auto exclude each other: give one of them a value")
    }
    if let maxDrop, !(0...100).contains(maxDrop) {
      throw ValidationError("--max-drop must be 0 to 100 percentage points")
    }
    if keepFloat != nil, mode != .int8, mode != .dynamic {
      throw ValidationError("--keep-float is for --mode int8 and --mode dynamic")
    }
  }

  private static func sparsity(_ text: String) throws -> Sparsity {
    if text == "auto" { return .automatic }
    guard let share = Double(text), share > 0, share < 1 else {
      throw ValidationError("--prune is a share of the weights above 0 and below 1, for example 0.5, or auto")
    }
    return .share(share)
  }

  private static func keptFloat(_ text: String) throws -> KeptFloat {
    if text == "auto" { return .automatic }
    let layers = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard !layers.isEmpty, layers.allSatisfy({ $0.map { $0 >= 0 } ?? false }) else {
      throw ValidationError("--keep-float is auto or the numbers of layers in the report, for example 3,17")
    }
    return .layers(layers.compactMap { $0 })
  }

  private static func duration(_ text: String) throws -> Duration {
    guard let duration = Duration.parse(text), duration > .zero else {
      throw ValidationError("--time-limit is a duration above 0, for example 90s or 10min (a number alone: seconds)")
    }
    return duration
  }

  func run() throws {
    Interruption.watch()
    try Failure.exiting { () throws(Failure) in
      try checkOutputs()
      let file = try FloatModelFile(path: model, orSidecar: sidecar)
      let result = try QuantizationJob(options: self, file: file, limit: TimeLimit(timeLimit)).run()
      try write(result.bytes, sidecar: file.sidecarBytes)
      try Terminal.write(json ? result.report.json + "\n" : result.report.text)
      if let report { try result.report.page(of: model, file.model).write(to: report) }
      if let failure = result.report.failure { throw failure }
    }
  }

  /// What would only be found out after the work was done.
  private func checkOutputs() throws(Failure) {
    try checkOutput(output)
    guard let report else { return }
    try checkOutput(report)
    if report == output || report == ModelFile.sidecarPath(of: output) {
      throw Failure(.usage, "--report is to be written to \(report), and so is the model: give it a name of its own")
    }
  }

  private func checkOutput(_ path: String) throws(Failure) {
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    guard access(folder, W_OK | X_OK) == 0 else {
      throw Failure(.cannotCreate, SystemCallError("create a file", on: folder).description)
    }
    var (from, to) = (stat(), stat())
    guard stat(path, &to) == 0 else { return }
    guard to.st_mode & S_IFMT == S_IFREG else {
      throw Failure(.cannotCreate, "\(path) is there and is not a regular file")
    }
    if stat(model, &from) == 0, from.st_dev == to.st_dev, from.st_ino == to.st_ino {
      throw Failure(.usage, "\(path) is the model itself: give the result a name of its own")
    }
  }

  private func write(_ bytes: [UInt8], sidecar: [UInt8]?) throws(Failure) {
    if Interruption.isRequested { Interruption.end() }
    if let sidecar { try FileAccess.write(sidecar, to: ModelFile.sidecarPath(of: output)) }
    try FileAccess.write(bytes, to: output)
  }
}

extension Edges: ExpressibleByArgument {}
