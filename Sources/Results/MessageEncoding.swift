import EventLoop

/// What is the same in every line of a run, and the time.
struct LineContext {
  let run: String
  /// The same moment by both clocks, µs.
  let monotonic, realtime: UInt64

  init(run: String) {
    self.run = run
    monotonic = MonotonicClock.now()
    realtime = RealtimeClock.now()
  }

  /// µs since 1970 of a moment by CLOCK_MONOTONIC.
  func realtime(of moment: UInt64) -> UInt64 {
    let elapsed = monotonic > moment ? monotonic - moment : 0
    return realtime > elapsed ? realtime - elapsed : 0
  }
}

extension Message {
  var kind: LineKind {
    switch self {
    case .state: .state
    case .result: .result
    case .camera: .camera
    case .model: .model
    case .overload: .overload
    }
  }
}

extension LineWriter {
  /// Opens a line's object and writes what every line has.
  mutating func beginLine(_ type: String, number: UInt64, context: LineContext) {
    reset()
    beginObject()
    member("type", type)
    member("seq", number)
    member("run", context.run)
    key("time")
    value(timestamp: context.realtime)
  }

  /// Closes a line's object.
  mutating func finishLine() {
    endObject()
    endLine()
  }

  /// Writes a whole line. Where it would be too long, the scores and the detail are left out and `truncated` says so.
  mutating func line(_ message: Message, number: UInt64, context: LineContext) {
    write(message, number: number, context: context, whole: true)
    if bytes.count > LineLog.maximumLineByteCount {
      write(message, number: number, context: context, whole: false)
    }
  }

  private mutating func write(_ message: Message, number: UInt64, context: LineContext, whole: Bool) {
    beginLine(message.kind.name, number: number, context: context)
    switch message {
    case .state(let state): members(of: state, context: context, whole: whole)
    case .result(let result): members(of: result, whole: whole)
    case .camera(let camera): members(of: camera, whole: whole)
    case .model(let model): members(of: model, whole: whole)
    case .overload(let overload): members(of: overload)
    }
    if !whole { member("truncated", true) }
    finishLine()
  }

  private mutating func members(of state: StateMessage, context: LineContext, whole: Bool) {
    member("camera", state.camera)
    member("region", state.region)
    member("state", state.state)
    optional("reason", state.reason)
    member("previous", state.previous)
    key("since")
    value(timestamp: context.realtime(of: state.since))
    score(state.score)
    if whole { scores(state.scores) }
    member("generation", state.generation)
  }

  private mutating func members(of result: ResultMessage, whole: Bool) {
    member("camera", result.camera)
    member("region", result.region)
    if whole { scores(result.scores) }
    key("frame")
    beginObject()
    member("seq", result.frame)
    member("captured_us", result.capturedAt)
    endObject()
    key("latency_us")
    beginObject()
    member("dequeue", result.latency.dequeue)
    member("preprocess", result.latency.preprocess)
    member("inference", result.latency.inference)
    member("total", result.latency.total)
    endObject()
    member("generation", result.generation)
  }

  mutating func members(of camera: CameraMessage, whole: Bool) {
    member("camera", camera.camera)
    member("event", camera.event.rawValue)
    member("device", camera.device)
    optional("reason", camera.reason)
    optional("errno", camera.errno)
    if whole { optional("detail", camera.detail) }
  }

  mutating func members(of model: ModelMessage, whole: Bool) {
    member("name", model.name)
    optional("sha256", model.sha256)
    member("phase", model.phase)
    optional("generation", model.generation)
    optional("reason", model.reason)
    if whole { optional("detail", model.detail) }
  }

  private mutating func members(of overload: OverloadMessage) {
    member("active", overload.active)
    optional("camera", overload.camera)
    member("shed", overload.shed)
    member("budget_us", overload.budget)
    member("measured_us", overload.measured)
  }

  /// Writes the score, `null` where there is none.
  mutating func score(_ score: Double?) {
    member("score", score ?? .nan)
  }

  mutating func scores(_ scores: LabelScores) {
    key("scores")
    beginObject()
    for index in 0..<min(scores.labels.count, scores.scores.count) {
      member(scores.labels[index], Double(scores.scores[index]))
    }
    endObject()
  }
}
