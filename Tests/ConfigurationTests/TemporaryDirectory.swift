import Glibc
import Testing

import Configuration

/// A new directory below /tmp, removed with all in it when its owner is gone.
final class TemporaryDirectory {
  let path: String

  init() throws {
    var template = Array("/tmp/maskd-configuration-XXXXXX".utf8CString)
    path = String(cString: try #require(mkdtemp(&template)))
  }

  deinit { Self.remove(path) }

  private static func remove(_ path: String) {
    if Glibc.unlink(path) == 0 { return }
    guard let stream = opendir(path) else { return }
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name.0) { String(cString: $0) }
      if name != ".", name != ".." { remove("\(path)/\(name)") }
    }
    closedir(stream)
    rmdir(path)
  }

  /// Writes a file and gives its path.
  @discardableResult
  func write(_ name: String, _ text: String) throws -> String { try write(name, Array(text.utf8)) }

  @discardableResult
  func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    let file = "\(path)/\(name)"
    let stream = try #require(fopen(file, "w"))
    defer { fclose(stream) }
    #expect(fwrite(bytes, 1, bytes.count, stream) == bytes.count)
    return file
  }

  func makeDirectory(_ name: String) { #expect(mkdir("\(path)/\(name)", 0o755) == 0) }

  var directories: Directories {
    Directories(
      configuration: path, runtime: "/run/maskd", state: "/var/lib/maskd", packagedModel: "/m/packaged.tflite")
  }

  /// Loads one file with this text.
  func load(_ text: String) throws(ConfigurationErrors) -> Settings {
    do { try write("maskd.yaml", text) } catch { Issue.record(error) }
    return try Settings.load(directories: directories)
  }

  /// The errors of one file with this text, each as "line: key: problem".
  func errors(_ text: String) -> [String] {
    do {
      _ = try load(text)
      return []
    } catch {
      return error.errors.map { "\($0.line.map(String.init) ?? "-"): \($0.key): \($0.problem)" }
    }
  }
}
