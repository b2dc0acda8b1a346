import EventLoop
import Glibc
import Synchronization
import Testing

@Suite struct ThreadTests {
  @Test func runsItsBodyOnAnotherThreadAndJoinWaitsForIt() throws {
    let caller = pthread_self()
    let other = Atomic<UInt>(0)
    let thread = try Thread.start(name: "test body") { [caller] in
      usleep(20_000)
      if pthread_equal(caller, pthread_self()) == 0 { other.store(1, ordering: .releasing) }
    }
    thread.join()
    let ranElsewhere = other.load(ordering: .acquiring)
    #expect(ranElsewhere == 1)
    thread.join()
  }

  @Test func isWaitedForNoLongerThanAsked() throws {
    let mayEnd = Atomic<Bool>(false)
    let thread = try Thread.start(name: "takes long") {
      for _ in 0..<3_000 where !mayEnd.load(ordering: .acquiring) { usleep(10_000) }
    }
    let clock = ContinuousClock()
    var ended = true
    let waited = clock.measure { ended = thread.join(timeout: .milliseconds(60)) }
    #expect(!ended)
    #expect(waited >= .milliseconds(60) && waited < .seconds(10))
    #expect(!thread.join(timeout: .seconds(-1)), "what lies in the past is no time at all")
    mayEnd.store(true, ordering: .releasing)
    #expect(thread.join(timeout: .seconds(20)))
    #expect(thread.join(timeout: .zero), "it has ended already")
  }

  @Test func bearsItsNameCutToWhatTheKernelTakes() throws {
    let seen = Mutex("")
    let thread = try Thread.start(name: "capture front döör") {
      guard let file = fopen("/proc/thread-self/comm", "r") else { return }
      defer { fclose(file) }
      var line = [UInt8](repeating: 0, count: 64)
      let count = fread(&line, 1, line.count, file)
      let bytes = line.prefix(count).prefix { $0 != UInt8(ascii: "\n") }
      seen.withLock { $0 = String(decoding: bytes, as: UTF8.self) }
    }
    thread.join()
    #expect(thread.name == "capture front d")
    #expect(seen.withLock { $0 } == "capture front d")
  }

  @Test func runsToTheEndWhenNobodyKeepsIt() throws {
    let finished = Atomic<Bool>(false)
    _ = try Thread.start(name: "let go") {
      usleep(10_000)
      finished.store(true, ordering: .releasing)
    }
    for _ in 0..<500 where !finished.load(ordering: .acquiring) { usleep(10_000) }
    let isFinished = finished.load(ordering: .acquiring)
    #expect(isFinished)
  }
}
