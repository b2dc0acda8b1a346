import EventLoop
import Glibc
import Testing

@testable import Results

/// Clients that are slow, choosy, rude or gone, through a real socket.
@Suite struct ClientsTests {
  /// Checks that gaps and skipped counts account for each number between the lines, and returns the missed count.
  private func account(for lines: [JSONValue], after first: Int64) -> Int64 {
    var (last, missed) = (first, Int64(0))
    for line in lines {
      let number = line["seq"]?.integer ?? 0
      let skipped = line["skipped"]?.integer ?? 0
      if let gap = line["missed"] {
        #expect(gap["from"]?.integer == last + skipped + 1)
        #expect(gap["to"]?.integer == number)
        missed += gap["count"]?.integer ?? 0
      } else {
        #expect(number == last + skipped + 1)
      }
      last = number
    }
    return missed
  }

  @Test func aSlowReaderIsToldOfItsGapsAndKeepsWhatMatters() throws {
    let directory = try TemporaryDirectory()
    let publisher = try Sample.publisher(on: directory.socket)
    let reader = try Reader(directory.socket)
    try reader.greet()
    var important = 0
    for frame in 1...20_000 as ClosedRange<UInt64> {
      publisher.publish(Sample.result(frame))
      guard frame % 250 == 0 else { continue }
      publisher.publish(frame % 500 == 0 ? Sample.state("mask") : Sample.lost)
      important += 1
    }
    publisher.publish(Sample.model("verified"))
    let lines = try reader.lines(until: "model")
    publisher.stop(reason: "test over")
    let types = lines.map { $0["type"]?.text ?? "" }
    #expect(types.filter { $0 == "state" || $0 == "camera" }.count == important)
    #expect(types.contains("gap"))
    let missed = account(for: lines, after: 0)
    #expect(missed > 10_000)
    #expect(Int64(types.filter { $0 == "result" }.count) + missed == 20_000)
    // The newest results are kept, not the oldest.
    #expect(lines.last { $0["type"]?.text == "result" }?["frame"]?["seq"]?.integer == 20_000)
  }

