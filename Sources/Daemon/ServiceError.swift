import Classification
import EventLoop
import ModelStore
import Results

/// Why the daemon cannot start or go on.
public enum ServiceError: Error {
  /// A folder or socket that it needs cannot be made.
  case cannotCreate(String)
  /// Neither a committed nor the packaged model runs.
  case noModel([String])
  /// Another daemon has the socket, or a system call failed that everything depends on.
  case unavailable(String)

  /// The exit status, by the numbers of sysexits.h.
  public var exitCode: CInt {
    switch self {
    case .noModel: 65
    case .unavailable: 69
    case .cannotCreate: 73
    }
  }

  init(_ error: ModelStoreError) {
    self =
      switch error {
      case .noModel(let reasons): .noModel(reasons)
      case .system(let error): .unavailable(error.description)
      }
  }

  init(_ error: ResultsError) {
    self =
      switch error {
      case .inUse, .alreadyStarted, .notListening: .unavailable(error.description)
      case .pathTooLong, .directoryMissing, .notASocket, .system: .cannotCreate(error.description)
      }
  }
}

extension ServiceError: CustomStringConvertible {
  /// One sentence.
  public var description: String {
    switch self {
    case .cannotCreate(let detail), .unavailable(let detail): detail
    case .noModel(let reasons): "no model can run: " + reasons.joined(separator: "; ")
    }
  }
}
