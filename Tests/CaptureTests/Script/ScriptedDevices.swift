import CV4L2
import EventLoop
import Glibc

@testable import Capture

/// A machine of scripted cameras with a clock of its own: waiting costs no time, and the same script gives the same
/// run. Everything happens on the test's thread.
final class ScriptedDevices: DeviceCalls, @unchecked Sendable {
  private(set) var nodes: [String: ScriptedCamera]
  /// Links and names that open like nodes but are not listed.
  var links: [String: String] = [:]
  /// Nodes that may not be opened, with errno.
  var refusals: [String: CInt] = [:]
  private(set) var time: UInt64 = 1_000_000_000
  /// The number of calls so far that could fail.
  private(set) var callCount = 0
  /// All requests so far, by name.
  private(set) var requests: [String] = []
  /// Fails the n-th call, from 1, and all that follow as long as the count lasts.
  var failure: (call: Int, code: CInt, count: Int)?
  /// Fails requests of a kind: so many of the next ones.
  var requestFailures: [DeviceRequest: (code: CInt, count: Int)] = [:]
  private(set) var violations: [String] = []

  private var open: [CInt: ScriptedCamera] = [:]
  private var nextDescriptor: CInt = 1_000
  /// What is to happen, the next at the end once it is sorted.
  private var agenda: [(time: UInt64, action: () -> Void)] = []
  private var isAgendaSorted = true
  private var nodesChanged = false
  private var memory: [UnsafeMutableRawPointer: (camera: ScriptedCamera, index: Int)] = [:]

  /// Every camera that ever was.
  private var cameras: [ScriptedCamera]

  init(_ nodes: [String: ScriptedCamera] = [:]) {
    self.nodes = nodes
    cameras = Array(nodes.values)
  }

  /// Does something so many milliseconds after the start.
  func at(_ milliseconds: UInt64, _ action: @escaping () -> Void) {
    agenda.append((1_000_000_000 + milliseconds * 1_000, action))
    isAgendaSorted = false
  }

  func plug(_ camera: ScriptedCamera, as node: String) {
    camera.isGone = false
    cameras.append(camera)
    nodes[node] = camera
    nodesChanged = true
  }

  func unplug(_ node: String) {
    nodes[node]?.isGone = true
    nodes[node] = nil
    nodesChanged = true
  }

  func announceNodes() { nodesChanged = true }

  var openDescriptorCount: Int { open.count }
  var mappingCount: Int { memory.count }
  var allViolations: [String] { violations + cameras.flatMap(\.violations) }

  // MARK: DeviceCalls

  func videoNodes() -> [String] { nodes.keys.sorted() }

  func open(_ path: String) -> CInt {
    if let code = failNow("open") { return code }
    if let code = refusals[path] { return -code }
    guard let camera = nodes[links[path] ?? path] else { return -ENOENT }
    nextDescriptor += 1
    open[nextDescriptor] = camera
    camera.openCount += 1
    return nextDescriptor
  }

  func close(_ descriptor: CInt) {
    guard let camera = open.removeValue(forKey: descriptor) else {
      violations.append("close of descriptor \(descriptor), which is not open")
      return
    }
    camera.openCount -= 1
    camera.release()
  }

  func control(_ descriptor: CInt, _ request: DeviceRequest, _ argument: UnsafeMutableRawPointer) -> CInt {
    guard let camera = open[descriptor] else {
      violations.append("\(request.rawValue) on a closed descriptor")
      return -EBADF
    }
    if let code = failNow(request.rawValue) { return code }
    if let (code, count) = requestFailures[request], count > 0 {
      requestFailures[request] = (code, count - 1)
      return -code
    }
    camera.advance(to: time)
    return camera.control(request, argument, now: time)
  }

  func map(_ descriptor: CInt, length: Int, offset: UInt32, code: inout CInt) -> UnsafeMutableRawPointer? {
    if let failure = failNow("mmap") {
      code = failure
      return nil
    }
    guard let camera = open[descriptor] else {
      violations.append("mmap of a closed descriptor")
      return nil
    }
    let start = UnsafeMutableRawPointer.allocate(byteCount: length, alignment: 4_096)
    camera.mapped[Int(offset >> 20)] = UnsafeMutableRawBufferPointer(start: start, count: length)
    memory[start] = (camera, Int(offset >> 20))
    return start
  }

  func unmap(_ start: UnsafeMutableRawPointer, length: Int) {
    guard let (camera, index) = memory.removeValue(forKey: start) else {
      violations.append("munmap of what is not mapped")
      return
    }
    camera.mapped[index] = nil
    start.deallocate()
    camera.release()
  }

  func wait(for descriptor: CInt, waker: CInt, milliseconds: CInt) -> DeviceReadiness {
    var readiness = DeviceReadiness()
    if let code = failNow("poll") {
      readiness.code = code
      return readiness
    }
    guard let camera = open[descriptor] else {
      violations.append("poll of a closed descriptor")
      return readiness
    }
    let end = time + UInt64(max(0, milliseconds)) * 1_000
    while true {
      camera.advance(to: time)
      readiness.hasFrame = !camera.filled.isEmpty
      readiness.hasEvent = !camera.events.isEmpty || camera.isGone
      readiness.hasFailed = camera.isGone || camera.hasFatalError
      readiness.isWoken = isSet(waker)
      if readiness != DeviceReadiness() || time >= end { return readiness }
      step(atMost: min(end, camera.isStreaming && camera.framePeriod != nil ? camera.nextFrameTime : end))
    }
  }

  func waitForNodes(waker: CInt, milliseconds: CInt) -> NodeNews {
    let end = time + UInt64(max(0, milliseconds)) * 1_000
    while true {
      if isSet(waker) { return .woken }
      if nodesChanged {
        nodesChanged = false
        return .changed
      }
      if time >= end { return .timedOut }
      step(atMost: end)
    }
  }

  func now() -> UInt64 { time }

  /// Goes on to the next thing that happens.
  private func step(atMost end: UInt64) {
    if !isAgendaSorted { agenda.sort { $0.time > $1.time } }
    isAgendaSorted = true
    guard let next = agenda.last, next.time <= max(end, time) else {
      time = max(time, end)
      return
    }
    agenda.removeLast()
    time = max(time, next.time)
    next.action()
  }

  private func isSet(_ waker: CInt) -> Bool { waitForDescriptor(waker, timeout: .zero) }

  private func failNow(_ name: String) -> CInt? {
    callCount += 1
    requests.append(name)
    guard let failure, callCount >= failure.call, callCount < failure.call + failure.count else { return nil }
    return -failure.code
  }
}
