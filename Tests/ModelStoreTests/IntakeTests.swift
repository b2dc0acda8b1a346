import Testing

@testable import ModelStore

@Suite struct IntakeTests {
  static let rules = Drop.Rules(settle: .seconds(1))
  let a = Array("a.tflite".utf8)
  let b = Array("b.tflite".utf8)

  func file(_ inode: UInt64, changed: Int64 = 1) -> Fingerprint {
    Fingerprint(model: FileStamp(inode: inode, byteCount: 5, modified: changed, changed: changed), sidecar: nil)
  }

  func names(_ intake: inout Intake, at time: Duration, writers: Set<Intake.Name> = []) -> [Intake.Name] {
    var taken: [Intake.Name] = []
    while let (name, _) = intake.next(at: time, hasWriter: writers.contains) { taken.append(name) }
    return taken
  }

  @Test func eachFileHasItsTurnOnceAfterItsTime() {
    var intake = Intake(Self.rules)
    #expect(intake.look([a: file(1)], at: .zero) == [a])
    #expect(intake.nextDue == .seconds(1))
    #expect(names(&intake, at: .milliseconds(999)) == [])
    #expect(intake.look([a: file(1)], at: .milliseconds(999)) == [])
    #expect(names(&intake, at: .seconds(1)) == [a])
    #expect(intake.look([a: file(1)], at: .seconds(2)) == [])
    #expect(names(&intake, at: .seconds(9)) == [])
    #expect(intake.nextDue == nil)
  }

  @Test func aFileThatChangesHasItsTurnAgain() {
    var intake = Intake(Self.rules)
    _ = intake.look([a: file(1)], at: .zero)
    #expect(names(&intake, at: .seconds(1)) == [a])
    intake.refuse(a)
    #expect(intake.look([a: file(2)], at: .seconds(2)) == [a])
    #expect(names(&intake, at: .seconds(3)) == [a])
    #expect(intake.remembered == [a: file(2)])
  }

  @Test func theNewestComesLast() {
    var intake = Intake(Self.rules)
    _ = intake.look([a: file(1, changed: 9), b: file(2, changed: 3)], at: .zero)
    #expect(names(&intake, at: .seconds(1)) == [b, a])
  }

  @Test func aFileWithAWriterWaitsAndHoldsNobodyUp() {
    var intake = Intake(Self.rules)
    _ = intake.look([a: file(1), b: file(2)], at: .zero)
    #expect(names(&intake, at: .seconds(1), writers: [a]) == [b])
    #expect(names(&intake, at: .milliseconds(1900)) == [])
    #expect(names(&intake, at: .seconds(2)) == [a])
  }

  @Test func aFileThatGoesIsForgotten() {
    var intake = Intake(Self.rules)
    _ = intake.look([a: file(1), b: file(2)], at: .zero)
    _ = intake.look([b: file(2)], at: .milliseconds(500))
    #expect(names(&intake, at: .seconds(1)) == [b])
    #expect(intake.look([:], at: .seconds(2)) == [])
    #expect(intake.remembered.isEmpty)
    #expect(intake.look([b: file(2)], at: .seconds(3)) == [b])
  }

  @Test func aRestartKnowsWhatHadItsTurnButNotWhatWasRefused() {
    var first = Intake(Self.rules)
    _ = first.look([a: file(1), b: file(2)], at: .zero)
    #expect(names(&first, at: .seconds(1)) == [a, b])
    first.refuse(b)
    var second = Intake(Self.rules, considered: first.remembered)
    #expect(second.look([a: file(1), b: file(2)], at: .zero) == [b])
  }
}
