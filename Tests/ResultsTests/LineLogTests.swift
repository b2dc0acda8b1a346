import Testing

@testable import Results

@Suite struct LineLogTests {
  private func line(_ number: UInt64, byteCount: Int) -> [UInt8] {
    [UInt8](repeating: UInt8(ascii: "a") + UInt8(number % 26), count: byteCount)
  }

  @Test func aLaneGivesBackWhatIsStillThere() {
    var lane = Lane(byteCount: 4096)
    var next: UInt64 = 0
    for number in 1...1000 as ClosedRange<UInt64> {
      let appended = lane.append(
        line(number, byteCount: 97 + Int(number * 31 % 700)), number: number, label: LineLabel(kind: .result))
      #expect(appended)
      next = max(next, lane.first)
      for ordinal in lane.first..<lane.end {
        let entry = lane[ordinal]
        #expect(entry.number == ordinal + 1)
        #expect(Array(lane.bytes(of: entry)) == line(entry.number, byteCount: 97 + Int(entry.number * 31 % 700)))
      }
      #expect(lane.end - lane.first >= 4 || lane.first == 0)
    }
  }

  @Test func aLineLongerThanItsLaneIsRefused() {
    var lane = Lane(byteCount: 1000)
    let longer = lane.append(line(1, byteCount: 1001), number: 1, label: LineLabel(kind: .state))
    #expect(!longer)
    let full = lane.append(line(1, byteCount: 1000), number: 1, label: LineLabel(kind: .state))
    #expect(full)
  }

  @Test func resultsPushOutNoState() {
    var log = LineLog(byteCount: 192 * 1024)
    var position = log.positionAtEnd()
    log.append(line(1, byteCount: 300), label: LineLabel(kind: .state))
    for number in 2...5000 as ClosedRange<UInt64> {
      log.append(line(number, byteCount: 300), label: LineLabel(kind: .result))
    }
    let first = log.next(&position)?.entry.number
    #expect(first == 1)
    let second = log.next(&position)?.entry.number ?? 0
    #expect(second > 4000)
    let absence = log.absence(before: second, from: 2) { _ in true }
    #expect(absence.missed == 2...(second - 1))
    #expect(absence.missedCount == second - 2)
    #expect(absence.skippedBeforeLine == 0)
  }

  @Test func tellsMissedFromNotAskedFor() {
    var log = LineLog(byteCount: 192 * 1024)
    let kinds: [LineKind] = [.result, .state, .result, .camera, .result, .result]
    for (index, kind) in kinds.enumerated() {
      log.append(line(UInt64(index), byteCount: 200), label: LineLabel(kind: kind))
    }
    var absence = log.absence(before: 7, from: 1) { $0.kind == .state || $0.kind == .camera }
    #expect(absence.skippedBeforeGap == 1)
    #expect(absence.missed == 2...4)
    #expect(absence.missedCount == 2)
    #expect(absence.skippedBeforeLine == 2)
    absence = log.absence(before: 7, from: 1) { _ in false }
    #expect(absence.missed == nil)
    #expect(absence.skippedBeforeLine == 6)
    absence = log.absence(before: 1, from: 1) { _ in true }
    #expect(absence.missed == nil)
    #expect(absence.skippedBeforeLine == 0)
  }

  @Test func whatIsForgottenCountsAsMissed() {
    var log = LineLog(byteCount: 192 * 1024)
    for _ in 0..<50_000 { log.skip(label: LineLabel(kind: .result)) }
    let absence = log.absence(before: 50_001, from: 1) { _ in false }
    let forgotten: ClosedRange<UInt64> = 1...33_616
    #expect(absence.missed == forgotten)
    #expect(absence.skippedBeforeLine == 16_384)
  }
}

@Suite struct ResultPaceTests {
  private func passed(of count: UInt64, every interval: UInt64, rate: Double, jitter: UInt64 = 0) -> Int {
    var pace = ResultPace(perSecond: rate)
    return (0..<count).filter { pace.allows(region: 0, at: 1_000_000 + $0 * interval + $0 * 7919 % (jitter + 1)) }.count
  }

  @Test func passesTheRateAndNoMore() {
    #expect((50...51).contains(passed(of: 600, every: 16_667, rate: 5)))
    #expect((50...51).contains(passed(of: 300, every: 33_333, rate: 5)))
    #expect(passed(of: 300, every: 33_333, rate: 0) == 300)
    #expect(passed(of: 300, every: 33_333, rate: .nan) == 300)
  }

  @Test func aCameraAtTheRateLosesNothingToJitter() {
    #expect(passed(of: 200, every: 200_000, rate: 5, jitter: 20_000) == 200)
    #expect(passed(of: 20, every: 1_000_000, rate: 5) == 20)
  }

  @Test func aClockThatStartsAnewIsFollowed() {
    var pace = ResultPace(perSecond: 5)
    let times: [UInt64] = [90_000_000_000, 1000, 2000, .max]
    let passed = times.map { pace.allows(region: 3, at: $0) }
    #expect(passed == [true, true, false, true])
    let other = pace.allows(region: 0, at: 0)
    #expect(other)
  }
}
