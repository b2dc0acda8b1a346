import CLinux
import CV4L2
import EventLoop
import Glibc

/// The real calls, through libv4l2. Everything that can be interrupted is retried here and nowhere else.
final class LinuxDeviceCalls: DeviceCalls {
  /// Tells of new nodes; nil where the kernel gives no inotify instance. Waiting then only takes longer.
  private let nodeWatch: NodeWatch?

  /// Run by the first use, once in a process.
  private static let isLibrarySilent: Bool = {
    maskd_v4l2_silence()
    return true
  }()

  init() {
    _ = Self.isLibrarySilent
    nodeWatch = try? NodeWatch(directory: "/dev")
  }

  func videoNodes() -> [String] {
    guard let directory = opendir("/dev") else { return [] }
    defer { closedir(directory) }
    var numbers: [Int] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name.hasPrefix("video"), let number = Int(name.dropFirst(5)), number >= 0 { numbers.append(number) }
    }
    return numbers.sorted().map { "/dev/video\($0)" }
  }

  func open(_ path: String) -> CInt {
    outcome(retryingOnInterrupt { maskd_v4l2_open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC) })
  }

  func close(_ descriptor: CInt) { _ = v4l2_close(descriptor) }

  func control(_ descriptor: CInt, _ request: DeviceRequest, _ argument: UnsafeMutableRawPointer) -> CInt {
    outcome(retryingOnInterrupt { maskd_v4l2_ioctl(descriptor, request.number, argument) })
  }

  func map(_ descriptor: CInt, length: Int, offset: UInt32, code: inout CInt) -> UnsafeMutableRawPointer? {
    let start = v4l2_mmap(nil, length, PROT_READ, MAP_SHARED, descriptor, Int64(offset))
    // MAP_FAILED is a macro with a cast, which Swift does not import: the address -1.
    if start == UnsafeMutableRawPointer(bitPattern: -1) {
      code = -errno
      return nil
    }
    return start
  }

  func unmap(_ start: UnsafeMutableRawPointer, length: Int) { _ = v4l2_munmap(start, length) }

  func wait(for descriptor: CInt, waker: CInt, milliseconds: CInt) -> DeviceReadiness {
    var entries = (
      pollfd(fd: descriptor, events: Int16(POLLIN | POLLPRI), revents: 0),
      pollfd(fd: waker, events: Int16(POLLIN), revents: 0)
    )
    let code = outcome(wait(on: &entries, milliseconds: milliseconds))
    let events = CInt(entries.0.revents)
    return DeviceReadiness(
      hasFrame: events & POLLIN != 0, hasEvent: events & POLLPRI != 0,
      hasFailed: events & (POLLERR | POLLHUP | POLLNVAL) != 0, isWoken: entries.1.revents != 0, code: min(code, 0))
  }

  func waitForNodes(waker: CInt, milliseconds: CInt) -> NodeNews {
    // poll(2) leaves out entries with a negative descriptor.
    var entries = (
      pollfd(fd: nodeWatch?.descriptor ?? -1, events: Int16(POLLIN), revents: 0),
      pollfd(fd: waker, events: Int16(POLLIN), revents: 0)
    )
    _ = wait(on: &entries, milliseconds: milliseconds)
    if entries.1.revents != 0 { return .woken }
    if entries.0.revents != 0, nodeWatch?.drain() == true { return .changed }
    return .timedOut
  }

  func now() -> UInt64 { MonotonicClock.now() }

  private func wait(on entries: inout (pollfd, pollfd), milliseconds: CInt) -> CInt {
    withUnsafeMutablePointer(to: &entries) { pair in
      pair.withMemoryRebound(to: pollfd.self, capacity: 2) { entries in
        retryingOnInterrupt { poll(entries, 2, milliseconds) }
      }
    }
  }

  private func outcome(_ result: CInt) -> CInt { result >= 0 ? result : -errno }
}

/// An inotify watch that tells when names that begin with "video" appear in a directory or get other permissions.
///
/// At IN_CREATE udev has not set the group yet; the IN_ATTRIB that follows says that it has.
final class NodeWatch: Sendable {
  private let owner: Descriptor

  init(directory: String) throws(SystemCallError) {
    let number = inotify_init1(CInt(IN_NONBLOCK) | CInt(IN_CLOEXEC))
    guard number >= 0 else { throw SystemCallError("inotify_init1") }
    owner = Descriptor(owning: number)
    let mask = UInt32(IN_CREATE) | UInt32(IN_ATTRIB) | UInt32(IN_MOVED_TO)
    guard inotify_add_watch(number, directory, mask) >= 0 else {
      throw SystemCallError("inotify_add_watch", on: directory)
    }
  }

  var descriptor: CInt { owner.rawValue }

  /// Reads all that waits; true where a video node was among it, or where the kernel lost events.
  func drain() -> Bool {
    var isNews = false
    withUnsafeTemporaryAllocation(byteCount: 4_096, alignment: 8) { buffer in
      while true {
        let count = retryingOnInterrupt { read(owner.rawValue, buffer.baseAddress, buffer.count) }
        guard count > 0 else { return }
        isNews = Self.namesVideoNode(UnsafeRawBufferPointer(rebasing: buffer[..<count])) || isNews
      }
    }
    return isNews
  }

  private static func namesVideoNode(_ events: UnsafeRawBufferPointer) -> Bool {
    let headerSize = MemoryLayout<inotify_event>.size
    var offset = 0
    while offset + headerSize <= events.count {
      let event = events.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
      if event.mask & UInt32(IN_Q_OVERFLOW) != 0 { return true }
      let end = min(events.count, offset + headerSize + Int(event.len))
      if events[(offset + headerSize)..<end].starts(with: "video".utf8) { return true }
      offset = end
    }
    return false
  }
}
