import Decision
import Testing

private let good = FrameQuality(meanLuma: 120, sharpness: 100, shortSide: 200)
private let second: UInt64 = 1_000_000

/// A small generator with a seed, so that a failure can be repeated.
private struct Generator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    var mixed = state
    mixed = (mixed ^ (mixed >> 33)) &* 0xFF51_AFD7_ED55_8CCD
    return mixed ^ (mixed >> 33)
  }
}

@Suite struct PropertyTests {
  /// Scores that wander and jump, frames at odd times, some dark.
  @Test(arguments: 0..<40 as Range<UInt64>)
  func noStateLastsShorterThanTheHold(seed: UInt64) {
    var generator = Generator(state: seed)
    var decision = RegionDecision(labels: ["a", "b", "c"], at: 0)
    var (time, lastChange): (UInt64, UInt64) = (0, 0)
    var count = 0
    for _ in 0..<5000 {
      time += UInt64.random(in: 5_000...300_000, using: &generator)
      let scores = (0..<3).map { _ in Float.random(in: 0...1, using: &generator) > 0.5 ? Float(1) : 0.2 }
      let luma = Int.random(in: 0..<4, using: &generator) == 0 ? 2.0 : 99.0
      let quality = FrameQuality(meanLuma: luma, sharpness: 9, shortSide: 99)
      guard let change = decision.observe(scores: scores, quality: quality, at: time) else { continue }
      #expect(change.state != change.previous)
      #expect(change.state == decision.state)
      #expect(change.since <= time && time - change.since >= 500_000)
      #expect(time - lastChange >= 500_000)
      lastChange = time
      count += 1
    }
    #expect(count > 10)
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func noiseBetweenTheThresholdsNeverChangesALabel(seed: UInt64) {
    var generator = Generator(state: seed)
    var decision = RegionDecision(labels: ["a", "b"], at: 0)
    for frame in 1...60 as ClosedRange<UInt64> {
      _ = decision.observe(scores: [0.9, 0.1], quality: good, at: frame * 33_000)
    }
    #expect(decision.state == .label("a"))
    var time: UInt64 = 60 * 33_000
    for _ in 0..<2000 {
      time += 33_000
      let score = Float.random(in: 0.551...0.95, using: &generator)
      #expect(decision.observe(scores: [score, 1 - score], quality: good, at: time) == nil)
    }
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func averagesStayWithinTheScores(seed: UInt64) {
    var generator = Generator(state: seed)
    var decision = RegionDecision(labels: ["a", "b"], at: 0)
    let (low, high) = (Float.random(in: 0...0.5, using: &generator), Float.random(in: 0.5...1, using: &generator))
    var time: UInt64 = 0
    for _ in 0..<1000 {
      time += UInt64.random(in: 0...1_900_000, using: &generator)
      let score = Float.random(in: low...high, using: &generator)
      _ = decision.observe(scores: [score, 1 - score], quality: good, at: time)
      #expect(decision.averages[0] >= Double(low) - 1e-9 && decision.averages[0] <= Double(high) + 1e-9)
    }
  }

  @Test func answersThatAlternateEndAsUnsure() {
    var settings = DecisionSettings()
    settings.timeConstant = .zero
    var decision = RegionDecision(labels: ["a", "b", "c"], settings: settings, at: 0)
    var time: UInt64 = 0
    for _ in 0..<30 {
      time += 50_000
      _ = decision.observe(scores: [1, 0, 0], quality: good, at: time)
    }
    #expect(decision.state == .label("a"))
    for frame in 0..<60 {
      time += 50_000
      _ = decision.observe(scores: frame % 2 == 0 ? [0, 1, 0] : [0, 0, 1], quality: good, at: time)
    }
    #expect(decision.state == .indeterminate(.unsure))
  }
}

@Suite struct BadInputTests {
  @Test(arguments: [[.nan, 0.1], [0.9, .infinity], [0.9], [0.9, 0.1, 0.1], []] as [[Float]])
  func unusableScoresAreUnsureAndLeaveTheAverageAlone(scores: [Float]) {
    var decision = RegionDecision(labels: ["a", "b"], at: 0)
    var time: UInt64 = 0
    for _ in 0..<30 {
      time += 33_000
      _ = decision.observe(scores: [0.9, 0.1], quality: good, at: time)
    }
    let before = decision.averages
    #expect(decision.observe(scores: scores, quality: good, at: time + 33_000) == nil)
    #expect(decision.averages == before)
    var change: StateChange?
    for _ in 0..<30 {
      time += 33_000
      change = decision.observe(scores: scores, quality: good, at: time) ?? change
    }
    #expect(change?.state == .indeterminate(.unsure))
  }

  @Test func scoresOutsideTheRangeAreClamped() {
    var decision = RegionDecision(labels: ["a", "b"], at: 0)
    _ = decision.observe(scores: [1e30, -1e30], quality: good, at: 1000)
    #expect(decision.averages == [1, 0])
  }

  @Test func aClockThatRunsBackwardsNeitherTrapsNorSticks() {
    var decision = RegionDecision(labels: ["a", "b"], at: 10 * second)
    var time = 10 * second
    func play(_ scores: [Float], _ decision: inout RegionDecision) {
      for _ in 0..<60 {
        time += 33_000
        _ = decision.observe(scores: scores, quality: good, at: time)
      }
    }
    play([0.9, 0.1], &decision)
    // One frame with a stamp from far in the future, then the truth again.
    _ = decision.observe(scores: [0.9, 0.1], quality: good, at: .max)
    play([0.9, 0.1], &decision)
    #expect(decision.state == .label("a"))
    time = 0
    play([0.1, 0.9], &decision)
    #expect(decision.state == .label("b"))
    #expect(decision.tick(at: 0) == nil)
  }

  @Test func aModelWithoutLabelsIsUnsure() {
    var decision = RegionDecision(labels: [], at: 0)
    for frame in 1...60 as ClosedRange<UInt64> {
      _ = decision.observe(scores: [], quality: good, at: frame * 33_000)
    }
    #expect(decision.state == .indeterminate(.unsure))
    #expect(decision.score == nil)
  }

  @Test func durationsAtTheEndsOfTheirTypeAreTaken() {
    var settings = DecisionSettings()
    settings.staleAfter = .seconds(Int64.max)
    settings.hold = .seconds(-5)
    var decision = RegionDecision(labels: ["a", "b"], settings: settings, at: 0)
    for frame in 1...3 as ClosedRange<UInt64> {
      _ = decision.observe(scores: [0.9, 0.1], quality: good, at: frame * 33_000)
    }
    #expect(decision.state == .label("a"))
  }
}
