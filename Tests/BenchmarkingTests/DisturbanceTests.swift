import EventLoop
import Synchronization
import Testing

@testable import Benchmarking

@Suite struct DisturbanceTests {
  private let quiet = Timing([10, 10.1, 10.2])

  private func counters(
    wall: Double = 0, waited: Double? = 0, stolen: Double = 0, busy: Double = 0, own: Double = 0, preemptions: Int = 0
  ) -> SystemCounters {
    // Two processors.
    SystemCounters(
      wall: wall, waited: waited, stolen: stolen, busy: busy, whole: 2 * wall, own: own, preemptions: preemptions)
  }

  private func complaints(_ after: SystemCounters, _ timing: Timing? = nil, threads: Int = 1) -> [String] {
    after.disturbance(since: counters(), timing: timing ?? quiet, threadCount: threads).complaints
  }

  @Test func aMachineOfItsOwnIsQuiet() {
    #expect(complaints(counters(wall: 1000, waited: 5, busy: 1010, own: 1000, preemptions: 500)) == [])
  }

  @Test func eachKindOfDisturbanceIsNamed() {
    #expect(
      complaints(counters(wall: 1000, own: 1000), Timing([10, 12, 12])) == [
        "the median run was 20 % longer than the best"
      ])
    #expect(
      complaints(counters(wall: 1000, waited: 40, own: 960)) == ["threads waited for a processor for 4 % of the time"])
    #expect(
      complaints(counters(wall: 1000, stolen: 100, own: 950))
        == ["other virtual machines took 5 % of the processors' time"])
    #expect(complaints(counters(wall: 1000, busy: 1900, own: 1000)) == ["other programs kept 90 % of a processor busy"])
    #expect(
      complaints(counters(wall: 1000, waited: nil, own: 1000, preemptions: 300))
        == ["a processor was taken away 300 times a second"])
  }

  @Test func waitingIsSharedAmongTheThreads() {
    #expect(complaints(counters(wall: 1000, waited: 30, own: 1970), threads: 2) == [])
    #expect(complaints(counters(wall: 1000, waited: 50, own: 1950), threads: 2).count == 1)
  }

  /// Clock ticks of 10 ms make steal and other programs' time of a short measurement a matter of luck.
  @Test func ticksSayNothingOfShortMeasurements() {
    #expect(complaints(counters(wall: 100, stolen: 20, busy: 200, own: 90)) == [])
  }

  @Test func linesOfTheSystemAreRead() {
    let stat = "cpu  100 10 20 600 50 3 7 210 99 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n"
    let ticks = ProcessorTicks(stat: stat, ticksPerSecond: 100)
    #expect([ticks.stolen, ticks.busy, ticks.whole] == [2100, 1400, 10_000])
    for other in ["", "cpu 1 2 3", "intr 1 2 3 4 5 6 7 8"] {
      #expect(ProcessorTicks(stat: other, ticksPerSecond: 100).whole == 0)
    }
    #expect(SystemCounters.waited(schedstat: "863818 755000000 2") == 755)
    #expect(SystemCounters.waited(schedstat: "0") == nil)
  }

  /// Twice as many busy threads as there are processors: whoever measures among them has to hear of it.
  @Test(.enabled(if: SystemFile.text("/proc/self/schedstat") != nil))
  func aCrowdedMachineIsNoticed() throws {
    let isOver = Flag()
    var crowd: [Thread] = []
    for _ in 0..<2 * MachineState().processorCount {
      crowd.append(try Thread.start(name: "crowd") { while !isOver.value.load(ordering: .relaxed) {} })
    }
    defer { for thread in crowd { thread.join() } }
    defer { isOver.value.store(true, ordering: .relaxed) }
    let before = SystemCounters.current
    var times: [Double] = []
    while Clock.wall - before.wall < 300 {
      let began = Clock.wall
      while Clock.wall - began < 1 {}
      times.append(Clock.wall - began)
    }
    let found = SystemCounters.current.disturbance(since: before, timing: Timing(times), threadCount: 1)
    #expect(!found.isQuiet)
    #expect(try #require(found.waitShare) > Disturbance.waitShareMax)
  }

  private final class Flag: Sendable {
    let value = Atomic<Bool>(false)
  }
}
