import ArgumentParser

/// `maskctl inspect`: what is in a model file, and how two versions of a model differ from layer to layer.
struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows what is in a .tflite file and how maskd would use it; compares the layers of two versions.",
    discussion: """
      A file that can be read but not run is shown all the same, with all operators that this engine refuses; the exit \
      status is then 65.

      With --layers and --data, both models judge the pictures below a folder, and the results of their layers are \
      compared.

      Example: maskctl inspect models/mask_mobilenetv2_int8.tflite
      Example: maskctl inspect mask_float32.tflite --layers mask_int8.tflite --data pictures/test
      """)

  @Argument(help: "A .tflite file; its sidecar is read where it lies beside it.")
  var model: String

  @Flag(help: "Show every operator with its tensors.")
  var operators = false

  @Option(help: ArgumentHelp("Another version of the model, to compare its layers.", valueName: "other.tflite"))
  var layers: String?

  @Option(help: ArgumentHelp("The pictures on which layers are compared.", valueName: "dir"))
  var data: String?

  @Option(help: ArgumentHelp("How many of the pictures are used, at most (default: 50).", valueName: "count"))
  var pictures: Int?

  @Flag(help: "Print a JSON object.")
  var json = false

  private static let defaultPictureCount = 50

  func validate() throws {
    guard (layers == nil) == (data == nil) else {
      throw ValidationError(
        data == nil
          ? "--layers needs pictures on which to compare the two models: --data DIR"
          : "--data is for comparing layers with another model: --layers OTHER")
    }
    guard layers != nil || pictures == nil else { throw ValidationError("--pictures is for --layers with --data") }
    guard layers == nil || !operators else { throw ValidationError("--operators is for one model, without --layers") }
    guard (1...100_000).contains(pictures ?? 1) else { throw ValidationError("--pictures must be 1 to 100000") }
  }

  func run() throws {
    try Failure.exiting { () throws(Failure) in
      if let layers, let data {
        let report = try LayerReport(
          model, layers, picturesIn: data, countMax: pictures ?? Self.defaultPictureCount)
        return try Terminal.write(json ? report.json + "\n" : report.text)
      }
      let report = try ModelReport(path: model)
      try Terminal.write(json ? report.json + "\n" : report.text(withOperators: operators))
      if let refusal = report.refusal { throw Failure(.badModel, "\(model): \(refusal)") }
    }
  }
}
