import EventLoop
import Glibc

func readBytes(_ path: String) throws -> [UInt8] {
  let number = open(path, O_RDONLY | O_CLOEXEC)
  guard number >= 0 else { throw SystemCallError("open", on: path) }
  let descriptor = Descriptor(owning: number)
  var bytes: [UInt8] = []
  var block = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = retryingOnInterrupt { read(descriptor.rawValue, &block, block.count) }
    guard count >= 0 else { throw SystemCallError("read", on: path) }
    if count == 0 { return bytes }
    bytes += block.prefix(count)
  }
}

func readText(_ path: String) throws -> String {
  String(decoding: try readBytes(path), as: UTF8.self)
}

func write(_ bytes: some Sequence<UInt8>, to path: String) throws {
  let number = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
  guard number >= 0 else { throw SystemCallError("open", on: path) }
  let descriptor = Descriptor(owning: number)
  var rest = Array(bytes)[...]
  while !rest.isEmpty {
    let count = rest.withUnsafeBytes { buffer in
      retryingOnInterrupt { Glibc.write(descriptor.rawValue, buffer.baseAddress, buffer.count) }
    }
    guard count > 0 else { throw SystemCallError("write", on: path) }
    rest = rest.dropFirst(count)
  }
}

/// A folder that is gone, with all in it, when its owner is.
final class TemporaryFolder {
  let path: String

  init() throws {
    var template = Array("/tmp/maskd-test.XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw SystemCallError("mkdtemp") }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { removeTree(path) }

  /// Makes a folder below and returns its path.
  func makeFolder(_ name: String) throws -> String {
    let folder = path + "/" + name
    guard mkdir(folder, 0o755) == 0 else { throw SystemCallError("mkdir", on: folder) }
    return folder
  }
}

/// The folder of the package: this file is Tests/EndToEndTests/Files.swift of it.
let packageFolder: String = {
  let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
  return parts.dropLast(3).joined(separator: "/")
}()

/// Removes a folder with all in it; links are removed, not followed.
private func removeTree(_ path: String) {
  if let folder = opendir(path) {
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard name != ".", name != ".." else { continue }
      if entry.pointee.d_type == DT_DIR { removeTree(path + "/" + name) } else { unlink(path + "/" + name) }
    }
    closedir(folder)
  }
  rmdir(path)
}
