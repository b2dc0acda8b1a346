import Decision
import Testing

private let good = FrameQuality(meanLuma: 120, sharpness: 100, shortSide: 200)
private let second: UInt64 = 1_000_000

/// Feeds a decision at a frame rate, and keeps the changes.
private struct Film {
  var decision: RegionDecision
  var time: UInt64
  let interval: UInt64
  var changes: [(at: UInt64, change: StateChange)] = []

  init(framesPerSecond: UInt64, labels: [String] = ["mask", "no_mask"], settings: DecisionSettings = .init()) {
    time = 10 * second
    interval = second / framesPerSecond
    decision = RegionDecision(labels: labels, settings: settings, at: time)
  }

  mutating func play(_ scores: [Float], for duration: UInt64, quality: FrameQuality = good) {
    let end = time + duration
    while time < end {
      time += interval
      note(decision.observe(scores: scores, quality: quality, at: time))
    }
  }

  mutating func note(_ change: StateChange?) {
    if let change { changes.append((time, change)) }
  }

  var states: [RegionState] { changes.map(\.change.state) }
}

@Suite struct RegionDecisionTests {
  @Test func startsSettlingAndDecidesAfterTheHold() {
    var film = Film(framesPerSecond: 30)
    #expect(film.decision.state == .indeterminate(.settling))
    film.play([0.95, 0.05], for: second)
    #expect(film.states == [.label("mask")])
    #expect(film.changes.first?.change.previous == .indeterminate(.settling))
    let held = (film.changes.first?.at ?? 0) - 10 * second
    #expect(held >= 500_000 && held < 600_000)
    #expect(film.changes.first?.change.since == 10 * second + film.interval)
  }

  @Test func waitsForEnoughFramesEvenWhenTheyAreRare() {
    var settings = DecisionSettings()
    settings.minimumFrames = 4
    settings.hold = .zero
    var film = Film(framesPerSecond: 10, settings: settings)
    film.play([0.95, 0.05], for: 300_000)
    #expect(film.states == [])
    film.play([0.95, 0.05], for: 100_000)
    #expect(film.states == [.label("mask")])
  }

  @Test(arguments: [[0.6, 0.4], [0.5, 0.5]] as [[Float]])
  func isUnsureBetweenTheThresholds(scores: [Float]) {
    var film = Film(framesPerSecond: 30)
    film.play(scores, for: second)
    #expect(film.states == [.indeterminate(.unsure)])
    #expect(film.decision.score.map { abs($0 - Double(scores[0])) < 1e-6 } == true)
  }

  @Test func keepsALabelBetweenTheThresholdsAndLeavesItBelow() {
    var film = Film(framesPerSecond: 30)
    film.play([0.95, 0.05], for: 2 * second)
    film.play([0.6, 0.4], for: 5 * second)
    #expect(film.states == [.label("mask")])
    film.play([0.5, 0.5], for: 5 * second)
    #expect(film.states == [.label("mask"), .indeterminate(.unsure)])
    film.play([0.6, 0.4], for: 5 * second)
    #expect(film.states.count == 2)
  }

  @Test func goesFromOneLabelToAnotherWithoutAStepBetween() {
    var film = Film(framesPerSecond: 30)
    film.play([0.98, 0.02], for: 2 * second)
    film.play([0.02, 0.98], for: 2 * second)
    #expect(film.states == [.label("mask"), .label("no_mask")])
    #expect(film.changes.last?.change.previous == .label("mask"))
  }

  @Test func decidesAmongManyLabels() {
    var film = Film(framesPerSecond: 20, labels: ["a", "b", "c", "d"])
    film.play([0.05, 0.05, 0.85, 0.05], for: second)
    film.play([0.3, 0.3, 0.3, 0.1], for: 3 * second)
    film.play([0, 0, 0.1, 0.9], for: 2 * second)
    #expect(film.states == [.label("c"), .indeterminate(.unsure), .label("d")])
  }

