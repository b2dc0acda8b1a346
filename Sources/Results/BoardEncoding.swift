extension LineWriter {
  /// Writes `hello`: what stays the same for as long as a client listens, but for the model.
  mutating func hello(_ board: Board, settings: PublisherSettings, number: UInt64, context: LineContext) {
    hello(board, settings: settings, number: number, context: context, whole: true)
    if bytes.count > LineLog.maximumLineByteCount {
      hello(board, settings: settings, number: number, context: context, whole: false)
    }
  }

  /// Writes `snapshot`: what is the case now.
  mutating func snapshot(_ board: Board, number: UInt64, context: LineContext) {
    snapshot(board, number: number, context: context, whole: true)
    if bytes.count > LineLog.maximumLineByteCount {
      snapshot(board, number: number, context: context, whole: false)
    }
  }

  /// Writes `gap`.
  mutating func gap(_ absence: Absence, missed: ClosedRange<UInt64>, context: LineContext) {
    beginLine("gap", number: missed.upperBound, context: context)
    key("missed")
    beginObject()
    member("from", missed.lowerBound)
    member("to", missed.upperBound)
    member("count", absence.missedCount)
    endObject()
    if absence.skippedBeforeGap > 0 { member("skipped", absence.skippedBeforeGap) }
    finishLine()
  }

  /// Writes `error`, the last line to a client that broke the protocol.
  mutating func error(_ detail: String, reason: String, number: UInt64, context: LineContext) {
    beginLine("error", number: number, context: context)
    member("reason", reason)
    member("detail", detail)
    finishLine()
  }

  /// Writes `bye`.
  mutating func bye(reason: String, number: UInt64, context: LineContext) {
    beginLine("bye", number: number, context: context)
    member("reason", reason)
    finishLine()
  }

  private mutating func hello(
    _ board: Board, settings: PublisherSettings, number: UInt64, context: LineContext, whole: Bool
  ) {
    beginLine("hello", number: number, context: context)
    member("protocol", "maskd.results/1")
    member("version", settings.version)
    member("engine", settings.engine)
    key("cameras")
    beginArray()
    for camera in board.cameras {
      beginObject()
      member("name", camera.name)
      member("device", camera.device)
      key("regions")
      beginArray()
      for region in camera.regions { member(of: region) }
      endArray()
      endObject()
    }
    endArray()
    key("model")
    model(board.model, labels: whole)
    if !whole { member("truncated", true) }
    finishLine()
  }

  private mutating func member(of region: RegionDescription) {
    beginObject()
    member("name", region.name)
    member("x", region.x)
    member("y", region.y)
    member("width", region.width)
    member("height", region.height)
    endObject()
  }

  private mutating func model(_ model: ActiveModel?, labels: Bool, phase: String? = nil) {
    guard let model else { return null() }
    beginObject()
    member("name", model.name)
    member("sha256", model.sha256)
    member("generation", model.generation)
    optional("phase", phase)
    if labels {
      key("labels")
      beginArray()
      for label in model.labels { value(label) }
      endArray()
    }
    endObject()
  }

  private mutating func snapshot(_ board: Board, number: UInt64, context: LineContext, whole: Bool) {
    beginLine("snapshot", number: number, context: context)
    key("regions")
    beginArray()
    for region in board.regions { state(of: region, context: context, whole: whole) }
    endArray()
    key("cameras")
    beginArray()
    for (camera, event) in zip(board.cameras, board.cameraEvents) { state(of: camera, event: event, whole: whole) }
    endArray()
    key("model")
    model(board.model, labels: false, phase: board.modelPhase)
    key("drops")
    beginArray()
    for drop in board.drops where whole {
      beginObject()
      members(of: drop.message, whole: true)
      key("time")
      value(timestamp: drop.time)
      endObject()
    }
    endArray()
    if !whole { member("truncated", true) }
    finishLine()
  }

  private mutating func state(of region: Board.RegionEntry, context: LineContext, whole: Bool) {
    beginObject()
    member("camera", region.camera)
    member("region", region.region)
    member("state", region.state.state)
    optional("reason", region.state.reason)
    key("since")
    value(timestamp: context.realtime(of: region.state.since))
    score(region.state.score)
    if whole { scores(region.state.scores) }
    member("generation", region.state.generation)
    endObject()
  }

  /// A camera of which nothing was heard yet has no `event`.
  private mutating func state(of camera: CameraDescription, event: Board.CameraEntry?, whole: Bool) {
    beginObject()
    if let event {
      members(of: event.message, whole: whole)
      key("time")
      value(timestamp: event.time)
    } else {
      member("camera", camera.name)
      member("device", camera.device)
    }
    endObject()
  }
}
