import EventLoop
import Glibc

/// Reads a regular file from its beginning, with a window of bytes that are not used up yet.
///
/// Files are read, not mapped: one that its writer cuts off while it is shown must not end the process.
final class RecordingFile {
  static let chunkByteCount = 1 << 16

  let path: String
  private let owner: Descriptor
  private var window: [UInt8] = []
  /// Where the unused bytes begin in the window.
  private var start = 0
  private var isAtEnd = false
  /// The place of the first unused byte in the file.
  private(set) var offset = 0

  init(_ path: String) throws(CaptureError) {
    self.path = path
    // Without O_NONBLOCK, opening a pipe that nobody writes to would never return.
    let number = retryingOnInterrupt { open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
    guard number >= 0 else { throw .call(SystemCallError("open", on: path)) }
    owner = Descriptor(owning: number)
    var status = stat()
    guard fstat(number, &status) == 0 else { throw .call(SystemCallError("fstat", on: path)) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .unknownKind(path: path) }
  }

  /// The unused bytes that are in memory.
  var bytes: ArraySlice<UInt8> { window[start...] }

  /// Reads on until so many unused bytes are in memory; false where the file ends before.
  func ensure(_ count: Int) throws(CaptureError) -> Bool {
    while window.count - start < count {
      if isAtEnd { return false }
      try readChunk(atLeast: count - (window.count - start))
    }
    return true
  }

  /// The byte `index` places behind the first unused one, which `ensure` has brought.
  subscript(index: Int) -> UInt8 { window[start + index] }

  /// The place of the first byte of that value at or behind `index`, among those in memory.
  func firstIndex(of byte: UInt8, from index: Int) -> Int? {
    guard start + index < window.count else { return nil }
    return window.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress,
        let found = memchr(base + start + index, CInt(byte), bytes.count - start - index)
      else { return nil }
      return UnsafeRawPointer(found) - base - start
    }
  }

  /// How many unused bytes are in memory.
  var availableCount: Int { window.count - start }

  /// Uses up bytes that are in memory.
  func consume(_ count: Int) {
    start += count
    offset += count
    // Moving what is left costs time in proportion: rarely done.
    if start >= 1 << 20 {
      window.removeFirst(start)
      start = 0
    }
  }

  func starts(with signature: [UInt8]) throws(CaptureError) -> Bool {
    try ensure(signature.count) && bytes.starts(with: signature)
  }

  /// Uses up a line and returns it without its end; nil where there is none within the limit.
  func readLine(byteCountMax: Int) throws(CaptureError) -> [UInt8]? {
    var length = 0
    while length < byteCountMax {
      guard try ensure(length + 1) else { return nil }
      if self[length] == UInt8(ascii: "\n") {
        let line = Array(bytes.prefix(length))
        consume(length + 1)
        return line
      }
      length += 1
    }
    return nil
  }

  private func readChunk(atLeast missing: Int) throws(CaptureError) {
    let old = window.count
    let wanted = max(Self.chunkByteCount, missing)
    window.append(contentsOf: repeatElement(0, count: wanted))
    let count = window.withUnsafeMutableBytes { bytes in
      retryingOnInterrupt { read(owner.rawValue, bytes.baseAddress.map { $0 + old }, wanted) }
    }
    let code = errno
    window.removeLast(wanted - max(0, count))
    guard count >= 0 else { throw .call(SystemCallError("read", on: path, code: code)) }
    isAtEnd = count == 0
  }
}
