import Logging

/// Writes log lines with their fields to the journal, or to standard error where there is none.
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

  public var logLevel: Logger.Level = .info
  public var metadata: Logger.Metadata = [:]
  public var metadataProvider: Logger.MetadataProvider?

  /// Writes to a destination; copies share the rate limit.
  public init(_ destination: Destination = .automatic) {}

  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  public func log(event: LogEvent) {}
}

extension Logger {
  /// Logs a message that the catalog explains. Metadata `camera`, `region`, `state`, … become MASKD_CAMERA, ….
  public func log(
    _ level: Logger.Level, _ id: MessageID, _ message: @autoclosure () -> Logger.Message,
    _ metadata: Logger.Metadata = [:], file: String = #fileID, function: String = #function, line: UInt = #line
  ) {
    log(
      level: level, message(), metadata: metadata.merging(["message_id": "\(id.rawValue)"]) { _, new in new },
      file: file, function: function, line: line)
  }
}
