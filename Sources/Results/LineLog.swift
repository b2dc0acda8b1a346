/// The numbered lines that clients may still read, in lanes of their own so that a flood of `result` lines pushes
/// out no `state`, `camera` or `model` line. All memory is taken at the start.
struct LineLog {
  /// Bytes that a line has at most, its end included.
  static let maximumLineByteCount = 64 * 1024
  /// Lines whose kind and region are remembered after their bytes are gone, to tell `gap` from `skipped`.
  private static let remembered = 16_384

  /// The number of the newest line; 0 before the first.
  private(set) var lastNumber: UInt64 = 0
  private var lanes: [Lane]
  private var labels: [LineLabel]

  /// Divides the bytes: half for `result`, an eighth for `overload`, the rest for what must be lost last.
  init(byteCount: Int) {
    lanes = [
      Lane(byteCount: byteCount / 2), Lane(byteCount: byteCount / 8), Lane(byteCount: byteCount * 3 / 8),
    ]
    labels = [LineLabel](repeating: LineLabel(kind: .bye), count: Self.remembered)
  }

  private static func lane(of kind: LineKind) -> Int {
    switch kind {
    case .result: 0
    case .overload: 1
    case .state, .camera, .model, .bye: 2
    }
  }

  /// Takes a finished line with the number `lastNumber + 1`. One that fits nowhere is missed by every client, which is
  /// told so by `gap`.
  mutating func append(_ line: [UInt8], label: LineLabel) {
    skip(label: label)
    _ = lanes[Self.lane(of: label.kind)].append(line, number: lastNumber, label: label)
  }

  /// Uses up a number without a line, for when nobody listens.
  mutating func skip(label: LineLabel) {
    lastNumber += 1
    labels[Int(lastNumber % UInt64(Self.remembered))] = label
  }

  /// Where a client stands that knows everything up to `lastNumber`.
  func positionAtEnd() -> ReadPosition {
    ReadPosition(expected: lastNumber + 1, ordinals: lanes.map(\.end))
  }

  /// The oldest line that a client has not read, and passes it.
  func next(_ position: inout ReadPosition) -> (lane: Int, entry: Lane.Entry)? {
    var oldest: (lane: Int, entry: Lane.Entry)?
    for lane in lanes.indices {
      position.ordinals[lane] = max(position.ordinals[lane], lanes[lane].first)
      guard position.ordinals[lane] < lanes[lane].end else { continue }
      let entry = lanes[lane][position.ordinals[lane]]
      if let known = oldest, known.entry.number < entry.number { continue }
      oldest = (lane, entry)
    }
    if let oldest { position.ordinals[oldest.lane] += 1 }
    return oldest
  }

  /// The bytes of a line that `next` gave.
  func bytes(of entry: Lane.Entry, lane: Int) -> ArraySlice<UInt8> { lanes[lane].bytes(of: entry) }

  /// What becomes of the numbers before `number` that a client has not read: missed, or not asked for.
  func absence(before number: UInt64, from expected: UInt64, wanted: (LineLabel) -> Bool) -> Absence {
    var absence = Absence(expected: expected, next: number)
    let oldestKnown = lastNumber >= UInt64(Self.remembered) ? lastNumber - UInt64(Self.remembered) + 1 : 1
    if expected < min(oldestKnown, number) { absence.miss(expected...(min(oldestKnown, number) - 1)) }
    var candidate = max(expected, oldestKnown)
    while candidate < number {
      if wanted(labels[Int(candidate % UInt64(Self.remembered))]) { absence.miss(candidate...candidate) }
      candidate += 1
    }
    return absence
  }
}

/// Where a client stands in the log.
struct ReadPosition {
  /// The number that comes next for it.
  var expected: UInt64
  /// The ordinal to read next in each lane.
  fileprivate(set) var ordinals: [UInt64]
}

/// The numbers between two lines of a client.
struct Absence {
  private let expected, next: UInt64
  /// From the first to the last missed number.
  private(set) var missed: ClosedRange<UInt64>?
  /// How many numbers of `missed` were missed; the others were not asked for.
  private(set) var missedCount: UInt64 = 0

  fileprivate init(expected: UInt64, next: UInt64) {
    self.expected = expected
    self.next = next
  }

  fileprivate mutating func miss(_ numbers: ClosedRange<UInt64>) {
    missed = (missed?.lowerBound ?? numbers.lowerBound)...numbers.upperBound
    missedCount += UInt64(numbers.count)
  }

  /// Numbers not asked for before the missed ones; 0 where none is missed.
  var skippedBeforeGap: UInt64 { missed.map { $0.lowerBound - expected } ?? 0 }

  /// Numbers not asked for right before the next line.
  var skippedBeforeLine: UInt64 { next - (missed.map { $0.upperBound + 1 } ?? expected) }
}
