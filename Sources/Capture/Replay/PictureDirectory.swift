import EventLoop
import Glibc
import Imaging

/// The JPEG and PNG pictures of a directory (by their suffixes .jpg, .jpeg, .png), in the order of their names.
///
/// They are decoded as `PictureFile` does, so that a replay and a single picture give the same result.
struct PictureDirectory: ReplayInput {
  /// Names are kept in memory: a directory with more pictures is refused.
  static let pictureCountMax = 1_000_000

  let recordedRate: Double? = nil
  private let path: String
  private var names: ArraySlice<String>

  init(_ path: String) throws(CaptureError) {
    self.path = path
    names = try Self.pictureNames(in: path)[...]
    guard !names.isEmpty else { throw .noPictures(path: path) }
  }

  mutating func next() -> ReplayItem {
    guard let name = names.popFirst() else { return .end }
    let file = path.hasSuffix("/") ? path + name : "\(path)/\(name)"
    do throws(ImagingError) {
      return .picture(try PictureFile.read(path: file).withPicture { ReplayPicture($0) })
    } catch {
      return .skipped(.badPicture(path: file, error))
    }
  }

  private static func pictureNames(in path: String) throws(CaptureError) -> [String] {
    guard let directory = opendir(path) else { throw .call(SystemCallError("opendir", on: path)) }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard isPictureName(name) else { continue }
      guard names.count < pictureCountMax else {
        throw .malformed(path: path, offset: 0, what: "more than \(pictureCountMax) pictures in one directory")
      }
      names.append(name)
    }
    // By bytes, as `LC_ALL=C ls` does: the order must not depend on a locale.
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private static func isPictureName(_ name: String) -> Bool {
    let lower = name.lowercased()
    return !name.hasPrefix(".") && [".jpg", ".jpeg", ".png"].contains { lower.hasSuffix($0) }
  }
}
