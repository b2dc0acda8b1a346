import CLinux
import Glibc

/// Waits for descriptors, timers and signals on one thread (epoll), and calls who asked.
///
/// Everything but `Waker` belongs to the thread that made the loop. Handlers may add and remove watches, their own
/// included.
public final class EventLoop {
  /// What a watch waits for, and what a handler is told.
  public struct Events: OptionSet, Sendable {
    /// The bits of epoll_ctl(2).
    public let rawValue: UInt32
    /// Takes the bits of epoll_ctl(2).
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    /// There is something to read, or someone to accept.
    public static let readable = Events(rawValue: EPOLLIN.rawValue)
    /// A write would not wait.
    public static let writable = Events(rawValue: EPOLLOUT.rawValue)
    /// Always reported, asked for or not.
    public static let hangUp = Events(rawValue: EPOLLHUP.rawValue)
    /// Always reported, asked for or not.
    public static let error = Events(rawValue: EPOLLERR.rawValue)
    /// The other side has closed its writing half.
    public static let peerClosed = Events(rawValue: EPOLLRDHUP.rawValue)
  }

  /// Names one watch; never used again after its removal.
  public struct Watch: Hashable, Sendable {
    let number: UInt64
  }

  private struct Entry {
    let descriptor: CInt
    let handler: (Events) -> Void
  }

  private let epoll: Descriptor
  private var entries: [UInt64: Entry] = [:]
  private var timers: [UInt64: Timer] = [:]
  private var lastNumber: UInt64 = 0
  private var isStopping = false

  /// Makes a loop with nothing to wait for.
  public init() throws(SystemCallError) {
    let descriptor = epoll_create1(CInt(EPOLL_CLOEXEC))
    guard descriptor >= 0 else { throw SystemCallError("epoll_create1") }
    epoll = Descriptor(owning: descriptor)
  }

  /// Calls `handler` whenever `descriptor` is ready. The caller keeps the descriptor open until `remove`.
  public func watch(
    _ descriptor: CInt, for events: Events, handler: @escaping (Events) -> Void
  ) throws(SystemCallError) -> Watch {
    lastNumber += 1
    var event = epoll_event(events: events.rawValue, data: epoll_data_t(u64: lastNumber))
    guard epoll_ctl(epoll.rawValue, EPOLL_CTL_ADD, descriptor, &event) == 0 else {
      throw SystemCallError("epoll_ctl")
    }
    entries[lastNumber] = Entry(descriptor: descriptor, handler: handler)
    return Watch(number: lastNumber)
  }

  /// Changes what a watch waits for.
  public func change(_ watch: Watch, to events: Events) throws(SystemCallError) {
    guard let entry = entries[watch.number] else { return }
    var event = epoll_event(events: events.rawValue, data: epoll_data_t(u64: watch.number))
    guard epoll_ctl(epoll.rawValue, EPOLL_CTL_MOD, entry.descriptor, &event) == 0 else {
      throw SystemCallError("epoll_ctl")
    }
  }

  /// Ends a watch or a timer. A handler that is already due is not called any more.
  public func remove(_ watch: Watch) {
    timers[watch.number] = nil
    guard let entry = entries.removeValue(forKey: watch.number) else { return }
    var unused = epoll_event()
    _ = epoll_ctl(epoll.rawValue, EPOLL_CTL_DEL, entry.descriptor, &unused)
  }

  /// Calls `handler` once after `delay`, and then every `interval` where one is given, until it is removed.
  public func schedule(
    after delay: Duration, every interval: Duration? = nil, handler: @escaping () -> Void
  ) throws(SystemCallError) -> Watch {
    let timer = try Timer(after: delay, every: interval)
    var watch: Watch?
    watch = try self.watch(timer.descriptor.rawValue, for: .readable) { [unowned self] _ in
      timer.drain()
      if interval == nil, let watch { self.remove(watch) }
      handler()
    }
    guard let watch else { preconditionFailure("a watch was just made") }
    timers[watch.number] = timer
    return watch
  }

  /// Waits and calls handlers until `stop` is called.
  public func run() throws(SystemCallError) {
    isStopping = false
    while !isStopping { try turn(timeoutMilliseconds: -1) }
  }

  /// Waits once, for at most the given time (-1: for ever), and calls the handlers that are due.
  public func turn(timeoutMilliseconds: CInt) throws(SystemCallError) {
    var ready = [epoll_event](repeating: epoll_event(), count: 32)
    let count = retryingOnInterrupt { epoll_wait(epoll.rawValue, &ready, 32, timeoutMilliseconds) }
    guard count >= 0 else { throw SystemCallError("epoll_wait") }
    for event in ready.prefix(Int(count)) where !isStopping {
      entries[event.data.u64]?.handler(Events(rawValue: event.events))
    }
  }

  /// Makes `run` return after the handler that is being called.
  public func stop() { isStopping = true }
}

/// A timerfd.
final class Timer {
  let descriptor: Descriptor

  init(after delay: Duration, every interval: Duration?) throws(SystemCallError) {
    let number = timerfd_create(CLOCK_MONOTONIC, CInt(TFD_CLOEXEC) | CInt(TFD_NONBLOCK))
    guard number >= 0 else { throw SystemCallError("timerfd_create") }
    descriptor = Descriptor(owning: number)
    // A value of zero would disarm the timer: the shortest delay is a nanosecond.
    var setting = itimerspec(
      it_interval: timespec(interval ?? .zero), it_value: timespec(max(delay, .nanoseconds(1))))
    guard timerfd_settime(number, 0, &setting, nil) == 0 else { throw SystemCallError("timerfd_settime") }
  }

  func drain() {
    var expirations: UInt64 = 0
    _ = retryingOnInterrupt { read(descriptor.rawValue, &expirations, 8) }
  }
}

extension timespec {
  init(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    self.init(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
  }
}
