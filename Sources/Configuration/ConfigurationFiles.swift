import Glibc

/// The configuration files of a directory, and their bytes.
enum ConfigurationFiles {
  /// `maskd.yaml`, and `conf.d/*.yaml` by the order of their names; those that are there. Where the directory is one
  /// that somebody named, it must be there itself.
  static func list(in directory: String, mustExist: Bool) throws(ConfigurationError) -> [String] {
    if mustExist { _ = try entries(of: directory, mustExist: true) }
    let main = directory + "/maskd.yaml"
    let extra = directory + "/conf.d"
    let names = try entries(of: extra, mustExist: false).filter { $0.hasSuffix(".yaml") && !$0.hasPrefix(".") }
    // A link that leads nowhere is a mistake that deserves its error, so it is listed too.
    var status = stat()
    let hasMain = lstat(main, &status) == 0
    guard hasMain || errno == ENOENT else { throw failure(main, errno) }
    return (hasMain ? [main] : []) + names.sorted().map { "\(extra)/\($0)" }
  }

  /// None where the directory is missing; what is there and cannot be read would be missed in silence.
  private static func entries(of directory: String, mustExist: Bool) throws(ConfigurationError) -> [String] {
    guard let stream = opendir(directory) else {
      guard errno == ENOENT, !mustExist else { throw failure(directory, errno) }
      return []
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      names.append(name)
    }
    return names
  }

  /// The bytes of a regular file, one more than the limit at most.
  static func read(_ path: String) throws(ConfigurationError) -> [UInt8] {
    // A pipe without a writer would make open wait.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw failure(path, errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure(path, errno) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw ConfigurationError(file: path, line: nil, key: "", problem: "it is no regular file")
    }
    return try read(descriptor, path)
  }

  private static func read(_ descriptor: CInt, _ path: String) throws(ConfigurationError) -> [UInt8] {
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 16 * 1024)
    while bytes.count <= YAMLParser.largestFile {
      let count = Glibc.read(descriptor, &block, 16 * 1024)
      if count == 0 { break }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw failure(path, errno) }
      bytes.append(contentsOf: block.prefix(count))
    }
    return bytes
  }

  private static func failure(_ path: String, _ code: CInt) -> ConfigurationError {
    let problem = "it cannot be read: \(String(cString: strerror(code)))"
    return ConfigurationError(file: path, line: nil, key: "", problem: problem)
  }
}
