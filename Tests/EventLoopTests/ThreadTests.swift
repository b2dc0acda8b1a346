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
