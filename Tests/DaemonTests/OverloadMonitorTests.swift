import Testing

@testable import Daemon

@Suite struct OverloadMonitorTests {
  /// Frames at an even pace; gives the changes that were told.
  private func run(
    _ monitor: inout OverloadMonitor, from start: UInt64, frames: Int, every interval: UInt64, shed: UInt64
  ) -> [OverloadMonitor.Change] {
    (1...frames).compactMap { monitor.note(shed: shed, busy: interval, at: start + UInt64($0) * interval) }
  }

  @Test func tellsOfTheBeginAndOfTheEndOnce() {
    var monitor = OverloadMonitor(at: 0)
    let begin = run(&monitor, from: 0, frames: 20, every: 500_000, shed: 9)
    #expect(begin == [.init(isOverloaded: true, shed: 36, budget: 50_000, measured: 500_000)])
    let end = run(&monitor, from: 10_000_000, frames: 100, every: 100_000, shed: 0)
    #expect(end.map(\.isOverloaded) == [false])
  }

  @Test func oneFrameAfterACameraWasAwayEndsNoOverload() {
    var monitor = OverloadMonitor(at: 0)
    _ = run(&monitor, from: 0, frames: 4, every: 3_000_000, shed: 18)
    #expect(monitor.isOverloaded)
    monitor.startWindow(at: 60_000_000)
    #expect(monitor.note(shed: 0, busy: 3_000_000, at: 63_000_000) == nil)
    #expect(monitor.note(shed: 18, busy: 3_000_000, at: 66_000_000) == nil)
    #expect(monitor.isOverloaded, "frames are shed as before")
  }
}