  @Test func aReaderThatNeverReadsHoldsUpNobody() throws {
    let directory = try TemporaryDirectory()
    let publisher = try Sample.publisher(on: directory.socket)
    let deaf = try (0..<8).map { _ in try Reader(directory.socket) }
    let reader = try Reader(directory.socket)
    try reader.greet()
    for frame in 1...3000 as ClosedRange<UInt64> {
      publisher.publish(Sample.result(frame))
      let line = String(decoding: try #require(reader.rawLine()), as: UTF8.self)
      #expect(line.contains("\"seq\":\(frame),\"run\""))
    }
    let clock = ContinuousClock()
    let duration = clock.measure { publisher.stop(reason: "test over") }
    #expect(duration < .milliseconds(600))
    #expect(deaf.count == 8)
  }

  @Test func aSubscriptionSkipsWhatWasNotAskedFor() throws {
    let directory = try TemporaryDirectory()
    let publisher = try Sample.publisher(on: directory.socket)
    let reader = try Reader(directory.socket)
    try reader.greet()
    reader.send(#"{"subscribe":["state","model"],"regions":["door/r*"]}"# + "\n")
    // The request takes effect while messages flow: results stop to arrive.
    var sent: Int64 = 0
    var seen: [JSONValue] = []
    for _ in 0..<200 {
      publisher.publish(Sample.result(1))
      sent += 1
      pause(milliseconds: 1)
    }
    publisher.publish(Sample.state("mask"))
    publisher.publish(Sample.state("mask", region: "right"))
    publisher.publish(Sample.state("mask", camera: "hall", region: "all"))
    publisher.publish(Sample.lost)
    publisher.publish(Sample.model("verified"))
    publisher.stop(reason: "test over")
    seen = try reader.lines(until: "bye")
    #expect(account(for: seen, after: 0) == 0)
    let asked = seen.filter { $0["type"]?.text != "result" }
    #expect(asked.map { $0["type"]?.text } == ["state", "model", "bye"])
    #expect(asked[0]["region"]?.text == "right")
    #expect(asked[1]["skipped"]?.integer == 2)
    #expect(asked.map { $0["seq"]?.integer } == [sent + 2, sent + 5, sent + 6])
    #expect(seen.count - asked.count < 100)
  }

  @Test func aSlowReaderWithASubscriptionMissesOnlyWhatItAskedFor() throws {
    let directory = try TemporaryDirectory()
    let publisher = try Sample.publisher(on: directory.socket)
    let reader = try Reader(directory.socket)
    try reader.greet()
    reader.send(#"{"subscribe":["result","model"],"regions":["door/left"]}"# + "\n")
    pause(milliseconds: 100)
    for frame in 1...5000 as ClosedRange<UInt64> {
      publisher.publish(Sample.result(frame))
      publisher.publish(Sample.result(frame, region: "right"))
    }
    publisher.publish(Sample.model("verified"))
    let lines = try reader.lines(until: "model")
    publisher.stop(reason: "test over")
    let missed = account(for: lines, after: 0)
    #expect(missed > 0)
    let results = lines.filter { $0["type"]?.text == "result" }
    #expect(results.allSatisfy { $0["region"]?.text == "left" })
    #expect(Int64(results.count) + missed == 5000)
  }

  @Test(arguments: [
    ("nonsense\n", "bad_request"), ("{\n", "bad_request"), ("[]\n", "bad_request"), ("\n", "bad_request"),
    (#"{"subscribe":"state"}"# + "\n", "bad_request"), (#"{"subscribe":["weather"]}"# + "\n", "bad_request"),
    (#"{"filter":[]}"# + "\n", "bad_request"), ("\u{0}\u{1}\n", "bad_request"),
    (#"{"subscribe":[]}"# + "\n{}\n", "second_line"), (String(repeating: " ", count: 5000), "too_long"),
    (String(repeating: " ", count: 100_000), "too_long"),
    (String(repeating: "[", count: 4000) + "\n", "bad_request"),
  ])
  func anythingElseGetsAnErrorAndAClose(line: String, reason: String) throws {
    let directory = try TemporaryDirectory()
    let publisher = try Sample.publisher(on: directory.socket)
    defer { publisher.stop(reason: "test over") }
    let reader = try Reader(directory.socket)
    try reader.greet()
    reader.send(line)
    let error = try reader.line()
    #expect(error?["type"]?.text == "error")
    #expect(error?["reason"]?.text == reason)
    #expect(reader.rawLine() == nil)
  }

  @Test func aSecondLineLaterIsRefusedToo() throws {
    let directory = try TemporaryDirectory()
    let publisher = try Sample.publisher(on: directory.socket)
    defer { publisher.stop(reason: "test over") }
    let reader = try Reader(directory.socket)
    try reader.greet()
    reader.send("{}\n")
    pause(milliseconds: 50)
    reader.send("{}\n")
    #expect(try reader.line()?["reason"]?.text == "second_line")
    #expect(reader.rawLine() == nil)
  }

  @Test func theSixtyFifthClientIsTurnedAway() throws {
    let directory = try TemporaryDirectory()
    let publisher = try Sample.publisher(on: directory.socket)
    var readers = try (0..<64).map { _ in try Reader(directory.socket) }
    for reader in readers { try reader.greet() }
    let late = try Reader(directory.socket)
    #expect(try late.line()?["reason"]?.text == "too_many_clients")
    #expect(late.rawLine() == nil)
    // One goes, and there is room again.
    readers.removeLast()
    #expect(try eventually { try Reader(directory.socket).line()?["type"]?.text == "hello" })
    publisher.publish(Sample.state("mask"))
    for reader in readers { #expect(try reader.line()?["seq"]?.integer == 1) }
    publisher.stop(reason: "test over")
  }

  @Test func aHalfClosedClientStillReads() throws {
    let directory = try TemporaryDirectory()
    let publisher = try Sample.publisher(on: directory.socket)
    let reader = try Reader(directory.socket)
    try reader.greet()
    reader.send(#"{"subscribe":["state"]}"# + "\n")
    reader.endWriting()
    pause(milliseconds: 50)
    publisher.publish(Sample.result(1))
    publisher.publish(Sample.state("mask"))
    #expect(try reader.line()?["skipped"]?.integer == 1)
    publisher.stop(reason: "test over")
    #expect(try reader.line()?["type"]?.text == "bye")
  }

  @Test func aHalfClosedClientIsNotWaitedForAgain() throws {
    var pair: [CInt] = [0, 0]
    #expect(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &pair) == 0)
    let other = Descriptor(owning: pair[1])
    let store = LineStore(PublisherSettings(version: "1", engine: "generic"))
    let client = Client(Descriptor(owning: pair[0]), feed: store.open().feed)
    #expect(client.events == .readable)
    shutdown(other.rawValue, CInt(SHUT_WR))
    guard case .ended = client.receive() else { return #expect(Bool(false), "the end of the stream was not seen") }
    // A closed half is readable for ever: to wait for it would keep a processor busy.
    #expect(client.events == [])
  }

  @Test func clientsThatVanishAreCleanedUp() throws {
    let directory = try TemporaryDirectory()
    let publisher = try Sample.publisher(on: directory.socket)
    defer { publisher.stop(reason: "test over") }
    let before = try openDescriptors()
    for round in 0..<300 {
      let reader = try Reader(directory.socket)
      if round % 3 == 0 { reader.send("half a li") }
      if round % 3 == 1 { try reader.greet() }
      publisher.publish(Sample.result(UInt64(round)))
    }
    // Other suites open and close descriptors of their own meanwhile.
    #expect(try eventually { try openDescriptors() < before + 100 })
    try Reader(directory.socket).greet()
  }

  private func openDescriptors() throws -> Int {
    guard let directory = opendir("/proc/self/fd") else { throw SystemCallError("opendir") }
    defer { closedir(directory) }
    var count = 0
    while readdir(directory) != nil { count += 1 }
    return count
  }
}
