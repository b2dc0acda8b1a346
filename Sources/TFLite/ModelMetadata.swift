/// What a model file says of itself in its TFLite metadata: how inputs are normalised, and how outputs are called.
///
/// Source: the metadata schema of TensorFlow Lite Support, file identifier "M001".
public struct ModelMetadata: Sendable, Equatable {
  /// How 8-bit values become the real numbers that the model was trained on: `(value - mean) / standardDeviation`.
  public struct Normalization: Sendable, Equatable {
    /// One mean, or one for each channel.
    public let mean: [Float]
    /// As many as `mean`.
    public let standardDeviation: [Float]
  }

  /// The model's name, empty where the file gives none.
  public let name: String
  /// A text about the model, often empty.
  public let description: String
  /// Who made it, often empty.
  public let author: String
  /// Under which licence it may be used, often empty.
  public let license: String
  /// How the first input is normalised; nil where the file says nothing.
  public let normalization: Normalization?
  /// The file in the archive behind the model that names the values of the first output.
  public let labelFile: String?
  /// The lines of `labelFile`; nil where there is none.
  public let labels: [String]?
}

extension Model {
  /// Reads the model's TFLite metadata; nil where it has none.
  ///
  /// Metadata that cannot be read throws, though the model itself can be run without it.
  public func readMetadata() throws(ModelError) -> ModelMetadata? {
    guard let range = metadata["TFLITE_METADATA"] else { return nil }
    guard range.count >= 8, bytes[range.lowerBound + 4..<range.lowerBound + 8].elementsEqual("M001".utf8) else {
      throw .unsupported(.description, what: "A form other than \"M001\"")
    }
    let root = try FlatBuffer(bytes, in: range).root(.description)
    let subgraph = try root.metadataTables(3, "subgraphs").first
    let labelFile = try subgraph?.metadataTables(3, "output descriptions").first?.labelFile()
    var labels: [String]?
    if let labelFile { labels = Self.lines(of: try Archive(behind: bytes.array).member(labelFile)) }
    return ModelMetadata(
      name: try root.string(0, "the name") ?? "", description: try root.string(1, "the description") ?? "",
      author: try root.string(4, "the author") ?? "", license: try root.string(5, "the license") ?? "",
      normalization: try subgraph?.metadataTables(2, "input descriptions").first?.normalization(),
      labelFile: labelFile, labels: labels)
  }

  /// The lines of a text, without the empty ones at its end.
  private static func lines(of text: [UInt8]) -> [String] {
    var lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { line in
      String(decoding: line.last == UInt8(ascii: "\r") ? line.dropLast() : line, as: UTF8.self)
    }
    while lines.last?.isEmpty == true { lines.removeLast() }
    return lines
  }
}

extension FlatBufferTable {
  fileprivate func metadataTables(_ index: Int, _ name: String) throws(ModelError) -> [FlatBufferTable] {
    try tables(index, name, limit: ModelLimits.metadata) { _ in .description }
  }

  /// Of a tensor's description: the first file that names the values along an axis.
  fileprivate func labelFile() throws(ModelError) -> String? {
    let axisLabels = Int8(2)
    for file in try metadataTables(6, "associated files") {
      if try file.scalar(2, "the file's kind", default: Int8(0)) == axisLabels {
        return try file.string(0, "the file's name")
      }
    }
    return nil
  }

  /// Of a tensor's description: the normalisation among its process units.
  fileprivate func normalization() throws(ModelError) -> ModelMetadata.Normalization? {
    for unit in try metadataTables(4, "process units") {
      guard try unit.scalar(0, "the unit's kind", default: UInt8(0)) == 1, let options = try unit.table(1, "the unit")
      else { continue }
      let mean = try options.floats(0, "mean")
      let deviation = try options.floats(1, "std")
      guard !mean.isEmpty, mean.count == deviation.count, mean.allSatisfy(\.isFinite),
        deviation.allSatisfy({ $0.isFinite && $0 != 0 })
      else {
        throw .mismatch(.description, what: "The normalisation has mean \(mean) and std \(deviation)")
      }
      return ModelMetadata.Normalization(mean: mean, standardDeviation: deviation)
    }
    return nil
  }

  private func floats(_ index: Int, _ name: String) throws(ModelError) -> [Float] {
    try numbers(index, name, as: UInt32.self, limit: ModelLimits.metadata)?.map { Float(bitPattern: $0) } ?? []
  }
}
