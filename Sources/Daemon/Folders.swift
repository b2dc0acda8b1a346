import EventLoop
import Glibc

/// Makes the folders that the daemon writes to.
enum Folders {
  /// Makes a folder and those above it, where they are missing.
  static func make(_ path: String) throws(SystemCallError) {
    var end = path.startIndex
    while end < path.endIndex {
      end = path[path.index(after: end)...].firstIndex(of: "/") ?? path.endIndex
      let part = String(path[..<end])
      guard mkdir(part, 0o755) != 0, errno != EEXIST else { continue }
      throw SystemCallError("mkdir", on: part)
    }
  }

  /// The folder that a file lies in.
  static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return "/" }
    return String(path[..<slash])
  }
}
