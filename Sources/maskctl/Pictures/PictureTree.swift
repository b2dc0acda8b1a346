import EventLoop
import Glibc

/// The JPEG and PNG pictures (by their suffixes .jpg, .jpeg, .png) below a folder.
enum PictureTree {
  /// Names are kept in memory: a tree with more pictures is refused.
  static let pictureCountMax = 1_000_000
  /// Folders in folders; a tree that is deeper is refused.
  static let depthMax = 16

  /// The paths of all pictures below `folder`, in the order of their bytes.
  static func pictures(below folder: String) throws(Failure) -> [String] {
    var found: [String] = []
    try collect(folder, depth: 0, into: &found)
    return found
  }

  /// The names of the folders in `folder`, in the order of their bytes.
  static func folders(in folder: String) throws(Failure) -> [String] {
    try entries(of: folder).filter { isFolder("\(folder)/\($0)") }
  }

  private static func collect(_ folder: String, depth: Int, into found: inout [String]) throws(Failure) {
    guard depth < depthMax else { throw Failure(.noInput, "\(folder) lies more than \(depthMax) folders deep") }
    for name in try entries(of: folder) {
      let path = "\(folder)/\(name)"
      if isPictureName(name) {
        guard found.count < pictureCountMax else {
          throw Failure(.noInput, "\(folder): there are more than \(pictureCountMax) pictures")
        }
        found.append(path)
      } else if isFolder(path) {
        try collect(path, depth: depth + 1, into: &found)
      }
    }
  }

  /// Hidden ones are left out.
  private static func entries(of folder: String) throws(Failure) -> [String] {
    guard let directory = opendir(folder) else {
      throw Failure(.noInput, SystemCallError("opendir", on: folder).description)
    }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    // By bytes, as `LC_ALL=C ls` does: the order must not depend on a locale.
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  private static func isPictureName(_ name: String) -> Bool {
    let lower = name.lowercased()
    return [".jpg", ".jpeg", ".png"].contains { lower.hasSuffix($0) }
  }
}
