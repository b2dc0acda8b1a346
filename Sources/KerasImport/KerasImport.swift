import TFLite

/// Turns a saved Keras model into a float .tflite model.
public enum KerasImport {
  /// A .keras file is held in memory; a larger one is refused.
  public static let archiveByteCountMax = 2 << 30

  /// Imports an .h5 file, which libhdf5 reads from disk, or a .keras file, whose bytes are given.
  /// - Parameters:
  ///   - path: the file; names it in errors.
  ///   - archive: the bytes of a .keras file; nil for an .h5 file.
  ///   - size: stands for sizes of the input that may vary, in pixels.
  public static func model(
    path: String, archive: [UInt8]?, size: Int? = nil
  ) throws(KerasImportError) -> ModelDraft {
    let file = if let archive { try KerasFile(archive: archive, path: path) } else { try KerasFile(hdf5: path) }
    let graph = try LayerGraph(file.network)
    var builder = NetworkBuilder(graph, file)
    return ModelDraft(description: "Imported from Keras.", main: try builder.build(size: size))
  }
}
