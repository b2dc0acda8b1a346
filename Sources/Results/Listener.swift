import CLinux
import CSystemd
import EventLoop
import Glibc

/// A listening socket for clients: passed by the service manager, or made here.
public struct Listener: ~Copyable, Sendable {
  let descriptor: Descriptor
  /// The socket file that is ours to remove; nil for a socket that was passed.
  let ownFile: SocketFile?

  /// Takes a listening Unix stream socket that the service manager passed.
  public init(passed descriptor: consuming Descriptor) throws(ResultsError) {
    let number = descriptor.rawValue
    guard sd_is_socket_unix(number, CInt(SOCK_STREAM.rawValue), 1, nil, 0) > 0 else {
      throw .notListening(descriptor: number)
    }
    let flags = fcntl(number, F_GETFL)
    guard flags >= 0, fcntl(number, F_SETFL, flags | O_NONBLOCK) == 0 else {
      throw .system(SystemCallError("fcntl", on: "descriptor \(number)"))
    }
    self.init(descriptor: descriptor, ownFile: nil)
  }

  /// Makes a socket at a path, with the permissions of its file. One that a crashed process left there is replaced, one
  /// that somebody listens on is not.
  public init(path: String, mode: UInt32 = 0o660) throws(ResultsError) {
    let address = try SocketAddress(path: path)
    // Two daemons that start at once must not both find the other's socket stale: one goes first.
    let directory = try SocketFile.openDirectory(of: path)
    guard retryingOnInterrupt({ flock(directory.rawValue, LOCK_EX) }) == 0 else {
      throw .system(SystemCallError("flock", on: SocketFile.directory(of: path)))
    }
    let socket = try Self.makeSocket()
    if address.bind(socket.rawValue) != 0 {
      guard errno == EADDRINUSE else { throw .system(SystemCallError("bind", on: path)) }
      try SocketFile.removeStale(path, address)
      guard address.bind(socket.rawValue) == 0 else { throw .system(SystemCallError("bind", on: path)) }
    }
    // The mode that bind gives depends on the umask.
    guard chmod(path, mode) == 0 else { throw .system(SystemCallError("chmod", on: path)) }
    guard listen(socket.rawValue, 64) == 0 else { throw .system(SystemCallError("listen", on: path)) }
    self.init(descriptor: socket, ownFile: try SocketFile(path: path))
  }

  private init(descriptor: consuming Descriptor, ownFile: SocketFile?) {
    self.descriptor = descriptor
    self.ownFile = ownFile
  }

  fileprivate static func makeSocket() throws(ResultsError) -> Descriptor {
    // SOCK_CLOEXEC and SOCK_NONBLOCK, which Swift does not import, have the values of these.
    let number = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | O_CLOEXEC | O_NONBLOCK, 0)
    guard number >= 0 else { throw .system(SystemCallError("socket")) }
    return Descriptor(owning: number)
  }
}

/// A path as the socket calls want it.
struct SocketAddress {
  private var address = sockaddr_un()

  init(path: String) throws(ResultsError) {
    // One byte is left for the terminating zero.
    let limit = MemoryLayout.size(ofValue: address.sun_path) - 1
    guard !path.isEmpty, path.utf8.count <= limit else { throw .pathTooLong(path: path, limit: limit) }
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
  }

  func bind(_ socket: CInt) -> CInt { withAddress { Glibc.bind(socket, $0, $1) } }

  func connect(_ socket: CInt) -> CInt { withAddress { Glibc.connect(socket, $0, $1) } }

  private func withAddress(_ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt) -> CInt {
    withUnsafePointer(to: address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }
}

/// The file of a socket, known by its inode, so that one that another process put there is never removed.
struct SocketFile: Sendable {
  private let path: String
  private let device: dev_t
  private let inode: ino_t

  init(path: String) throws(ResultsError) {
    guard let status = Self.status(of: path) else { throw .system(SystemCallError("lstat", on: path)) }
    self.path = path
    device = status.st_dev
    inode = status.st_ino
  }

  func remove() {
    guard let status = Self.status(of: path), status.st_dev == device, status.st_ino == inode else { return }
    _ = unlink(path)
  }

  /// Removes what a crashed process left.
  static func removeStale(_ path: String, _ address: SocketAddress) throws(ResultsError) {
    guard let status = status(of: path) else { return }
    guard status.st_mode & S_IFMT == S_IFSOCK else { throw .notASocket(path: path) }
    let probe = try Listener.makeSocket()
    // Only a refusal says that nobody listens; EAGAIN, for one, says that the queue of a listener is full.
    guard address.connect(probe.rawValue) != 0, errno == ECONNREFUSED || errno == ENOENT else {
      throw .inUse(path: path)
    }
    guard unlink(path) == 0 || errno == ENOENT else { throw .system(SystemCallError("unlink", on: path)) }
  }

  static func openDirectory(of path: String) throws(ResultsError) -> Descriptor {
    let directory = directory(of: path)
    let number = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard number >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { throw .directoryMissing(path: path, directory: directory) }
      throw .system(SystemCallError("open", on: directory))
    }
    return Descriptor(owning: number)
  }

  static func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  private static func status(of path: String) -> stat? {
    var status = stat()
    return lstat(path, &status) == 0 ? status : nil
  }
}
