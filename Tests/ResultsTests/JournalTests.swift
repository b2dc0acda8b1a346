import EventLoop
import Glibc
import Logging
import Synchronization
import Testing

@testable import Results

/// Keeps what it is given.
private final class RecordingSink: JournalSink {
  private let kept = Mutex<[JournalRecord]>([])
  private let takes: Bool

  init(takes: Bool = true) { self.takes = takes }

  func write(_ record: JournalRecord) -> Bool {
    kept.withLock { $0.append(record) }
    return takes
  }

  var records: [JournalRecord] { kept.withLock { $0 } }

  var fields: [[String: String]] {
    records.map { Dictionary($0.fields.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first }) }
  }
}

@Suite struct JournalTests {
  private func logger(
    _ sinks: any JournalSink..., burst: Int = 100, interval: Duration = .seconds(3600)
  ) -> Logger {
    Logger(label: "maskd") { _ in
      Journal(sinks: sinks, limit: MessageRateLimit(burst: burst, interval: interval))
    }
  }

  @Test func writesStructuredFields() throws {
    let sink = RecordingSink()
    var logger = logger(sink)
    logger[metadataKey: "camera"] = "door"
    logger.log(.notice, .stateChanged, "door/left: mask", ["region": "left", "state": "mask", "score": "\(0.97)"])
    let record = try #require(sink.records.first)
    let fields = try #require(sink.fields.first)
    #expect(record.message == "door/left: mask")
    #expect(record.priority == 5)
    #expect(fields["MESSAGE_ID"] == MessageID.stateChanged.rawValue)
    #expect(fields["MASKD_CAMERA"] == "door")
    #expect(fields["MASKD_REGION"] == "left")
    #expect(fields["MASKD_STATE"] == "mask")
    #expect(fields["MASKD_SCORE"] == "0.97")
    #expect(fields["CODE_FILE"]?.hasSuffix("JournalTests.swift") == true)
    #expect(fields["CODE_FUNC"] == "writesStructuredFields()")
    #expect(fields["CODE_LINE"].flatMap(Int.init) != nil)
  }

  @Test(arguments: zip(Logger.Level.allCases, [7, 7, 6, 5, 4, 3, 2]))
  func levelsArePriorities(level: Logger.Level, priority: Int) {
    let sink = RecordingSink()
    var logger = logger(sink)
    logger.logLevel = .trace
    logger.log(level: level, "x")
    #expect(sink.records.map(\.priority) == [priority])
  }

  @Test(arguments: [
    ("camera", "MASKD_CAMERA"), ("held-back é", "MASKD_HELD_BACK___"), ("", "MASKD_"),
    (String(repeating: "x", count: 100), "MASKD_" + String(repeating: "X", count: 58)),
  ])
  func fieldNamesAreWhatTheJournalTakes(key: String, name: String) {
    #expect(JournalRecord.fieldName(key) == name)
  }

  @Test func vectorsCarryTheFieldsAsTheyAre() throws {
    let sink = RecordingSink()
    logger(sink).warning("two\nlines = one", metadata: ["reason": "a=b"])
    let record = try #require(sink.records.first)
    let fields = JournalSocketSink.withVectors(record) { vectors in
      vectors.map { String(decoding: UnsafeRawBufferPointer(start: $0.iov_base, count: $0.iov_len), as: UTF8.self) }
    }
    #expect(fields.prefix(2) == ["MESSAGE=two\nlines = one", "PRIORITY=4"])
    #expect(fields.contains("MASKD_REASON=a=b"))
    #expect(fields.count == 2 + record.fields.count)
  }

  @Test func theNextSinkTakesWhatTheFirstRefuses() {
    let (first, second) = (RecordingSink(takes: false), RecordingSink())
    logger(first, second).info("x")
    #expect(first.records.count == 1 && second.records.count == 1)
  }

  @Test func eachMessageIDIsLimitedAndHeldBackLinesAreCounted() {
    var limit = MessageRateLimit(burst: 2, interval: .seconds(10))
    let times: [UInt64] = [0, 1, 2, 3, 9_999_999, 10_000_000, 10_000_001, 10_000_002, 30_000_000]
    #expect(times.map { limit.admit("a", at: $0) } == [0, 0, nil, nil, nil, 3, 0, nil, 1])
    let other = limit.admit("b", at: 3)
    #expect(other == 0)
    let backwards = limit.admit("a", at: 5)
    #expect(backwards == 0)
  }

  @Test func theCountStandsInTheNextLine() throws {
    let sink = RecordingSink()
    let logger = logger(sink, burst: 1, interval: .milliseconds(200))
    for _ in 0..<5 { logger.log(.info, .cameraLost, "gone") }
    logger.log(.info, .cameraFound, "back")
    pause(milliseconds: 250)
    logger.log(.info, .cameraLost, "gone")
    #expect(sink.records.map(\.message) == ["gone", "back", "gone (4 more like this were held back)"])
    #expect(sink.fields.last?["MASKD_HELD_BACK"] == "4")
  }

