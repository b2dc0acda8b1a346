import CLinux
import EventLoop
import Glibc
import Testing

@Suite(.serialized) struct OperationTests {
  @Test func aBadConfigurationAtTheStartIsRefusedWithEveryError() throws {
    let daemon = try DaemonUnderTest()
    try write("camera: 1\nresults: {queue_bytes: lots}\ndecision:\n  hold: -3s\n".utf8, to: daemon.configuration)
    let program = try daemon.start()
    #expect(program.waitForExit() == 78)
    for part in ["maskd.yaml:1", "camera", "maskd.yaml:2", "queue_bytes", "maskd.yaml:4", "hold"] {
      #expect(program.log.contains(part), "\(part) in: \(program.log)")
    }
  }

  @Test func reloadTakesAGoodConfigurationAndRefusesABadOne() throws {
    let daemon = try DaemonUnderTest()
    let program = try daemon.start()
    let reader = try daemon.connect()
    _ = try #require(try reader.wait { $0.type == "result" && $0.camera == "album" })

    try daemon.configure(cameras: daemon.replay(rate: "20", name: "album"), more: "no_such_key: 1")
    program.send(signal: SIGHUP)
    try reader.read(forSeconds: 1)
    #expect(program.log.contains("no_such_key"))
    #expect(reader.lines.last { $0.type == "result" }?.camera == "album", "the old one stays")

    try daemon.configure(cameras: daemon.replay(rate: "20", name: "other"))
    program.send(signal: SIGHUP)
    #expect(try reader.wait { $0.type == "result" && $0.camera == "other" } != nil)
    #expect(reader.missingNumbers.isEmpty)
    program.send(signal: SIGTERM)
    #expect(program.waitForExit() == 0)
  }

  @Test func theServiceManagerIsTold() throws {
    let daemon = try DaemonUnderTest()
    let manager = try NotifySocket(path: daemon.folder.path + "/notify")
    let program = try daemon.start(environment: ["NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "2000000"])
    #expect(manager.wait(for: "READY=1"))
    #expect(manager.wait(for: "WATCHDOG=1"))
    program.send(signal: SIGHUP)
    #expect(manager.wait(for: "RELOADING=1"))
    #expect(manager.wait(for: "READY=1"))
    program.send(signal: SIGTERM)
    #expect(manager.wait(for: "STOPPING=1"))
    #expect(program.waitForExit() == 0)
    #expect(manager.all.contains { $0.contains("MONOTONIC_USEC=") && $0.contains("RELOADING=1") })
  }

  @Test func aSecondDaemonOnTheSameSocketIsRefused() throws {
    let daemon = try DaemonUnderTest()
    let first = try daemon.start()
    let reader = try daemon.connect()
    let second = try Program(
      "maskd", ["--config", daemon.folder.path + "/config"], environment: ["HOME": daemon.folder.path],
      log: daemon.folder.path + "/log2")
    #expect(second.waitForExit() == 69)
    #expect(second.log.contains(daemon.socketPath))
    #expect(try reader.wait { $0.type == "result" } != nil, "the first goes on")
    first.send(signal: SIGTERM)
    #expect(first.waitForExit() == 0)
  }

  @Test func withoutAnyModelThereIsASentenceAndAStatus() throws {
    let daemon = try DaemonUnderTest()
    let text = try readText(daemon.configuration)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map {
      $0.contains("packaged:") ? "  packaged: /nowhere/none.tflite" : String($0)
    }
    try write(lines.joined(separator: "\n").utf8, to: daemon.configuration)
    let program = try daemon.start()
    #expect(program.waitForExit() == 65)
    #expect(program.log.contains("/nowhere/none.tflite"))
  }

  @Test func watchPrintsTheLinesAsTheyCome() throws {
    let daemon = try DaemonUnderTest()
    let program = try daemon.start()
    let reader = try daemon.connect()
    _ = try #require(try reader.wait { $0.type == "result" })
    let watch = try Program(
      "maskctl", ["watch", "--socket", daemon.socketPath], environment: [:], log: daemon.folder.path + "/watch")
    try reader.read(forSeconds: 1)
    program.send(signal: SIGTERM)
    #expect(program.waitForExit() == 0)
    #expect(watch.waitForExit() == 0)
    let lines = watch.output.split(separator: "\n")
    #expect(lines.first?.contains("\"type\":\"hello\"") == true)
    #expect(lines.last?.contains("\"type\":\"bye\"") == true)
  }
}

/// Stands for the service manager: a datagram socket that sd_notify writes to.
final class NotifySocket {
  let path: String
  private let socket: Descriptor
  /// Every message so far.
  private(set) var all: [String] = []

  init(path: String) throws {
    self.path = path
    socket = Descriptor(owning: Glibc.socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue), 0))
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let result = withUnsafePointer(to: address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket.rawValue, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard result == 0 else { throw SystemCallError("bind", on: path) }
  }

  /// Whether a message with this text comes in time, after those that were waited for before.
  func wait(for text: String, within seconds: Double = 30) -> Bool {
    let deadline = monotonicSeconds() + seconds
    while monotonicSeconds() < deadline {
      var entry = pollfd(fd: socket.rawValue, events: Int16(POLLIN), revents: 0)
      guard poll(&entry, 1, 100) > 0 else { continue }
      var block = [UInt8](repeating: 0, count: 4096)
      let count = read(socket.rawValue, &block, block.count)
      let message = String(decoding: block.prefix(max(count, 0)), as: UTF8.self)
      all.append(message)
      if message.contains(text) { return true }
    }
    return false
  }
}