  @Test func meansTheSameAtFiveAndAtSixtyFramesASecond() {
    /// Scenes of lengths that are whole numbers of both intervals' multiples, so that both see the same scores.
    func changes(at rate: UInt64) -> [(at: UInt64, change: StateChange)] {
      var film = Film(framesPerSecond: rate)
      film.play([0.97, 0.03], for: 4 * second)
      film.play([0.55, 0.45], for: 4 * second)
      film.play([0.03, 0.97], for: 4 * second)
      film.play([0.97, 0.03], for: 200_000)
      film.play([0.03, 0.97], for: 4 * second)
      film.play([0.5, 0.5], for: 4 * second)
      return film.changes
    }
    let (slow, fast) = (changes(at: 5), changes(at: 60))
    #expect(slow.map(\.change.state) == fast.map(\.change.state))
    #expect(slow.map(\.change.state).count >= 3)
    // A change can only be seen at a frame: once when the average crosses, once when it has held.
    for (one, other) in zip(slow, fast) { #expect(one.at.distance(to: other.at).magnitude <= 400_000) }
  }

  @Test func averagesByTimeNotByFrames() {
    /// One second after a step from 0 to 1, the response is 1 - e^(-1/τ) at any rate.
    func response(at rate: UInt64) -> Double {
      var film = Film(framesPerSecond: rate)
      film.play([0, 1], for: 2 * second)
      film.play([1, 0], for: second)
      return film.decision.averages[0]
    }
    let expected = 0.917_915_001
    for rate in [5, 10, 50] as [UInt64] { #expect(abs(response(at: rate) - expected) < 1e-6) }
  }

  @Test func namesWhatKeepsItFromJudging() {
    var film = Film(framesPerSecond: 30)
    film.play([0.95, 0.05], for: second)
    film.play([0.95, 0.05], for: second, quality: FrameQuality(meanLuma: 3, sharpness: 100, shortSide: 200))
    film.play([0.95, 0.05], for: second)
    film.play([0.95, 0.05], for: second, quality: FrameQuality(meanLuma: 99, sharpness: 100, shortSide: 8))
    #expect(
      film.states == [
        .label("mask"), .indeterminate(.dark), .label("mask"), .indeterminate(.tooSmall),
      ])
  }

  @Test func blurIsJudgedOnlyWhereAMeasureIsConfigured() {
    var settings = DecisionSettings()
    settings.minimumSharpness = 10
    var film = Film(framesPerSecond: 30, settings: settings)
    film.play([0.95, 0.05], for: second, quality: FrameQuality(meanLuma: 99, sharpness: 9, shortSide: 200))
    #expect(film.states == [.indeterminate(.blurred)])
    film.play([0.95, 0.05], for: second, quality: FrameQuality(meanLuma: .nan, sharpness: 90, shortSide: 200))
    #expect(film.states == [.indeterminate(.blurred), .indeterminate(.dark)])
  }

  @Test func aMomentOfDarknessChangesNothing() {
    var film = Film(framesPerSecond: 30)
    film.play([0.95, 0.05], for: second)
    film.play([0.1, 0.9], for: 400_000, quality: FrameQuality(meanLuma: 3, sharpness: 0, shortSide: 200))
    film.play([0.95, 0.05], for: 2 * second)
    #expect(film.states == [.label("mask")])
  }

  @Test func nobodyThereIsHeldLikeAnyAnswer() {
    var film = Film(framesPerSecond: 10)
    film.play([0.95, 0.05], for: second)
    for _ in 0..<10 {
      film.time += film.interval
      film.note(film.decision.observeNoFace(at: film.time))
    }
    #expect(film.states == [.label("mask"), .indeterminate(.noFace)])
    for _ in 0..<10 {
      film.time += film.interval
      film.note(film.decision.observeTooSmall(at: film.time))
    }
    #expect(film.states.last == .indeterminate(.tooSmall))
  }
}

@Suite struct InterruptionTests {
  @Test func becomesStaleWithoutFramesAndSettlesWithTheNext() {
    var film = Film(framesPerSecond: 30)
    film.play([0.95, 0.05], for: second)
    let lastFrame = film.time
    #expect(film.decision.tick(at: lastFrame + 2 * second) == nil)
    let change = film.decision.tick(at: lastFrame + 2 * second + 1)
    #expect(change?.state == .indeterminate(.stale))
    #expect(change?.since == lastFrame)
    #expect(film.decision.tick(at: lastFrame + 9 * second) == nil)
    film.time += 10 * second
    film.changes = []
    film.play([0.05, 0.95], for: second)
    #expect(film.states == [.indeterminate(.settling), .label("no_mask")])
  }

