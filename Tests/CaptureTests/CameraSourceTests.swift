import CAllocationCount
import CV4L2
import EventLoop
import Glibc
import Synchronization
import Testing

@testable import Capture

@Suite struct CameraSourceTests {
  @Test func aMissingDeviceIsAnEventAndTheThreadStopsInTime() throws {
    let events = EventList()
    let exchange = FrameExchange(cameraCount: 1)
    let settings = CameraSettings(selector: .path("/dev/video-that-is-not-there"))
    let source = try CameraSource(settings, camera: 0, exchange: exchange) { event in
      events.list.withLock { $0.append(event) }
    }
    try source.start()
    for _ in 0..<1_000 where events.list.withLock({ $0.isEmpty }) { usleep(10_000) }
    let event = try #require(events.list.withLock { $0.first })
    #expect(event.kind == .lost && event.reason == .notFound && event.errorName == "ENOENT")
    #expect(event.detail == "open /dev/video-that-is-not-there: No such file or directory (ENOENT)")
    let begin = MonotonicClock.now()
    #expect(source.stop())
    #expect(MonotonicClock.now() - begin < 1_000_000)
    #expect(source.heartbeat > 0)
  }

  @Test func aDeviceThatHangsShowsInTheHeartbeatAndIsLeftBehind() throws {
    let hanging = HangingDevices()
    let source = try CameraSource(
      CameraSettings(), camera: 0, exchange: FrameExchange(cameraCount: 1), makeCalls: { hanging }, onEvent: { _ in })
    try source.start()
    #expect(waitForDescriptor(hanging.isInside.descriptor, timeout: .seconds(20)))
    let heartbeat = source.heartbeat
    usleep(50_000)
    #expect(source.heartbeat == heartbeat)
    let begin = MonotonicClock.now()
    #expect(source.stop(timeout: .milliseconds(100)) == false)
    #expect(MonotonicClock.now() - begin < 1_000_000)
    hanging.release.wake()
    #expect(source.stop(timeout: .seconds(20)))
  }

  @Test func nodesThatAppearAreSeen() throws {
    let directory = try ScratchDirectory()
    let watch = try NodeWatch(directory: directory.path)
    #expect(watch.drain() == false)
    try directory.write("snd", [1])
    #expect(watch.drain() == false)
    let node = try directory.write("video7", [1])
    #expect(waitForDescriptor(watch.descriptor, timeout: .zero))
    #expect(watch.drain())
    #expect(watch.drain() == false)
    chmod(node, 0o600)
    #expect(watch.drain(), "udev gives a node its group after it was made")
  }

  @Test func aFrameAllocatesNothing() throws {
    guard allocation_count_is_available() else { return }
    let camera = ScriptedCamera()
    let exchange = FrameExchange(cameraCount: 1)
    let counters = CaptureCounters()
    let stream = CaptureStream(
      path: "/dev/video0", calls: EndlessDevices(camera), waker: try Waker(), counters: counters)
    try stream.open(wish: FormatWish(CameraSettings()))
    var reader = FrameReader(camera: 0, counters: counters)
    var taken: UInt64 = 0
    for round in 0..<1_000 {
      if round == 20 { startOfCount = allocation_count_of_this_thread() }
      if let frame = try reader.next(from: stream, waitingAtMost: 1_000) { exchange.put(frame) }
      // A reader that takes two frames of three.
      if round % 3 != 0, let frame = exchange.next(timeout: .zero) { taken += frame.picture.bytes[0] == 9 ? 1 : 0 }
    }
    #expect(allocation_count_of_this_thread() - startOfCount == 0)
    #expect(taken > 600)
    #expect(counters.counts.captured == 1_000)
    exchange.close()
    stream.close()
  }
}

/// Set and read by one test alone.
nonisolated(unsafe) private var startOfCount = 0

private final class EventList: Sendable {
  let list = Mutex<[CameraEvent]>([])
}

/// A machine on which opening a camera does not return.
private final class HangingDevices: DeviceCalls {
  let isInside: Waker
  let release: Waker

  init() {
    guard let first = try? Waker(), let second = try? Waker() else { preconditionFailure("no eventfd") }
    (isInside, release) = (first, second)
  }

  func videoNodes() -> [String] { ["/dev/video0"] }
  func open(_ path: String) -> CInt {
    isInside.wake()
    _ = waitForDescriptor(release.descriptor, timeout: .seconds(60))
    return -ENODEV
  }
  func close(_ descriptor: CInt) {}
  func control(_ descriptor: CInt, _ request: DeviceRequest, _ argument: UnsafeMutableRawPointer) -> CInt { -ENODEV }
  func map(_ descriptor: CInt, length: Int, offset: UInt32, code: inout CInt) -> UnsafeMutableRawPointer? { nil }
  func unmap(_ start: UnsafeMutableRawPointer, length: Int) {}
  func wait(for descriptor: CInt, waker: CInt, milliseconds: CInt) -> DeviceReadiness { DeviceReadiness() }
  func waitForNodes(waker: CInt, milliseconds: CInt) -> NodeNews { .timedOut }
  func now() -> UInt64 { MonotonicClock.now() }
}

/// A camera that has a frame whenever it has a buffer, and allocates nothing while it streams.
private final class EndlessDevices: DeviceCalls, @unchecked Sendable {
  private let camera: ScriptedCamera
  private var queued: UInt32 = 0
  private var sequence: UInt32 = 0
  private var time: UInt64 = 1_000_000

  init(_ camera: ScriptedCamera) { self.camera = camera }

  func videoNodes() -> [String] { ["/dev/video0"] }
  func open(_ path: String) -> CInt { 3 }
  func close(_ descriptor: CInt) {}

  func control(_ descriptor: CInt, _ request: DeviceRequest, _ argument: UnsafeMutableRawPointer) -> CInt {
    let buffer = argument.assumingMemoryBound(to: v4l2_buffer.self)
    switch request {
    case .enqueueBuffer:
      queued |= 1 << buffer.pointee.index
      return 0
    case .dequeueBuffer:
      // One frame a turn: time goes on with each wait.
      guard queued != 0, sequence < time - 1_000_000 else { return -EAGAIN }
      buffer.pointee.index = UInt32(queued.trailingZeroBitCount)
      queued &= queued - 1
      buffer.pointee.sequence = sequence
      buffer.pointee.bytesused = 614_400
      sequence += 1
      return 0
    default: return camera.control(request, argument, now: 0)
    }
  }

  func map(_ descriptor: CInt, length: Int, offset: UInt32, code: inout CInt) -> UnsafeMutableRawPointer? {
    let start = UnsafeMutableRawPointer.allocate(byteCount: length, alignment: 4_096)
    start.initializeMemory(as: UInt8.self, repeating: 9, count: length)
    return start
  }
  func unmap(_ start: UnsafeMutableRawPointer, length: Int) { start.deallocate() }
  func wait(for descriptor: CInt, waker: CInt, milliseconds: CInt) -> DeviceReadiness {
    time += 1
    return DeviceReadiness(hasFrame: true, isWoken: waitForDescriptor(waker, timeout: .zero))
  }
  func waitForNodes(waker: CInt, milliseconds: CInt) -> NodeNews { .timedOut }
  func now() -> UInt64 { time }
}
