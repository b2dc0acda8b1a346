import Glibc

/// The configuration files of a directory.
enum ConfigurationFiles {
  /// `maskd.yaml`, and `conf.d/*.yaml` by the order of their names; those that are there.
  static func list(in directory: String) -> [String] {
    let main = directory + "/maskd.yaml"
    let extra = directory + "/conf.d"
    let names = entries(of: extra).filter { $0.hasSuffix(".yaml") && !$0.hasPrefix(".") }.sorted()
    return (access(main, F_OK) == 0 ? [main] : []) + names.map { "\(extra)/\($0)" }
  }

  private static func entries(of directory: String) -> [String] {
    guard let stream = opendir(directory) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      names.append(
        withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
    }
    return names
  }
}
