import EventLoop
import Logging
import Synchronization

/// Writes log lines with their fields to the journal, or to standard error where there is none.
///
/// Metadata `camera`, `region`, `state`, … become the fields `MASKD_CAMERA`, `MASKD_REGION`, `MASKD_STATE`, …; the place
/// in the code becomes `CODE_FILE`, `CODE_LINE` and `CODE_FUNC`. Lines of one message id are limited in number; what was
/// held back is counted in the next that passes. To log may wait for the reader of the journal: not for frame threads.
public struct Journal: LogHandler {
  /// Where lines go.
  public enum Destination: Sendable {
    /// To the journal where the service manager connected standard error to it, else to standard error.
    case automatic
    /// To the journal for as long as it takes them.
    case journal
    /// To standard error.
    case standardError
  }

  /// The least severe level that is written.
  public var logLevel: Logger.Level = .info
  /// Fields of every line.
  public var metadata: Logger.Metadata = [:]
  /// Where more fields come from.
  public var metadataProvider: Logger.MetadataProvider?

  private let output: JournalOutput

  /// Writes to a destination. Of one message id (or one place in the code, without an id) at most `burst` lines pass
  /// in each `interval`. Copies share the limit.
  public init(_ destination: Destination = .automatic, burst: Int = 20, interval: Duration = .seconds(10)) {
    let limit = MessageRateLimit(burst: burst, interval: interval)
    let toJournal = destination == .journal || destination == .automatic && StandardErrorSink.isJournal
    let standardError = StandardErrorSink(descriptor: 2, isJournal: StandardErrorSink.isJournal)
    self.init(sinks: toJournal ? [JournalSocketSink(), standardError] : [standardError], limit: limit)
  }

  /// Writes to the first sink that takes a record.
  init(sinks: [any JournalSink], limit: MessageRateLimit) {
    output = JournalOutput(sinks: sinks, limit: limit)
  }

  /// Reads or sets a field of every line.
  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  /// Writes a line.
  public func log(event: LogEvent) {
    var all = metadataProvider?.get() ?? [:]
    all.merge(metadata) { _, new in new }
    all.merge(event.metadata ?? [:]) { _, new in new }
    output.write(JournalRecord(event, metadata: all), at: MonotonicClock.now())
  }
}

extension Logger {
  /// Logs a message that the catalog explains. Metadata `camera`, `region`, `state`, … become MASKD_CAMERA, ….
  public func log(
    _ level: Logger.Level, _ id: MessageID, _ message: @autoclosure () -> Logger.Message,
    _ metadata: @autoclosure () -> Logger.Metadata = [:], file: String = #fileID, function: String = #function,
    line: UInt = #line
  ) {
    log(
      level: level, message(),
      metadata: metadata().merging([JournalRecord.messageIDKey: "\(id.rawValue)"]) { _, new in new },
      file: file, function: function, line: line)
  }
}

/// Takes records, or says that it cannot.
protocol JournalSink: Sendable {
  func write(_ record: JournalRecord) -> Bool
}

/// What all copies of a handler share.
private final class JournalOutput: Sendable {
  private let sinks: [any JournalSink]
  private let limit: Mutex<MessageRateLimit>

  init(sinks: [any JournalSink], limit: MessageRateLimit) {
    self.sinks = sinks
    self.limit = Mutex(limit)
  }

  func write(_ record: JournalRecord, at time: UInt64) {
    guard let heldBack = limit.withLock({ $0.admit(record.limitKey, at: time) }) else { return }
    var record = record
    if heldBack > 0 { record.note(heldBack: heldBack) }
    for sink in sinks where sink.write(record) { return }
  }
}

/// Lets a number of messages of a kind pass in each interval.
struct MessageRateLimit: Sendable {
  private struct Window {
    var start: UInt64
    var passed = 0
    var heldBack = 0
  }

  private let burst: Int
  /// µs.
  private let interval: UInt64
  /// As many as there are message ids and places in the code that log.
  private var windows: [String: Window] = [:]

  init(burst: Int, interval: Duration) {
    self.burst = max(1, burst)
    self.interval = interval.microseconds
  }

  /// Nil: hold the message back. Else how many were held back since the last that passed.
  mutating func admit(_ key: String, at time: UInt64) -> Int? {
    var window = windows[key] ?? Window(start: time)
    if time < window.start || time - window.start >= interval {
      window.start = time
      window.passed = 0
    }
    defer { windows[key] = window }
    guard window.passed < burst else {
      window.heldBack += 1
      return nil
    }
    window.passed += 1
    defer { window.heldBack = 0 }
    return window.heldBack
  }
}
