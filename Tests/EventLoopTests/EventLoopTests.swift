import Glibc
import Testing

@testable import EventLoop

@Suite struct EventLoopTests {
  private func makePipe() throws -> (read: CInt, write: CInt) {
    var ends: [CInt] = [-1, -1]
    guard pipe(&ends) == 0 else { throw SystemCallError("pipe") }
    return (ends[0], ends[1])
  }

  @Test func aWatchIsCalledWhenItsDescriptorIsReady() throws {
    let loop = try EventLoop()
    let (read, write) = try makePipe()
    defer { for end in [read, write] { close(end) } }
    var calls = 0
    _ = try loop.watch(read, for: .readable) { _ in
      calls += 1
      loop.stop()
    }
    try loop.turn(timeoutMilliseconds: 0)
    #expect(calls == 0)
    Glibc.write(write, "x", 1)
    try loop.run()
    #expect(calls == 1)
  }

  @Test func aHandlerMayRemoveAnotherWatchThatIsDue() throws {
    let loop = try EventLoop()
    let (first, firstWrite) = try makePipe()
    let (second, secondWrite) = try makePipe()
    defer { for end in [first, firstWrite, second, secondWrite] { close(end) } }
    var calls: [String] = []
    var watches: [EventLoop.Watch] = []
    for (name, descriptor) in [("first", first), ("second", second)] {
      watches.append(
        try loop.watch(descriptor, for: .readable) { _ in
          calls.append(name)
          for watch in watches { loop.remove(watch) }
        })
    }
    Glibc.write(firstWrite, "x", 1)
    Glibc.write(secondWrite, "x", 1)
    try loop.turn(timeoutMilliseconds: 100)
    try loop.turn(timeoutMilliseconds: 0)
    #expect(calls.count == 1)
  }

  @Test func timersComeOnceOrAgainAndAgain() throws {
    let loop = try EventLoop()
    var once = 0
    var often = 0
    _ = try loop.schedule(after: .zero) { once += 1 }
    _ = try loop.schedule(after: .milliseconds(1), every: .milliseconds(1)) {
      often += 1
      if often == 3 { loop.stop() }
    }
    try loop.run()
    #expect(once == 1)
    #expect(often == 3)
  }

  @Test func aRemovedTimerDoesNotCome() throws {
    let loop = try EventLoop()
    let timer = try loop.schedule(after: .milliseconds(1)) { Issue.record("the timer was removed") }
    loop.remove(timer)
    try loop.turn(timeoutMilliseconds: 20)
  }

  @Test func aWakerWakesFromAnotherThreadOnceForManyCalls() throws {
    let loop = try EventLoop()
    let waker = try Waker()
    var wakes = 0
    _ = try loop.watch(waker.descriptor, for: .readable) { _ in
      waker.clear()
      wakes += 1
      loop.stop()
    }
    let thread = try Thread.start(name: "waker") { for _ in 0..<100 { waker.wake() } }
    thread.join()
    try loop.run()
    try loop.turn(timeoutMilliseconds: 0)
    #expect(wakes == 1)
  }

  @Test func watchingAClosedDescriptorIsAnErrorThatNamesItsCall() throws {
    let loop = try EventLoop()
    #expect(throws: SystemCallError("epoll_ctl", code: EBADF)) {
      _ = try loop.watch(987, for: .readable) { _ in }
    }
  }

  @Test func aDescriptorIsClosedWithItsOwner() throws {
    let (read, write) = try makePipe()
    defer { close(write) }
    do {
      let owner = Descriptor(owning: read)
      #expect(fcntl(owner.rawValue, F_GETFD) >= 0)
    }
    #expect(fcntl(read, F_GETFD) == -1)
  }

  @Test func errorsReadLikeThis() {
    let error = SystemCallError("open", on: "/dev/video0", code: EACCES)
    #expect(error.description == "open /dev/video0: Permission denied (EACCES)")
    #expect(ErrorName.of(4242) == "errno 4242")
  }
}
