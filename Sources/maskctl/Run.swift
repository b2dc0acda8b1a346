import ArgumentParser
import Inference

/// `maskctl run`: raw tensors in, raw tensors out.
struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a model once on raw tensors.",
    discussion: """
      Inputs and outputs are raw little-endian elements of the model's own types, without any header, in the order of
      the model file. Outputs are written to out0.bin, out1.bin and so on in the output directory.

      Example: maskctl run --model mask.tflite --input face.bin --output-dir .
      """)

  @Option(help: ArgumentHelp("The model.", valueName: "file.tflite"))
  var model: String

  @Option(name: .customLong("input"), help: ArgumentHelp("One file for each input.", valueName: "file.bin"))
  var inputs: [String] = []

  @Option(help: ArgumentHelp("An existing directory.", valueName: "dir"))
  var outputDir: String

  @Option(help: "Threads that compute.")
  var threads = 1

  func validate() throws { try checkThreads(threads) }

  func run() throws {
    let program = try compiledModel(path: model, threads: threads)
    guard inputs.count == program.inputs.count else {
      complain("\(model) has \(program.inputs.count) inputs; \(inputs.count) files are given")
      throw ExitCode.validationFailure
    }
    let session = Session(program)
    for (index, path) in inputs.enumerated() {
      let bytes = try FileAccess.read(path)
      let wanted = program.inputs[index]
      guard bytes.count == wanted.byteCount else {
        complain(
          "\(path) has \(bytes.count) bytes; input \(index) (\"\(wanted.name)\") is \(wanted.type) of shape "
            + "\(wanted.shape), which takes \(wanted.byteCount)")
        throw ExitCode.noInput
      }
      session.withInput(index) { $0.copyBytes(from: bytes) }
    }
    session.invoke()
    for index in program.outputs.indices {
      let path = "\(outputDir)/out\(index).bin"
      try session.withOutput(index) { bytes in Result { try FileAccess.write(bytes, to: path) } }.get()
    }
  }
}
