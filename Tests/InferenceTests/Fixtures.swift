import Glibc
import TFLite

@testable import Inference

/// The recorded cases of Tests/Fixtures/goldens: others' models, and what TFLite's reference kernels gave.
struct GoldenCase: CustomStringConvertible, Sendable {
  let model: String
  let inputCount: Int
  let outputCount: Int
  /// How far a float may be off, relative to the largest recorded value; 0 asks for the same bytes.
  let tolerance: Double

  var description: String { model }

  static let all: [GoldenCase] = {
    let lines = String(decoding: Fixtures.bytes("goldens/cases.tsv"), as: UTF8.self).split(separator: "\n")
    return lines.dropFirst().compactMap { line in
      let fields = line.split(separator: "\t")
      guard fields.count == 4, let inputs = Int(fields[1]), let outputs = Int(fields[2]),
        let tolerance = Double(fields[3])
      else { return nil }
      return GoldenCase(model: String(fields[0]), inputCount: inputs, outputCount: outputs, tolerance: tolerance)
    }
  }()

  func parsed() throws -> Model {
    let beside = Fixtures.bytes("goldens/\(model).tflite")
    return try Model(parsing: beside.isEmpty ? Fixtures.bytes("models/\(model).tflite") : beside)
  }

  var inputs: [[UInt8]] { (0..<inputCount).map { Fixtures.bytes("goldens/\(model).in\($0).bin") } }
  var outputs: [[UInt8]] { (0..<outputCount).map { Fixtures.bytes("goldens/\(model).out\($0).bin") } }
}

enum Fixtures {
  static let folder = "/" + #filePath.split(separator: "/").dropLast(2).joined(separator: "/") + "/Fixtures"

  /// All bytes of a file; none where it is absent, which no fixture is meant to be.
  static func bytes(_ path: String) -> [UInt8] {
    guard let file = fopen("\(folder)/\(path)", "rb") else { return [] }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = fread(&piece, 1, piece.count, file)
      if count == 0 { return bytes }
      bytes += piece[..<count]
    }
  }
}

/// Runs a compiled model once.
func run(_ model: Model, inputs: [[UInt8]], family: String? = nil, threads: Int = 1) throws -> [[UInt8]] {
  var options = CompilerOptions()
  options.kernelFamily = family
  options.threadCount = threads
  // Small as the models of tests are, their steps are shared.
  options.sharedWorkMin = 0
  return run(Session(try Program(compiling: model, options: options)), inputs: inputs)
}

/// Runs a session once.
func run(_ session: Session, inputs: [[UInt8]]) -> [[UInt8]] {
  for (index, bytes) in inputs.enumerated() { session.withInput(index) { $0.copyBytes(from: bytes) } }
  session.invoke()
  return session.program.outputs.indices.map { session.withOutput($0) { [UInt8]($0) } }
}

/// Little-endian single precision.
func floats(_ bytes: [UInt8]) -> [Float] {
  bytes.withUnsafeBytes { buffer in
    stride(from: 0, to: buffer.count, by: 4).map { buffer.loadUnaligned(fromByteOffset: $0, as: Float.self) }
  }
}

/// Every kernel family of this machine.
let families = KernelFamily.available.map(\.name)
