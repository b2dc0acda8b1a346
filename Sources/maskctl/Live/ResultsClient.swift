import CLinux
import EventLoop
import FoundationEssentials
import Glibc

/// Reads the lines of a running maskd.
struct ResultsClient: ~Copyable {
  /// What reading can come to.
  enum Event {
    case line([UInt8])
    /// Nothing came in the time given.
    case timeout
    /// The daemon closed the connection.
    case end
  }

  /// A longer line is no line of the protocol.
  private static let lineByteCountMax = 64 * 1024

  private let path: String
  private let socket: Descriptor
  private var buffer: [UInt8]
  private var readStart: Int

  /// Connects to the socket of a daemon.
  init(path: String) throws(Failure) {
    // Nothing is initialized before what throws: the compiler of Swift 6.2 fails on what would have to be undone.
    socket = try Self.connectedSocket(path)
    self.path = path
    buffer = []
    readStart = 0
  }

  private static func connectedSocket(_ path: String) throws(Failure) -> Descriptor {
    // SOCK_CLOEXEC has the value of O_CLOEXEC, which Swift imports.
    let number = Glibc.socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
    guard number >= 0 else { throw Failure(.unavailable, SystemCallError("socket").description) }
    let socket = Descriptor(owning: number)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
      throw Failure(.usage, "the socket path \(path) is too long: at most 107 bytes fit into a socket address")
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let result = withUnsafePointer(to: address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard result == 0 else { throw connectionFailure(path) }
    return socket
  }

  private static func connectionFailure(_ path: String) -> Failure {
    switch errno {
    case ENOENT, ECONNREFUSED:
      Failure(.unavailable, "no maskd listens at \(path); is it running (systemctl status maskd)?")
    case EACCES:
      Failure(.permission, "this user may not read \(path); members of the group maskd may")
    default:
      Failure(.unavailable, SystemCallError("connect", on: path).description)
    }
  }

  /// The next line, without its end; waits at most `timeoutMilliseconds` (-1: for ever).
  mutating func next(timeoutMilliseconds: CInt = -1) throws(Failure) -> Event {
    while true {
      if let end = buffer[readStart...].firstIndex(of: UInt8(ascii: "\n")) {
        let line = Array(buffer[readStart..<end])
        readStart = end + 1
        return .line(line)
      }
      buffer.removeFirst(readStart)
      readStart = 0
      guard buffer.count <= Self.lineByteCountMax else {
        throw Failure(.inputOutput, "\(path) sent a line of more than 64 KiB: this is no maskd")
      }
      switch try fill(timeoutMilliseconds) {
      case .some(let event): return event
      case .none: continue
      }
    }
  }

  /// Reads what is there; nil where bytes came.
  private mutating func fill(_ timeoutMilliseconds: CInt) throws(Failure) -> Event? {
    var entry = pollfd(fd: socket.rawValue, events: Int16(POLLIN), revents: 0)
    let ready = poll(&entry, 1, timeoutMilliseconds)
    // A signal, for one that the window changed its size, ends the waiting early.
    if ready == 0 || (ready < 0 && errno == EINTR) { return .timeout }
    var block = [UInt8](repeating: 0, count: 1 << 16)
    let count = retryingOnInterrupt { read(socket.rawValue, &block, block.count) }
    guard count >= 0 else { throw Failure(.inputOutput, SystemCallError("read", on: path).description) }
    guard count > 0 else { return .end }
    buffer += block.prefix(count)
    return nil
  }

  /// What a line says.
  static func decode(_ line: [UInt8]) throws(Failure) -> ResultLine {
    do {
      return try JSONDecoder().decode(ResultLine.self, from: Data(line))
    } catch {
      throw Failure(
        .inputOutput, "a line is not of the protocol maskd.results/1: \(String(decoding: line, as: UTF8.self))")
    }
  }

  /// The first two lines: what the daemon is, and how things stand.
  mutating func greeting() throws(Failure) -> (hello: ResultLine, snapshot: ResultLine) {
    let hello = try Self.decode(try expect("hello"))
    return (hello, try Self.decode(try expect("snapshot")))
  }

  /// The same, with the bytes of the snapshot as they came.
  mutating func greetingWithLine() throws(Failure) -> (hello: ResultLine, snapshot: ResultLine, line: String) {
    let hello = try Self.decode(try expect("hello"))
    let bytes = try expect("snapshot")
    return (hello, try Self.decode(bytes), String(decoding: bytes, as: UTF8.self))
  }

  private mutating func expect(_ type: String) throws(Failure) -> [UInt8] {
    switch try next(timeoutMilliseconds: 5000) {
    case .line(let bytes):
      let line = try Self.decode(bytes)
      guard line.type == type else {
        throw Failure(.unavailable, "\(path): \(line.detail ?? "\(line.type) came in place of \(type)")")
      }
      return bytes
    case .timeout: throw Failure(.unavailable, "\(path): nothing came for 5 s; the daemon hangs")
    case .end: throw Failure(.unavailable, "\(path): the daemon closed the connection")
    }
  }
}
