import Logging
import Results
import Synchronization
import Testing

@testable import Daemon

/// Keeps what is logged.
private final class Page: Sendable {
  let events = Mutex<[LogEvent]>([])
}

private struct PageHandler: LogHandler {
  let page: Page
  var logLevel = Logger.Level.trace
  var metadata: Logger.Metadata = [:]

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) { page.events.withLock { $0.append(event) } }
}

@Suite struct JournalWriterTests {
  private func written(_ notice: Reporter.Notice) throws -> (event: LogEvent, fields: [String: String]) {
    let page = Page()
    JournalWriter(Logger(label: "test") { _ in PageHandler(page: page) }).write(notice)
    let event = try #require(page.events.withLock { $0.first })
    return (event, (event.metadata ?? [:]).mapValues(\.description))
  }

  @Test func aStateHasItsFields() throws {
    let (event, fields) = try written(
      .state(
        StateMessage(
          camera: "door", region: "left", state: "indeterminate", reason: "dark", previous: "mask", since: 1,
          score: 0.61249, generation: 4)))
    #expect(event.level == .notice)
    #expect(event.message.description == "door/left: mask → indeterminate (dark)")
    #expect(
      fields == [
        "camera": "door", "region": "left", "state": "indeterminate", "previous": "mask", "generation": "4",
        "reason": "dark", "score": "0.612", "message_id": MessageID.stateChanged.rawValue,
      ])
  }

  @Test(arguments: [
    ("committed", Logger.Level.notice, MessageID.modelCommitted), ("rejected", .warning, .modelRejected),
    ("rolled_back", .warning, .modelRolledBack),
  ])
  func theEndOfADropIsExplained(phase: String, level: Logger.Level, id: MessageID) throws {
    let (event, fields) = try written(
      .model(ModelMessage(name: "x", sha256: "ab", phase: phase, generation: 2, reason: "truncated", detail: "why")))
    #expect(event.level == level)
    #expect(event.message.description == "model x: why")
    #expect(
      fields == [
        "model": "x", "sha256": "ab", "phase": phase, "generation": "2", "reason": "truncated",
        "message_id": id.rawValue,
      ])
  }

  @Test func aLostCameraSaysWhereAndWhy() throws {
    let (event, fields) = try written(
      .camera(
        CameraMessage(
          camera: "door", event: .lost, device: "/dev/video0", reason: "unplugged", errno: "ENODEV", detail: "gone")))
    #expect(event.level == .warning)
    #expect(
      fields == [
        "camera": "door", "device": "/dev/video0", "reason": "unplugged", "errno": "ENODEV",
        "message_id": MessageID.cameraLost.rawValue,
      ])
  }

  @Test func overloadIsSaidWithItsFiguresAndItsEnd() throws {
    let (began, _) = try written(
      .overload(OverloadMessage(active: true, camera: "door", shed: 40, budget: 33_333, measured: 90_000)))
    #expect(began.level == .warning)
    for figure in ["40", "33333", "90000"] { #expect(began.message.description.contains(figure)) }
    let (ended, fields) = try written(
      .overload(OverloadMessage(active: false, camera: "door", shed: 0, budget: 1, measured: 1)))
    #expect(ended.level == .notice)
    #expect(fields["message_id"] == MessageID.overloadEnded.rawValue)
  }
}
