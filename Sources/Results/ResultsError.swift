import EventLoop

/// Why results cannot be served or reported.
public enum ResultsError: Error, Equatable {
  /// The path does not fit into a socket address.
  case pathTooLong(path: String, limit: Int)
  /// The directory of the socket is not there.
  case directoryMissing(path: String, directory: String)
  /// Another process listens there.
  case inUse(path: String)
  /// Something that is not a socket stands there.
  case notASocket(path: String)
  /// A descriptor that was passed is no listening Unix stream socket.
  case notListening(descriptor: CInt)
  /// The publisher serves already, or has been stopped.
  case alreadyStarted
  /// A system call failed.
  case system(SystemCallError)
}

extension ResultsError: CustomStringConvertible {
  /// One sentence that says what to do.
  public var description: String {
    switch self {
    case .pathTooLong(let path, let limit):
      "socket path \(path) has \(path.utf8.count) bytes: at most \(limit) fit into a socket address, use a shorter one"
    case .directoryMissing(let path, let directory):
      "socket path \(path): the directory \(directory) does not exist, create it first"
    case .inUse(let path):
      "socket path \(path): another process listens there already, stop it or use another path"
    case .notASocket(let path):
      "socket path \(path): something that is not a socket stands there, move it away or use another path"
    case .notListening(let descriptor):
      "descriptor \(descriptor) is no listening Unix stream socket: check ListenStream= in the socket unit"
    case .alreadyStarted:
      "the results are served already, or have been stopped"
    case .system(let error):
      error.description
    }
  }
}
