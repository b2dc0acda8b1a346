import ArgumentParser
import Glibc
import TFLite

/// `maskctl import`: a Keras model as a .tflite file.
struct Import: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Turns a Keras model (.h5, .keras) into a float .tflite model.",
    discussion: """
      Sequential and functional models are read, models within models as transfer learning makes them as well. A \
      layer that is not known is refused by name. Needs the program maskctl-import beside maskctl, and libhdf5.

      Example: maskctl import mask_classifier.h5 -o mask.tflite
      """)

  @Argument(help: ArgumentHelp("The Keras model.", valueName: "file"))
  var file: String

  @Option(name: [.customShort("o"), .long], help: ArgumentHelp("Where the model goes.", valueName: "file.tflite"))
  var output: String

  @Option(help: "Width and height of the input where the network leaves them open, in pixels.")
  var size: Int?

  func validate() throws {
    if let size, !(1...16384).contains(size) { throw ValidationError("--size must be 1 to 16384") }
  }

  func run() throws {
    try Failure.exiting { () throws(Failure) in
      let importer = Importer(arguments: size.map { ["--size", "\($0)"] } ?? [])
      let bytes = try importer.model(of: file)
      let model: Model
      do throws(ModelError) {
        model = try Model(parsing: bytes)
      } catch {
        throw Failure(.internalError, "what was made of \(file) is no valid model: \(error)")
      }
      try bytes.span.withUnsafeBytes { (bytes: UnsafeRawBufferPointer) throws(Failure) in
        try FileAccess.write(bytes, to: output)
      }
      try Terminal.write(summary(of: model, byteCount: bytes.count))
    }
  }

  private func summary(of model: Model, byteCount: Int) -> String {
    func shapes(_ tensors: [Int]) -> String {
      tensors.map { index in
        let tensor = model.main.tensors[index]
        return "\(tensor.type)[\(tensor.shape.map { String($0) }.joined(separator: ","))]"
      }.joined(separator: " ")
    }
    return "\(output): \(byteCount) bytes, \(model.main.operators.count) operators, "
      + "\(shapes(model.main.inputs)) -> \(shapes(model.main.outputs))\n"
  }
}
