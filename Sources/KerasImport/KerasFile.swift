import TFLite

/// A saved Keras model: the description of its network, and its weights.
///
/// Sources: keras/src/legacy/saving/legacy_h5_format.py and keras/src/saving/saving_lib.py of Keras 3.15.
struct KerasFile: ~Copyable {
  /// How weights are named.
  enum Layout {
    /// .h5: a group for each layer of the outermost network, with names in an attribute.
    case named
    /// .keras: a group for each layer, numbered by class, and in it one dataset after the other.
    case numbered
  }

  /// `{"class_name": …, "config": …}` of the network.
  let network: JSONValue
  /// The first part of the version of Keras that wrote it; 2 where it does not say.
  let majorVersion: Int
  let layout: Layout
  private let weights: HDF5File

  /// Opens an .h5 file.
  init(hdf5 path: String) throws(KerasImportError) {
    guard let file = HDF5File(path: path) else { throw .notKeras(path: path, detail: "it is not HDF5") }
    guard let description = file.strings("model_config", of: "/")?.first else {
      throw .notKeras(
        path: path,
        detail: "there is no model_config in it; a file of weights alone does not say what to do with them")
    }
    let network = try JSONValue(parsing: description.utf8)
    self.network = network
    majorVersion = Self.major(file.strings("keras_version", of: "/")?.first)
    layout = .named
    weights = file
  }

  /// Opens the bytes of a .keras file; `path` names it in errors.
  init(archive bytes: [UInt8], path: String) throws(KerasImportError) {
    let content = try Self.readArchive(path, bytes: bytes)
    let network = try JSONValue(parsing: content.configuration)
    let metadata = try JSONValue(parsing: content.metadata)
    guard let file = HDF5File(bytes: content.weights) else {
      throw .notKeras(path: path, detail: "model.weights.h5 in it is not HDF5")
    }
    self.network = network
    majorVersion = Self.major(metadata["keras_version"].string)
    layout = .numbered
    weights = file
  }

  private static func major(_ version: String?) -> Int {
    version.flatMap { Int($0.prefix { $0 != "." }) } ?? 2
  }

  private static func readArchive(
    _ path: String, bytes: [UInt8]
  ) throws(KerasImportError) -> (configuration: [UInt8], metadata: [UInt8], weights: [UInt8]) {
    do throws(ModelError) {
      let archive = try Archive(behind: bytes)
      return (
        try archive.member("config.json", byteCountMax: 64 << 20),
        try archive.member("metadata.json", byteCountMax: 1 << 20),
        try archive.member("model.weights.h5", byteCountMax: KerasImport.archiveByteCountMax)
      )
    } catch {
      throw .notKeras(path: path, detail: "\(error)")
    }
  }

  /// The weights of a layer by the names of its variables, in the order in which Keras makes them.
  func weights(of layer: LayerPlace, named names: [String]) throws(KerasImportError) -> [WeightArray] {
    var arrays: [WeightArray] = []
    for (index, name) in names.enumerated() {
      let path =
        switch layout {
        case .numbered: "\(layer.numberedPath)/vars/\(index)"
        case .named: try namedPath(layer, name)
        }
      arrays.append(try weights.array(at: path))
    }
    return arrays
  }

  /// Keras cuts long lists of names into several attributes.
  private func names(in group: String) -> [String] {
    if let names = weights.strings("weight_names", of: group) { return names }
    var names: [String] = []
    var piece = 0
    while piece < 1024, let more = weights.strings("weight_names\(piece)", of: group) {
      names += more
      piece += 1
    }
    return names
  }

  /// A name is "layer/variable", with the names of networks around it before, and ":0" behind it in Keras 2.
  private func namedPath(_ layer: LayerPlace, _ variable: String) throws(KerasImportError) -> String {
    let group = "/model_weights/\(layer.outermost)"
    let aliases = variable == "kernel" ? ["kernel", "depthwise_kernel"] : [variable]
    for name in names(in: group) {
      let parts = name.split(separator: "/")
      guard parts.count >= 2, let last = parts.last, parts[parts.count - 2] == layer.name else { continue }
      let plain = last.hasSuffix(":0") ? last.dropLast(2) : last
      if aliases.contains(String(plain)) { return "\(group)/\(name)" }
    }
    throw .malformed("there is no \"\(variable)\" of the layer \"\(layer.name)\" among the weights in \(group)")
  }
}

/// Where a layer stands among the networks around it.
struct LayerPlace: Hashable {
  /// Its own name.
  let name: String
  /// The name of the outermost network's layer that it belongs to; its own where it is one.
  let outermost: String
  /// Where .keras keeps its variables, for example "layers/functional/layers/conv2d_1".
  let numberedPath: String
}
