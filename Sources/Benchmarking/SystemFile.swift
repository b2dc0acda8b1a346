import Glibc

/// The small text files with which Linux tells of itself.
enum SystemFile {
  /// The text of a file under /proc or /sys; nil where there is none.
  static func text(_ path: String) -> String? { bytes(path).map { String(decoding: $0, as: UTF8.self) } }

  /// The bytes of a file, of its first 64 KiB at most: /proc/cpuinfo repeats itself for each processor.
  static func bytes(_ path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 65_536)
    var count = 0
    while count < bytes.count {
      let result = bytes.withUnsafeMutableBytes { buffer in
        read(descriptor, buffer.baseAddress.map { $0 + count }, buffer.count - count)
      }
      if result <= 0 { break }
      count += result
    }
    return Array(bytes[..<count])
  }

  /// The first line, without the spaces and zero bytes around it; nil where there is nothing else.
  static func line(_ path: String) -> String? {
    let line = text(path)?.prefix { $0 != "\n" && $0 != "\0" }
    return line.flatMap { $0.allSatisfy(\.isWhitespace) ? nil : String($0) }
  }

  /// The value behind `name:` in a list of such lines.
  static func value(of name: String, in text: String) -> String? {
    for line in text.split(separator: "\n") {
      guard let colon = line.firstIndex(of: ":") else { continue }
      var key = line[..<colon]
      while key.last?.isWhitespace == true { key.removeLast() }
      if key == name { return String(line[line.index(after: colon)...].drop(while: \.isWhitespace)) }
    }
    return nil
  }

  /// The names in a folder, sorted; none where there is no such folder.
  static func names(in folder: String) -> [String] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }
}
