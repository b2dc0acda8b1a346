import Testing

@testable import ModelStore

/// The state machine, without a file system and without a clock.
@Suite struct DropTests {
  static let rules = Drop.Rules(settle: .seconds(1))
  static let trial = Drop.Rules(settle: .seconds(1), isOnTrial: true)
  static let bad = Rejection(.truncated, "It ends too early.")

  static func file(_ inode: UInt64, bytes: Int64 = 100, sidecar: UInt64? = nil) -> Fingerprint {
    Fingerprint(
      model: FileStamp(inode: inode, byteCount: bytes, modified: 1, changed: 1),
      sidecar: sidecar.map { FileStamp(inode: $0, byteCount: 10, modified: 1, changed: 1) })
  }

  /// Goes through these events from a fresh drop, and gives every phase and effect.
  static func walk(_ events: [Drop.Event], _ rules: Drop.Rules) -> (phases: [Phase], effects: [Drop.Effect]) {
    var drop = Drop(file(1), at: .zero)
    let steps = events.map { event in
      let effect = drop.receive(event, rules)
      return (drop.phase, effect)
    }
    return (steps.map(\.0), steps.map(\.1))
  }

  static func settled(_ seconds: Int = 1) -> Drop.Event {
    .looked(file(1), hasWriter: false, at: .seconds(seconds))
  }

  @Test func aGoodDropIsVerifiedProbedRunAndCommitted() {
    let walk = Self.walk([Self.settled(), .passed, .passed, .judgedFrame, .marked], Self.rules)
    #expect(walk.phases == [.settling, .verified, .probed, .probed, .committed])
    #expect(walk.effects == [.verify, .probe, .activate, .mark, .nothing])
  }

  @Test func onTrialItGoesThroughShadowAndProbation() {
    let walk = Self.walk([Self.settled(), .passed, .passed, .passed, .passed, .marked], Self.trial)
    #expect(walk.phases == [.settling, .verified, .shadow, .probation, .probed, .committed])
    #expect(walk.effects == [.verify, .probe, .compare, .activate, .mark, .nothing])
  }

  @Test func theActiveModelDroppedAgainIsOnlyMarked() {
    let walk = Self.walk([Self.settled(), .isActiveModel, .marked], Self.rules)
    #expect(walk.effects == [.verify, .mark, .nothing])
    #expect(walk.phases.last == .committed)
  }

  @Test(arguments: [1, 2, 3])
  func whatFailsBeforeItRunsIsRejected(failing: Int) {
    let passed = [Drop.Event](repeating: .passed, count: failing - 1)
    let walk = Self.walk([Self.settled()] + passed + [.failed(Self.bad), .passed, .judgedFrame], Self.trial)
    #expect(walk.phases.last == .rejected)
    #expect(walk.effects.suffix(3) == [.nothing, .nothing, .nothing])
  }

  @Test func whatFailsWhileItRunsIsRolledBack() {
    let walk = Self.walk([Self.settled(), .passed, .passed, .passed, .failed(Self.bad)], Self.trial)
    #expect(walk.phases.last == .rolledBack)
    #expect(walk.effects.last == .restore)
  }

  @Test func anotherModelMayOvertakeItBeforeItsFirstFrame() {
    let walk = Self.walk([Self.settled(), .passed, .passed, .overtaken, .judgedFrame], Self.rules)
    #expect(walk.phases.suffix(2) == [.rolledBack, .rolledBack])
    #expect(walk.effects.suffix(2) == [.nothing, .nothing])
  }

  @Test func aFileSettlesForAsLongAsItChanges() {
    var drop = Drop(Self.file(1, bytes: 10), at: .zero)
    for second in 1...20 {
      let seen = Drop.Event.looked(Self.file(1, bytes: 10 + Int64(second)), hasWriter: false, at: .seconds(second))
      #expect(drop.receive(seen, Self.rules) == .nothing)
    }
    let last = Self.file(1, bytes: 30)
    #expect(drop.receive(.looked(last, hasWriter: false, at: .milliseconds(20_999)), Self.rules) == .nothing)
    #expect(drop.receive(.looked(last, hasWriter: false, at: .seconds(21)), Self.rules) == .verify)
  }

  @Test func aWriterKeepsItSettling() {
    var drop = Drop(Self.file(1), at: .zero)
    for second in 1...20 {
      #expect(drop.receive(.looked(Self.file(1), hasWriter: true, at: .seconds(second)), Self.rules) == .nothing)
    }
    #expect(drop.receive(.looked(Self.file(1), hasWriter: false, at: .seconds(21)), Self.rules) == .verify)
  }

  @Test func aSidecarThatComesLateStartsItAgain() {
    var drop = Drop(Self.file(1), at: .zero)
    let withSidecar = Self.file(1, sidecar: 2)
    #expect(drop.receive(.looked(withSidecar, hasWriter: false, at: .seconds(2)), Self.rules) == .nothing)
    #expect(drop.due(Self.rules) == .seconds(3))
  }

  @Test func whatChangesWhileItIsReadSettlesAgain() {
    let walk = Self.walk([Self.settled(), .changedWhileRead(at: .seconds(1)), Self.settled(2)], Self.rules)
    #expect(walk.phases == [.settling, .settling, .settling])
    #expect(walk.effects == [.verify, .nothing, .verify])
  }

  /// Whatever comes in whatever order: an end is an end, nothing runs that was not probed, and nothing is marked that
  /// did not run or is not the active model.
  @Test func noOrderOfEventsBreaksTheRules() {
    let events: [Drop.Event] = [
      Self.settled(5), .changedWhileRead(at: .seconds(1)), .isActiveModel, .passed, .failed(Self.bad), .judgedFrame,
      .marked, .overtaken,
    ]
    for rules in [Self.rules, Self.trial] {
      for number in 0..<Int(262_144) {
        var drop = Drop(Self.file(1), at: .zero)
        var effects: [Drop.Effect] = []
        var code = number
        for _ in 0..<6 {
          let before = drop
          effects.append(drop.receive(events[code % 8], rules))
          code /= 8
          if [.committed, .rejected, .rolledBack].contains(before.phase), drop != before { Issue.record("\(number)") }
        }
        if let running = effects.firstIndex(of: .activate), effects[..<running].contains(.probe) == false {
          Issue.record("\(number)")
        }
        if let marking = effects.firstIndex(of: .mark) {
          let ran = effects[..<marking].contains(.activate)
          let isSame = effects[..<marking].last(where: { $0 != .nothing }) == .verify
          if !ran, !isSame { Issue.record("\(number)") }
        }
      }
    }
  }
}
