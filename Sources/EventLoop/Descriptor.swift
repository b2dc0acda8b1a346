import CLinux
import Glibc

/// The sole owner of a file descriptor: it is closed when its owner is gone.
public struct Descriptor: ~Copyable, Sendable {
  /// The number that the kernel knows.
  public let rawValue: CInt

  /// Takes ownership of an open descriptor.
  public init(owning rawValue: CInt) {
    self.rawValue = rawValue
  }

  deinit {
    // A descriptor is released even where close reports EINTR (close(2)): it is never closed twice.
    _ = Glibc.close(rawValue)
  }
}

/// A system call that failed: which one, on what, and why.
public struct SystemCallError: Error, Sendable, Equatable {
  /// The call, for example "epoll_ctl".
  public let call: String
  /// The path or object it was made on; empty where there is none.
  public let subject: String
  /// The value of errno.
  public let code: CInt

  /// Makes an error; `code` defaults to errno as the failed call left it.
  public init(_ call: String, on subject: String = "", code: CInt = errno) {
    self.call = call
    self.subject = subject
    self.code = code
  }
}

extension SystemCallError: CustomStringConvertible {
  /// One line, for example `bind /run/maskd/results.sock: Permission denied (EACCES)`.
  public var description: String {
    let place = subject.isEmpty ? call : "\(call) \(subject)"
    return "\(place): \(String(cString: strerror(code))) (\(ErrorName.of(code)))"
  }
}

/// The symbolic names of errno values, as the manual pages write them.
public enum ErrorName {
  /// For example "ENODEV"; "errno 4242" for a number without a name.
  public static func of(_ code: CInt) -> String {
    guard let name = strerrorname_np(code) else { return "errno \(code)" }
    return String(cString: name)
  }
}

/// Calls again for as long as a signal interrupts the call. The only place where EINTR is handled.
///
/// `call` returns -1 and sets errno on failure, as most calls do.
@inline(__always)
public func retryingOnInterrupt<Number: SignedInteger>(_ call: () -> Number) -> Number {
  while true {
    let result = call()
    if result != -1 || errno != EINTR { return result }
  }
}
