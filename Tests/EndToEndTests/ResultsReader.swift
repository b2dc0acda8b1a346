import CLinux
import EventLoop
import FoundationEssentials
import Glibc

/// What the tests look at in a line of the results socket.
struct Line: Decodable {
  struct Frame: Decodable {
    var seq: UInt64
  }
  struct Model: Decodable {
    var name: String
    var sha256: String
    var generation: UInt64
    var labels: [String]?
  }

  struct Camera: Decodable {
    /// In `snapshot`; `hello` has a name in its place.
    var camera: String?
    var event: String?
    var reason: String?
  }

  var type: String
  var seq: UInt64
  var cameras: [Camera]?
  var run: String
  var camera: String?
  var region: String?
  var state: String?
  var previous: String?
  var reason: String?
  var detail: String?
  var event: String?
  var scores: [String: Double]?
  var frame: Frame?
  var generation: UInt64?
  var name: String?
  var phase: String?
  var model: Model?
  var `protocol`: String?
}

/// A client of the results socket that reads as fast as lines come.
final class ResultsReader {
  private let socket: Descriptor
  private var buffer: [UInt8] = []
  /// Every line so far.
  private(set) var lines: [Line] = []

  /// Connects; waits up to `seconds` for the daemon to listen.
  init(path: String, within seconds: Int = 30) throws {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let deadline = monotonicSeconds() + Double(seconds)
    while true {
      let socket = Descriptor(owning: Glibc.socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0))
      let result = withUnsafePointer(to: address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(socket.rawValue, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
      if result == 0 {
        self.socket = socket
        return
      }
      guard monotonicSeconds() < deadline else { throw SystemCallError("connect", on: path) }
      usleep(20_000)
    }
  }

  /// Sends bytes to the daemon.
  func send(_ text: String) {
    Array(text.utf8).withUnsafeBytes {
      _ = Glibc.send(socket.rawValue, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
    }
  }

  /// Reads on until a line fits; nil where none did in time, or the daemon closed the connection.
  func wait(within seconds: Double = 30, for isWanted: (Line) -> Bool) throws -> Line? {
    let deadline = monotonicSeconds() + seconds
    while true {
      let start = lines.count
      let isOpen = try read(milliseconds: 50)
      if let line = lines[start...].first(where: isWanted) { return line }
      if !isOpen || monotonicSeconds() > deadline { return nil }
    }
  }

  /// Reads whatever comes for a time.
  func read(forSeconds seconds: Double) throws {
    let deadline = monotonicSeconds() + seconds
    while monotonicSeconds() < deadline, try read(milliseconds: 50) {}
  }

  /// Reads what is there; false at the end of the connection.
  private func read(milliseconds: CInt) throws -> Bool {
    var entry = pollfd(fd: socket.rawValue, events: Int16(POLLIN), revents: 0)
    guard poll(&entry, 1, milliseconds) > 0 else { return true }
    var block = [UInt8](repeating: 0, count: 1 << 16)
    let count = Glibc.read(socket.rawValue, &block, block.count)
    guard count > 0 else { return false }
    buffer += block.prefix(count)
    while let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
      lines.append(try JSONDecoder().decode(Line.self, from: Data(buffer[..<end])))
      buffer.removeSubrange(...end)
    }
    return true
  }

  /// The numbers that are missing between the lines of this client.
  var missingNumbers: [UInt64] {
    let numbers = lines.filter { $0.type != "hello" && $0.type != "snapshot" }.map(\.seq)
    return zip(numbers, numbers.dropFirst()).filter { $0 + 1 != $1 }.map { $0.0 + 1 }
  }
}

func monotonicSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
