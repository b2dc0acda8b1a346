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
    try Failure.exiting { () throws(Failure) in
      let session = Session(try compiledModel(path: model, threads: threads))
      try fillInputs(of: session)
      session.invoke()
      try writeOutputs(of: session)
    }
  }

  private func fillInputs(of session: Session) throws(Failure) {
    let wanted = session.program.inputs
    guard inputs.count == wanted.count else {
      throw Failure(.usage, "\(model) has \(wanted.count) inputs; \(inputs.count) files are given")
    }
    for (index, path) in inputs.enumerated() {
      let bytes = try FileAccess.read(path)
      guard bytes.count == wanted[index].byteCount else {
        throw Failure(
          .noInput,
          "\(path) has \(bytes.count) bytes; input \(index) (\"\(wanted[index].name)\") is \(wanted[index].type) of shape "
            + "\(wanted[index].shape), which takes \(wanted[index].byteCount)")
      }
      session.withInput(index) { $0.copyBytes(from: bytes) }
    }
  }

  private func writeOutputs(of session: Session) throws(Failure) {
    for index in session.program.outputs.indices {
      let path = "\(outputDir)/out\(index).bin"
      let written = session.withOutput(index) { bytes in
        Result { () throws(Failure) in try FileAccess.write(bytes, to: path) }
      }
      try written.get()
    }
  }
}
