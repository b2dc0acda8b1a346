import Testing

@testable import Benchmarking

@Suite struct TimingTests {
  @Test func ranksAreThoseOfTheSortedTimes() {
    let timing = Timing((1...100).reversed().map { Double($0) })
    #expect(timing.best == 1)
    #expect(timing.median == 51)
    #expect(timing.percentile(90) == 90)
    #expect(timing.percentile(99) == 99)
    #expect(timing.percentile(100) == 100)
    #expect(timing.spread == 50)
  }

  @Test func aFewRunsHaveRanksToo() {
    let one = Timing([3])
    #expect([one.best, one.median, one.percentile(1), one.percentile(99)] == [3, 3, 3, 3])
    #expect(one.spread == 0)
    let three = Timing([5, 1, 2])
    #expect(three.median == 2)
    #expect(three.percentile(90) == 5)
    #expect(three.percentile(50) == 2)
  }
}
