import CLinux
import EventLoop
import Glibc
import Testing

/// A directory of its own under the temporary directory, removed at the end.
final class TemporaryDirectory {
  let path: String

  init() throws {
    var template = Array("/tmp/maskd-results-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw SystemCallError("mkdtemp") }
    path = template.withUnsafeBufferPointer { String(decoding: $0.dropLast().map(UInt8.init), as: UTF8.self) }
  }

  deinit {
    for name in ["results.sock", "file", "moved.sock"] { unlink("\(path)/\(name)") }
    rmdir(path)
  }

  var socket: String { "\(path)/results.sock" }
}

func pause(milliseconds: Int) { usleep(useconds_t(milliseconds * 1000)) }

/// Waits until something is so, for at most five seconds.
func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
  for _ in 0..<1000 {
    if try condition() { return true }
    pause(milliseconds: 5)
  }
  return false
}

/// A client of the results socket. Every line that it reads is checked against the schema.
final class Reader {
  private let descriptor: Descriptor
  private var buffer: [UInt8] = []
  /// Where the next line begins in `buffer`.
  private var start = 0

  init(_ path: String) throws {
    descriptor = Descriptor(owning: socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0))
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor.rawValue, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard result == 0 else { throw SystemCallError("connect", on: path) }
    var limit = timeval(tv_sec: 5, tv_usec: 0)
    setsockopt(descriptor.rawValue, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
  }

  func send(_ text: String) {
    let bytes = Array(text.utf8)
    _ = Glibc.send(descriptor.rawValue, bytes, bytes.count, CInt(MSG_NOSIGNAL))
  }

  func endWriting() { shutdown(descriptor.rawValue, CInt(SHUT_WR)) }

  /// The next line as bytes without its end; nil at the end of the stream, or after five seconds of silence.
  func rawLine() -> [UInt8]? {
    while true {
      if let end = buffer[start...].firstIndex(of: UInt8(ascii: "\n")) {
        defer { start = end + 1 }
        return Array(buffer[start..<end])
      }
      buffer.removeFirst(start)
      start = 0
      var chunk = [UInt8](repeating: 0, count: 65_536)
      let count = recv(descriptor.rawValue, &chunk, chunk.count, 0)
      guard count > 0 else { return nil }
      buffer.append(contentsOf: chunk[..<count])
    }
  }

  /// The next line.
  func line(sourceLocation: SourceLocation = #_sourceLocation) throws -> JSONValue? {
    guard let bytes = rawLine() else { return nil }
    #expect(bytes.count < 64 * 1024, sourceLocation: sourceLocation)
    let value = try JSONValue(parsing: bytes)
    let problems = try ProtocolSchema.shared.problems(of: value)
    #expect(problems == [], "\(String(decoding: bytes, as: UTF8.self))", sourceLocation: sourceLocation)
    return value
  }

  /// The next lines until one is of a type, that one included.
  func lines(until type: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> [JSONValue] {
    var lines: [JSONValue] = []
    while let next = try line(sourceLocation: sourceLocation) {
      lines.append(next)
      if next["type"]?.text == type { return lines }
    }
    Issue.record("no line of type \(type) came after \(lines.count) lines", sourceLocation: sourceLocation)
    return lines
  }

  /// Reads `hello` and `snapshot`.
  @discardableResult
  func greet(sourceLocation: SourceLocation = #_sourceLocation) throws -> (hello: JSONValue, snapshot: JSONValue) {
    let hello = try #require(try line(), sourceLocation: sourceLocation)
    let snapshot = try #require(try line(), sourceLocation: sourceLocation)
    #expect(hello["type"]?.text == "hello", sourceLocation: sourceLocation)
    #expect(snapshot["type"]?.text == "snapshot", sourceLocation: sourceLocation)
    return (hello, snapshot)
  }
}