  @Test func isStaleWhenNoFrameEverCame() {
    var decision = RegionDecision(labels: ["a", "b"], at: 5 * second)
    #expect(decision.tick(at: 6 * second) == nil)
    #expect(decision.tick(at: 8 * second)?.state == .indeterminate(.stale))
  }

  @Test func aLongGapStartsAnewEvenWhenNobodyLooked() {
    var film = Film(framesPerSecond: 30)
    film.play([0.95, 0.05], for: second)
    film.time += 3 * second
    film.changes = []
    film.play([0.95, 0.05], for: film.interval)
    #expect(film.states == [.indeterminate(.settling)])
    film.play([0.95, 0.05], for: second)
    #expect(film.states.last == .label("mask"))
  }

  @Test func aLostCameraIsSaidAtOnceAndNotRenamed() {
    var film = Film(framesPerSecond: 30)
    film.play([0.95, 0.05], for: second)
    #expect(film.decision.noteCameraLost(at: film.time)?.state == .indeterminate(.cameraLost))
    #expect(film.decision.noteCameraLost(at: film.time + 1) == nil)
    #expect(film.decision.tick(at: film.time + 60 * second) == nil)
    film.time += 60 * second
    film.changes = []
    film.play([0.95, 0.05], for: second)
    #expect(film.states == [.indeterminate(.settling), .label("mask")])
  }

  @Test func overloadIsSaidAtOnce() {
    var film = Film(framesPerSecond: 30)
    film.play([0.95, 0.05], for: second)
    #expect(film.decision.noteOverload(at: film.time)?.state == .indeterminate(.overload))
    film.play([0.95, 0.05], for: second)
    #expect(film.decision.state == .label("mask"))
  }

  @Test func anOverloadAfterWhichNoFrameComesIsStale() {
    var film = Film(framesPerSecond: 30)
    _ = film.decision.noteOverload(at: film.time)
    #expect(film.decision.tick(at: film.time + 2 * second) == nil)
    let change = film.decision.tick(at: film.time + 2 * second + 1)
    #expect(change?.state == .indeterminate(.stale))
    #expect(change?.since == film.time)
  }

  @Test func aModelWithTheSameLabelsKeepsTheState() {
    var film = Film(framesPerSecond: 30)
    film.play([0.95, 0.05], for: second)
    #expect(film.decision.adopt(labels: ["no_mask", "mask"], at: film.time) == nil)
    #expect(film.decision.score == nil)
    film.play([0.05, 0.95], for: 3 * second)
    #expect(film.states == [.label("mask")])
    film.play([0.95, 0.05], for: 3 * second)
    #expect(film.states == [.label("mask"), .label("no_mask")])
  }

  @Test func aModelWithoutTheLabelSettlesAgain() {
    var film = Film(framesPerSecond: 30)
    film.play([0.95, 0.05], for: second)
    #expect(film.decision.adopt(labels: ["cat", "dog", "cow"], at: film.time)?.state == .indeterminate(.settling))
    film.play([0.05, 0.9, 0.05], for: second)
    #expect(film.decision.state == .label("dog"))
  }
}
