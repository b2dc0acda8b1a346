import Logging
import Results

/// Writes notices to the journal, with the message ids that the catalog explains. For the main thread.
struct JournalWriter {
  private let logger: Logger

  /// Writes to the journal, or to standard error where there is none.
  init(_ logger: Logger) {
    self.logger = logger
  }

  /// Writes one notice.
  func write(_ notice: Reporter.Notice) {
    switch notice {
    case .state(let message): write(message)
    case .camera(let message): write(message)
    case .model(let message): write(message)
    case .overload(let message): write(message)
    case .skippedPicture(let camera, let detail):
      logger.warning("\(camera): \(detail)", metadata: ["camera": "\(camera)"])
    case .unusableFrames(let count, let camera, let detail):
      let frames = count == 1 ? "a frame" : "\(count) frames"
      logger.warning("\(camera): \(frames) could not be judged: \(detail)", metadata: ["camera": "\(camera)"])
    }
  }

  /// Says that notices came faster than they could be written.
  func write(lost: Int) {
    guard lost > 0 else { return }
    logger.warning("\(lost) notices came too fast to be written here; clients of the socket got them all")
  }

  private func write(_ message: StateMessage) {
    let place = "\(message.camera)/\(message.region)"
    let why = message.reason.map { " (\($0))" } ?? ""
    var metadata: Logger.Metadata = [
      "camera": "\(message.camera)", "region": "\(message.region)", "state": "\(message.state)",
      "previous": "\(message.previous)", "generation": "\(message.generation)",
    ]
    if let reason = message.reason { metadata["reason"] = "\(reason)" }
    if let score = message.score { metadata["score"] = "\(rounded(score))" }
    // Both are indeterminate where only the reason is another.
    let change = message.previous == message.state ? message.state : "\(message.previous) → \(message.state)"
    logger.log(.notice, .stateChanged, "\(place): \(change)\(why)", metadata)
  }

  private func write(_ message: CameraMessage) {
    var metadata: Logger.Metadata = ["camera": "\(message.camera)", "device": "\(message.device)"]
    if let reason = message.reason { metadata["reason"] = "\(reason)" }
    if let errno = message.errno { metadata["errno"] = "\(errno)" }
    let text: Logger.Message = "\(message.camera): \(message.detail ?? message.event.rawValue)"
    switch message.event {
    case .lost: logger.log(.warning, .cameraLost, text, metadata)
    case .stalled: logger.log(.warning, .cameraStalled, text, metadata)
    case .found, .recovered: logger.log(.notice, .cameraFound, text, metadata)
    case .format: logger.info(text, metadata: metadata)
    }
  }

  private func write(_ message: ModelMessage) {
    var metadata: Logger.Metadata = ["model": "\(message.name)", "phase": "\(message.phase)"]
    if let hash = message.sha256 { metadata["sha256"] = "\(hash)" }
    if let generation = message.generation { metadata["generation"] = "\(generation)" }
    if let reason = message.reason { metadata["reason"] = "\(reason)" }
    let text: Logger.Message = "model \(message.name): \(message.detail ?? message.phase)"
    switch message.phase {
    case "committed": logger.log(.notice, .modelCommitted, text, metadata)
    case "rejected": logger.log(.warning, .modelRejected, text, metadata)
    case "rolled_back": logger.log(.warning, .modelRolledBack, text, metadata)
    default: logger.debug(text, metadata: metadata)
    }
  }

  private func write(_ message: OverloadMessage) {
    let camera = message.camera ?? "all cameras"
    let metadata: Logger.Metadata = ["camera": "\(camera)"]
    if message.active {
      let text: Logger.Message =
        "\(camera): \(message.shed) frames were shed; one comes each \(message.budget) µs and takes \(message.measured) µs"
      logger.log(.warning, .overload, text, metadata)
    } else {
      logger.log(.notice, .overloadEnded, "\(camera): frames are no longer shed", metadata)
    }
  }

  /// Three digits say all that a score has to say to a person.
  private func rounded(_ score: Double) -> Double { (score * 1000).rounded() / 1000 }
}
