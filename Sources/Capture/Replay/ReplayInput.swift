import EventLoop
import Glibc
import Imaging

/// What a recording gives next.
enum ReplayItem {
  case picture(ReplayPicture)
  /// One that cannot be shown, and why; others may follow.
  case skipped(CaptureError)
  case end
}

/// A recording that is read from its beginning to its end, once.
protocol ReplayInput {
  /// Frames a second, where the recording states it.
  var recordedRate: Double? { get }
  mutating func next() -> ReplayItem
}

/// One picture of a recording with memory of its own.
final class ReplayPicture: FrameOwner, @unchecked Sendable {
  // Unchecked because of the pointer: the bytes are written before the picture is handed on, and only read then.

  let format: PictureFormat
  let bytes: UnsafeMutableRawBufferPointer

  init(format: PictureFormat, byteCount: Int) {
    self.format = format
    bytes = .allocate(byteCount: byteCount, alignment: 64)
  }

  convenience init(_ picture: Picture) {
    self.init(format: picture.format, byteCount: picture.bytes.count)
    bytes.copyMemory(from: picture.bytes)
  }

  deinit { bytes.deallocate() }

  func takeBack(_ index: Int) {}
}

/// Tells what a path holds, by itself and its first bytes, and opens it.
enum ReplayOpening {
  static func open(_ path: String) throws(CaptureError) -> any ReplayInput {
    var status = stat()
    guard stat(path, &status) == 0 else { throw .call(SystemCallError("stat", on: path)) }
    if status.st_mode & S_IFMT == S_IFDIR { return try PictureDirectory(path) }
    let file = try RecordingFile(path)
    if try file.starts(with: Y4MFile.signature) { return try Y4MFile(file) }
    if try file.starts(with: MotionJPEGFile.signature) { return MotionJPEGFile(file) }
    throw .unknownKind(path: path)
  }
}
