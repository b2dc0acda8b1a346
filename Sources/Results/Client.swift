import CLinux
import EventLoop
import Glibc

/// A connected reader. Belongs to the thread that serves.
final class Client {
  /// What a client's input came to.
  enum Input {
    /// Nothing, or not enough.
    case none
    /// Its one line.
    case subscription(Subscription)
    /// It sends no more, but may still read.
    case ended
    /// It is gone.
    case closed
    /// It broke the protocol.
    case refused(SubscriptionError)
  }

  /// Neither waits nor raises SIGPIPE.
  static let neverWait = CInt(MSG_DONTWAIT) | CInt(MSG_NOSIGNAL)

  let descriptor: Descriptor
  /// Nil until it is watched.
  var watch: EventLoop.Watch?
  var feed: LineStore.Feed
  /// Waits until the socket takes bytes again.
  private(set) var isBlocked = false
  /// Gets nothing more than what is pending.
  var isLeaving = false
  private(set) var hasEnded = false

  /// The part of what was to be sent that the socket did not take.
  private var pending: [UInt8] = []
  private var input: [UInt8] = []
  private var hasSubscribed = false

  init(_ descriptor: consuming Descriptor, feed: LineStore.Feed) {
    self.descriptor = descriptor
    self.feed = feed
  }

  /// The events to wait for.
  var events: EventLoop.Events {
    var events: EventLoop.Events = []
    if !hasEnded && !isLeaving { events.insert(.readable) }
    if isBlocked { events.insert(.writable) }
    return events
  }
}

// MARK: - To the client

extension Client {
  /// Sends what is pending, and then these bytes; what the socket does not take is kept. False when it is gone.
  func send(_ bytes: [UInt8]) -> Bool {
    if !pending.isEmpty {
      pending.append(contentsOf: bytes)
      return flush()
    }
    guard let sent = transmit(bytes[...]) else { return false }
    if sent < bytes.count { pending.append(contentsOf: bytes[sent...]) }
    isBlocked = sent < bytes.count
    return true
  }

  /// Sends what is pending. False when the client is gone.
  func flush() -> Bool {
    guard let sent = transmit(pending[...]) else { return false }
    pending.removeFirst(sent)
    isBlocked = !pending.isEmpty
    // A reader that is seldom slow should not keep the memory of its worst moment.
    if pending.isEmpty && pending.capacity > 0 { pending = [] }
    return true
  }

  /// How many bytes the socket took, or nil when the other side is gone.
  private func transmit(_ bytes: ArraySlice<UInt8>) -> Int? {
    var rest = bytes
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { buffer in
        retryingOnInterrupt {
          Glibc.send(descriptor.rawValue, buffer.baseAddress, buffer.count, Client.neverWait)
        }
      }
      guard count >= 0 else { return errno == EAGAIN || errno == EWOULDBLOCK ? bytes.count - rest.count : nil }
      rest = rest.dropFirst(count)
    }
    return bytes.count
  }
}

// MARK: - From the client

extension Client {
  /// Reads what the client sent.
  func receive() -> Input {
    var buffer = [UInt8](repeating: 0, count: Subscription.maximumLineByteCount + 1)
    let count = buffer.withUnsafeMutableBytes { bytes in
      retryingOnInterrupt { recv(descriptor.rawValue, bytes.baseAddress, bytes.count, Client.neverWait) }
    }
    guard count >= 0 else { return errno == EAGAIN || errno == EWOULDBLOCK ? .none : .closed }
    if count == 0 {
      hasEnded = true
      return input.isEmpty ? .ended : .refused(.unfinished)
    }
    if hasSubscribed { return .refused(.secondLine) }
    input.append(contentsOf: buffer[..<count])
    return line()
  }

  private func line() -> Input {
    guard let end = input.firstIndex(of: UInt8(ascii: "\n")) else {
      return input.count < Subscription.maximumLineByteCount ? .none : .refused(.tooLong)
    }
    guard end < Subscription.maximumLineByteCount else { return .refused(.tooLong) }
    guard end == input.count - 1 else { return .refused(.secondLine) }
    defer { input = [] }
    do throws(SubscriptionError) {
      let subscription = try Subscription(line: input[..<end])
      hasSubscribed = true
      return .subscription(subscription)
    } catch {
      return .refused(error)
    }
  }

  /// Throws away what else was sent: closing a socket with unread input would take the last line from the client.
  func discardInput() {
    var buffer = [UInt8](repeating: 0, count: 4096)
    for _ in 0..<16 {
      let count = buffer.withUnsafeMutableBytes { bytes in
        retryingOnInterrupt { recv(descriptor.rawValue, bytes.baseAddress, bytes.count, Client.neverWait) }
      }
      guard count > 0 else { return }
    }
  }
}
