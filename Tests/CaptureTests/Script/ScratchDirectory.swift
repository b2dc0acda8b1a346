import Glibc

/// A directory that is gone with its owner.
final class ScratchDirectory {
  let path: String

  init() throws {
    var template = Array("/tmp/maskd-capture-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { throw ScratchError(code: errno) }
    path = String(cString: made)
  }

  deinit {
    for name in names() { unlink("\(path)/\(name)") }
    rmdir(path)
  }

  /// Writes a file and returns its path.
  @discardableResult func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    let file = "\(path)/\(name)"
    let stream = fopen(file, "w")
    guard let stream else { throw ScratchError(code: errno) }
    defer { fclose(stream) }
    guard fwrite(bytes, 1, bytes.count, stream) == bytes.count else { throw ScratchError(code: errno) }
    return file
  }

  private func names() -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }
}

struct ScratchError: Error {
  var code: CInt
}

/// The pictures in Tests/Fixtures/imaging.
enum Fixture {
  static func path(_ name: String, file: String = #filePath) -> String {
    let tests = file.split(separator: "/").prefix { $0 != "CaptureTests" }.joined(separator: "/")
    return "/\(tests)/Fixtures/imaging/\(name)"
  }

  static func bytes(_ name: String) throws -> [UInt8] {
    guard let stream = fopen(path(name), "r") else { throw ScratchError(code: errno) }
    defer { fclose(stream) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = fread(&chunk, 1, chunk.count, stream)
      guard count > 0 else { return bytes }
      bytes += chunk.prefix(count)
    }
  }
}
