import EventLoop
import Synchronization

/// What the threads that publish and the thread that serves share. The lock is held for as long as a line takes to be
/// written or some lines to be copied, never for a system call.
final class LineStore: Sendable {
  /// Where a client stands, and what it wants.
  struct Feed {
    fileprivate var position: ReadPosition
    var subscription = Subscription()
  }

  /// What a new client is told first.
  struct Greeting {
    let board: Board
    /// The number of the last line before it.
    let number: UInt64
    let feed: Feed
  }

  fileprivate struct Contents {
    var log: LineLog
    var board = Board()
    var regions = RegionTable()
    var pace: ResultPace
    var writer = LineWriter()
    var readers = 0
    var isEnded = false
    var waker: Waker?
  }

  let settings: PublisherSettings
  let run: String
  private let contents: Mutex<Contents>

  init(_ settings: PublisherSettings) {
    self.settings = settings
    run = Self.randomRun()
    let byteCount = min(max(settings.queueByteCount, 192 * 1024), 64 * 1024 * 1024)
    contents = Mutex(
      Contents(log: LineLog(byteCount: byteCount), pace: ResultPace(perSecond: settings.resultsPerSecond)))
  }

  private static func randomRun() -> String {
    func word() -> String {
      let digits = String(UInt64.random(in: 0...UInt64.max), radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }
    return word() + word()
  }
}

// MARK: - For those who publish

extension LineStore {
  /// Numbers a message, keeps what it says and writes its line.
  func publish(_ message: Message) {
    let waker = contents.withLock { contents in
      contents.publish(message, context: LineContext(run: run))
    }
    waker?.wake()
  }

  /// Writes `bye`; nothing can be published after it.
  func end(reason: String) {
    let waker = contents.withLock { contents in
      contents.end(reason: reason, context: LineContext(run: run))
    }
    waker?.wake()
  }

  func setCameras(_ cameras: [CameraDescription]) {
    contents.withLock { $0.board.setCameras(cameras, at: MonotonicClock.now()) }
  }

  func setModel(_ model: ActiveModel) {
    contents.withLock { $0.board.setModel(model) }
  }

  func setResultsPerSecond(_ rate: Double) {
    contents.withLock { $0.pace = ResultPace(perSecond: rate) }
  }
}

extension LineStore.Contents {
  fileprivate mutating func publish(_ message: Message, context: LineContext) -> Waker? {
    guard !isEnded else { return nil }
    var label = LineLabel(kind: message.kind)
    switch message {
    case .state(let state):
      label.region = regions.number(camera: state.camera, region: state.region)
    case .result(let result):
      label.region = regions.number(camera: result.camera, region: result.region)
      if let region = label.region, !pace.allows(region: region, at: result.capturedAt) { return nil }
    case .camera, .model, .overload: break
    }
    board.take(message, realtime: context.realtime)
    guard readers > 0 else {
      log.skip(label: label)
      return nil
    }
    writer.line(message, number: log.lastNumber + 1, context: context)
    return append(label)
  }

  fileprivate mutating func end(reason: String, context: LineContext) -> Waker? {
    guard !isEnded else { return nil }
    isEnded = true
    writer.bye(reason: reason, number: log.lastNumber + 1, context: context)
    return append(LineLabel(kind: .bye))
  }

  private mutating func append(_ label: LineLabel) -> Waker? {
    if writer.bytes.count <= LineLog.maximumLineByteCount {
      log.append(writer.bytes, label: label)
    } else {
      log.skip(label: label)
    }
    return waker
  }
}

// MARK: - For the one who serves

extension LineStore {
  /// Has a waker called whenever there are new lines; nil: nobody any more.
  func setWaker(_ waker: Waker?) {
    contents.withLock { $0.waker = waker }
  }

  /// The number of the newest line.
  var lastNumber: UInt64 { contents.withLock { $0.log.lastNumber } }

  /// Whether `bye` was written.
  var isEnded: Bool { contents.withLock { $0.isEnded } }

  /// Starts to keep lines for a new client.
  func open() -> Greeting {
    contents.withLock { contents in
      contents.readers += 1
      return Greeting(
        board: contents.board, number: contents.log.lastNumber,
        feed: Feed(position: contents.log.positionAtEnd()))
    }
  }

  /// Ends what `open` began.
  func close() {
    contents.withLock { $0.readers -= 1 }
  }

  /// Copies lines that a client wants, oldest first, until none is left or `limit` bytes are exceeded.
  func read(_ feed: inout Feed, into output: inout [UInt8], limit: Int, writer: inout LineWriter) {
    contents.withLock { contents in
      while output.count < limit, let (lane, entry) = contents.log.next(&feed.position) {
        guard feed.subscription.wants(entry.label, regions: contents.regions) else { continue }
        let absence = contents.log.absence(before: entry.number, from: feed.position.expected) {
          feed.subscription.wants($0, regions: contents.regions)
        }
        if let missed = absence.missed {
          writer.gap(absence, missed: missed, context: LineContext(run: run))
          output.append(contentsOf: writer.bytes)
        }
        output.appendLine(contents.log.bytes(of: entry, lane: lane), skipped: absence.skippedBeforeLine)
        feed.position.expected = entry.number + 1
      }
    }
  }
}

extension [UInt8] {
  /// Appends a line; where numbers before it were not asked for, with one more member that says how many.
  fileprivate mutating func appendLine(_ line: ArraySlice<UInt8>, skipped: UInt64) {
    guard skipped > 0 else { return append(contentsOf: line) }
    append(contentsOf: line.dropLast(2))
    append(contentsOf: ",\"skipped\":\(skipped)}\n".utf8)
  }
}
