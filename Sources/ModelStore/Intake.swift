/// Which files of the drop directory are settling, and which had their turn. Pure.
struct Intake {
  /// The name of a file as the file system has it: any bytes but zero and "/".
  typealias Name = [UInt8]

  private let rules: Drop.Rules
  private var settling: [Name: Drop] = [:]
  private var considered: [Name: Fingerprint]
  private var refused: Set<Name> = []

  /// - Parameter considered: what had its turn in an earlier run and is not to be taken again.
  init(_ rules: Drop.Rules, considered: [Name: Fingerprint] = [:]) {
    self.rules = rules
    self.considered = considered
  }

  /// Takes in what the directory holds now. Gives the names that are new or changed since they had their turn.
  mutating func look(_ listing: [Name: Fingerprint], at time: Duration) -> [Name] {
    settling = settling.filter { listing[$0.key] != nil }
    considered = considered.filter { listing[$0.key] != nil }
    refused = refused.filter { listing[$0] != nil }
    var arrived: Set<Name> = []
    for (name, fingerprint) in listing where considered[name] != fingerprint {
      considered[name] = nil
      refused.remove(name)
      if settling[name] == nil { arrived.insert(name) }
      var drop = settling[name] ?? Drop(fingerprint, at: time)
      // Whether it is due is asked in `next`, together with whether it has a writer.
      if drop.fingerprint != fingerprint { drop = Drop(fingerprint, at: time) }
      settling[name] = drop
    }
    return settling.filter { arrived.contains($0.key) }.sorted(by: Self.isBefore).map(\.key)
  }

  /// The file to take now, the one that changed last at the end; it is no longer settling then.
  ///
  /// - Parameter hasWriter: asked of files whose time has come.
  mutating func next(at time: Duration, hasWriter: (Name) -> Bool) -> (name: Name, drop: Drop)? {
    let due = settling.filter { $0.value.due(rules).map { $0 <= time } ?? false }
    for (name, drop) in due.sorted(by: Self.isBefore) {
      var drop = drop
      let effect = drop.receive(.looked(drop.fingerprint, hasWriter: hasWriter(name), at: time), rules)
      settling[name] = drop
      guard effect == .verify else { continue }
      settling[name] = nil
      considered[name] = drop.fingerprint
      return (name, drop)
    }
    return nil
  }

  /// Puts a file back that changed while it was read.
  mutating func putBack(_ name: Name, _ drop: Drop) {
    considered[name] = nil
    settling[name] = drop
  }

  /// Notes that a file was refused: it has its turn again when it changes, and after a restart.
  mutating func refuse(_ name: Name) { refused.insert(name) }

  /// When the next file may be due.
  var nextDue: Duration? { settling.values.compactMap { $0.due(rules) }.min() }

  /// What had its turn and was not refused, to be remembered over a restart: else an older model that still lies there
  /// would take over again.
  var remembered: [Name: Fingerprint] { considered.filter { !refused.contains($0.key) } }

  /// The time of the last change decides, so that the newest has the last word.
  private static func isBefore(_ one: (key: Name, value: Drop), _ other: (key: Name, value: Drop)) -> Bool {
    let (time, otherTime) = (one.value.fingerprint.model.changed, other.value.fingerprint.model.changed)
    return time == otherTime ? one.key.lexicographicallyPrecedes(other.key) : time < otherTime
  }
}
