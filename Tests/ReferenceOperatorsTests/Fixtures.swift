#if canImport(Glibc)
  import Glibc
#else
  import Musl
#endif

/// The recorded cases of Tests/Fixtures/goldens.
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

  /// The model's file, which may also lie among the other models.
  var modelBytes: [UInt8] {
    let beside = Fixtures.bytes("goldens/\(model).tflite")
    return beside.isEmpty ? Fixtures.bytes("models/\(model).tflite") : beside
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
