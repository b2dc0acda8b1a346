import Testing

@testable import Daemon

@Suite struct OverloadMonitorTests {
  private static let second: UInt64 = 1_000_000

  /// Plays one window of judged frames, a tenth of a second apart, with so many shed between two of them.
  private func play(
    _ monitor: inout OverloadMonitor, shedBetween shed: UInt64, total: inout UInt64, time: inout UInt64
  ) -> OverloadMonitor.Change? {
    for _ in 0..<20 {
      time += 100_000
      total += shed
      if let change = monitor.note(shedInTotal: total, busy: 90_000, at: time) { return change }
    }
    return nil
  }

  @Test func beginsWhenMoreThanHalfAreShedAndEndsWhenFewAre() {
    var monitor = OverloadMonitor(at: 0)
    var (total, time): (UInt64, UInt64) = (0, 0)
    #expect(play(&monitor, shedBetween: 0, total: &total, time: &time) == nil)
    #expect(play(&monitor, shedBetween: 1, total: &total, time: &time) == nil, "half is at the edge")
    let began = play(&monitor, shedBetween: 2, total: &total, time: &time)
    #expect(
      began == OverloadMonitor.Change(isOverloaded: true, shed: 40, budget: 2 * Self.second / 60, measured: 90_000))
    #expect(play(&monitor, shedBetween: 1, total: &total, time: &time) == nil, "still overloaded")
    let ended = play(&monitor, shedBetween: 0, total: &total, time: &time)
    #expect(ended?.isOverloaded == false && ended?.shed == 0)
  }

  @Test func oneFrameAfterACameraWasAwayEndsNoOverload() {
    var monitor = OverloadMonitor(at: 0)
    var shed: UInt64 = 0
    for number in 1...4 {
      shed += 18
      _ = monitor.note(shedInTotal: shed, busy: 3_000_000, at: UInt64(number) * 3_000_000)
    }
    #expect(monitor.isOverloaded)
    monitor.startWindow(at: 60_000_000)
    let first = monitor.note(shedInTotal: shed, busy: 3_000_000, at: 63_000_000)
    let second = monitor.note(shedInTotal: shed + 18, busy: 3_000_000, at: 66_000_000)
    #expect(first == nil && second == nil)
    #expect(monitor.isOverloaded, "frames are shed as before")
  }

  @Test func aCameraThatStartsAnewCountsFromZero() {
    var monitor = OverloadMonitor(at: 0)
    #expect(monitor.note(shedInTotal: 1000, busy: 1, at: 1) == nil)
    let change = monitor.note(shedInTotal: 3, busy: 1, at: 2 * Self.second)
    #expect(change?.shed == 1003)
  }

  @Test func aClockThatRunsBackwardsEndsNoWindow() {
    var monitor = OverloadMonitor(at: 10 * Self.second)
    #expect(monitor.note(shedInTotal: 100, busy: 1, at: 0) == nil)
    #expect(!monitor.isOverloaded)
  }
}

@Suite struct UnusableFramesTests {
  @Test func theFirstIsToldAndThenTheirNumberOnceAMinute() {
    var frames = UnusableFrames()
    #expect(frames.note(at: 5) == 1)
    for time in 0..<100 { #expect(frames.note(at: 6 + UInt64(time)) == nil) }
    #expect(frames.note(at: 60_000_005) == 101)
    #expect(frames.note(at: 60_000_006) == nil)
  }
}
