import Glibc
import Testing

/// A new directory below /tmp, removed with all in it when its owner is gone.
final class TemporaryDirectory: Sendable {
  let path: String

  init() throws {
    var template = Array("/tmp/maskd-models-XXXXXX".utf8CString)
    path = String(cString: try #require(mkdtemp(&template)))
  }

  deinit { Self.remove(path) }

  /// Removes a file, or a directory with all in it.
  static func remove(_ path: String) {
    if Glibc.unlink(path) == 0 { return }
    for name in names(path) { remove("\(path)/\(name)") }
    rmdir(path)
  }

  /// The names in a directory, sorted.
  static func names(_ path: String) -> [String] {
    guard let stream = opendir(path) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      names.append(withUnsafePointer(to: &entry.pointee.d_name.0) { String(cString: $0) })
    }
    return names.filter { $0 != "." && $0 != ".." }.sorted()
  }

  /// Opens, writes and closes, as a shell does.
  func write(_ name: String, _ bytes: [UInt8]) {
    let writer = SlowWriter("\(path)/\(name)")
    writer.write(bytes)
    writer.close()
  }

  func write(_ name: String, _ text: String) { write(name, Array(text.utf8)) }

  func makeDirectory(_ name: String) { #expect(mkdir("\(path)/\(name)", 0o755) == 0) }
}

/// A file that stays open while it is written.
final class SlowWriter {
  private let descriptor: CInt

  init(_ path: String) {
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    #expect(descriptor >= 0, "\(path)")
  }

  func write(_ bytes: [UInt8]) { #expect(Glibc.write(descriptor, bytes, bytes.count) == bytes.count) }

  func close() { #expect(Glibc.close(descriptor) == 0) }
}