  @Test func standardErrorGetsOnePlainLine() throws {
    let sink = RecordingSink()
    logger(sink).error("no camera\n\u{1B}[31m at /dev/video0")
    let record = try #require(sink.records.first)
    let plain = try written { StandardErrorSink(descriptor: $0, isJournal: false).write(record) }
    let pattern = try Regex(#"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z error: no camera  \[31m at /dev/video0\n$"#)
    #expect(try pattern.wholeMatch(in: plain) != nil, "\(plain)")
    let prefixed = try written { StandardErrorSink(descriptor: $0, isJournal: true).write(record) }
    #expect(prefixed == "<3>no camera  [31m at /dev/video0\n")
  }

  private func written(_ write: (CInt) -> Bool) throws -> String {
    var pair: [CInt] = [0, 0]
    #expect(pipe(&pair) == 0)
    let reading = Descriptor(owning: pair[0])
    let writing = Descriptor(owning: pair[1])
    #expect(write(writing.rawValue))
    var buffer = [UInt8](repeating: 0, count: 1000)
    let count = read(reading.rawValue, &buffer, buffer.count)
    return String(decoding: buffer[..<max(0, count)], as: UTF8.self)
  }

  @Test func theStreamOfTheJournalIsKnownByDeviceAndInode() throws {
    let directory = try TemporaryDirectory()
    let file = Descriptor(owning: open("\(directory.path)/file", O_RDWR | O_CREAT, 0o600))
    var status = stat()
    fstat(file.rawValue, &status)
    #expect(StandardErrorSink.isStream("\(status.st_dev):\(status.st_ino)", descriptor: file.rawValue))
    #expect(!StandardErrorSink.isStream("\(status.st_dev):\(status.st_ino + 1)", descriptor: file.rawValue))
    #expect(!StandardErrorSink.isStream("", descriptor: file.rawValue))
  }
}

@Suite struct CatalogTests {
  @Test func everyMessageIDIsExplained() throws {
    let text = String(decoding: try contents(of: repository("systemd/maskd.catalog")), as: UTF8.self)
    var entries: [String: [String]] = [:]
    var current: String?
    for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
      if line.hasPrefix("-- ") {
        let id = String(line.dropFirst(3))
        #expect(entries[id] == nil, "\(id) stands twice")
        entries[id] = []
        current = id
      } else if let current, !line.hasPrefix("#") {
        entries[current]?.append(line)
      }
    }
    #expect(Set(entries.keys) == Set(MessageID.allCases.map(\.rawValue)))
    for (id, lines) in entries {
      #expect(lines.first?.hasPrefix("Subject: ") == true, "\(id) has no subject")
      #expect(lines.contains("Defined-By: maskd"), "\(id) does not say whose it is")
      let body = lines.drop { !$0.isEmpty }.joined(separator: " ")
      #expect(body.count > 80, "\(id) says too little")
    }
  }

  @Test func idsAreUniqueAndWellFormed() {
    #expect(MessageID.allCases.allSatisfy { $0.rawValue.count == 32 && $0.rawValue.allSatisfy(\.isHexDigit) })
  }
}

/// The environment belongs to the whole process: one test at a time.
@Suite(.serialized) struct NotifyTests {
  @Test func tellsTheServiceManager() throws {
    let directory = try TemporaryDirectory()
    let socket = try DatagramReceiver(directory.socket)
    setenv("NOTIFY_SOCKET", directory.socket, 1)
    defer { unsetenv("NOTIFY_SOCKET") }
    Notify.ready(status: "2 cameras\nREADY=0")
    #expect(socket.receive() == "READY=1\nSTATUS=2 cameras READY=0")
    Notify.status("camera door: lost")
    #expect(socket.receive() == "STATUS=camera door: lost")
    Notify.watchdog()
    #expect(socket.receive() == "WATCHDOG=1")
    let before = MonotonicClock.now()
    Notify.reloading()
    let lines = socket.receive().split(separator: "\n")
    #expect(lines.first == "RELOADING=1")
    let stamp = lines.first { $0.hasPrefix("MONOTONIC_USEC=") }.flatMap { UInt64($0.dropFirst(15)) } ?? 0
    #expect(stamp >= before && stamp <= MonotonicClock.now())
    Notify.stopping(status: "bye")
    #expect(socket.receive() == "STOPPING=1\nSTATUS=bye")
  }

  @Test func withoutAServiceManagerNothingHappens() {
    Notify.ready(status: "x")
    #expect(Notify.watchdogTimeout() == nil)
  }

  @Test func theWatchdogOfThisProcessIsKnown() {
    setenv("WATCHDOG_USEC", "20000000", 1)
    setenv("WATCHDOG_PID", "\(getpid())", 1)
    defer {
      unsetenv("WATCHDOG_USEC")
      unsetenv("WATCHDOG_PID")
    }
    #expect(Notify.watchdogTimeout() == 20_000_000)
    setenv("WATCHDOG_PID", "1", 1)
    #expect(Notify.watchdogTimeout() == nil)
  }

  @Test func withoutPassedSocketsThereAreNone() throws {
    var sockets = try InheritedSockets()
    #expect(sockets.names == [])
    #expect(sockets.take("results")?.rawValue == nil)
  }
}

/// A bound datagram socket, like that of a service manager.
private final class DatagramReceiver {
  private let descriptor: Descriptor

  init(_ path: String) throws {
    descriptor = Descriptor(owning: socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue), 0))
    guard try SocketAddress(path: path).bind(descriptor.rawValue) == 0 else { throw SystemCallError("bind", on: path) }
  }

  func receive() -> String {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = recv(descriptor.rawValue, &buffer, buffer.count, CInt(MSG_DONTWAIT))
    return String(decoding: buffer[..<max(0, count)], as: UTF8.self)
  }
}
