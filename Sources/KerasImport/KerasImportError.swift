/// Why a Keras file cannot be turned into a model.
public enum KerasImportError: Error, Equatable, Sendable {
  /// The file cannot be read; `detail` is the system's text.
  case unreadable(path: String, detail: String)
  /// The file is neither HDF5 nor a .keras archive, or has no network in it.
  case notKeras(path: String, detail: String)
  /// Something is damaged, or says what cannot be.
  case malformed(String)
  /// A layer, or a setting of one, that has no counterpart here.
  case unsupportedLayer(name: String, className: String, detail: String)
  /// A network's own shape that cannot be had: several inputs by name, no size given, and the like.
  case unsupportedNetwork(String)
}

extension KerasImportError: CustomStringConvertible {
  /// One sentence for a person.
  public var description: String {
    switch self {
    case .unreadable(let path, let detail): "\(path): cannot be read: \(detail)"
    case .notKeras(let path, let detail):
      "\(path): this is no Keras model (.h5 or .keras) with its architecture: \(detail)"
    case .malformed(let detail): "the file is damaged: \(detail)"
    case .unsupportedLayer(let name, let className, let detail):
      "the layer \"\(name)\" (\(className)) cannot be imported: \(detail)"
    case .unsupportedNetwork(let detail): "the network cannot be imported: \(detail)"
    }
  }
}
