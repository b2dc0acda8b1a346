/// The kinds of lines that have a number of their own.
enum LineKind: UInt8, CaseIterable {
  case state, result, camera, model, overload, bye

  /// The word of the protocol.
  var name: String {
    switch self {
    case .state: "state"
    case .result: "result"
    case .camera: "camera"
    case .model: "model"
    case .overload: "overload"
    case .bye: "bye"
    }
  }
}

/// What a line is, apart from its bytes.
struct LineLabel {
  var kind: LineKind
  /// The region's place in the `RegionTable`; nil for lines of no region.
  var region: UInt16?

  init(kind: LineKind, region: UInt16? = nil) {
    self.kind = kind
    self.region = region
  }
}

/// A ring of finished lines, shared by all clients. The oldest lines make room for new ones.
///
/// Lines have ordinals (0, 1, 2, …) within the lane; a client keeps the ordinal that it reads next.
struct Lane {
  struct Entry {
    /// The number (`seq`) of the line.
    var number: UInt64 = 0
    var label = LineLabel(kind: .bye)
    fileprivate var position: UInt64 = 0
    fileprivate var byteCount = 0
  }

  /// No line is shorter: its type, number, run and time alone are longer.
  private static let shortestLine = 96

  private var bytes: [UInt8]
  private var entries: [Entry]
  /// The ordinal of the oldest line that is still here.
  private(set) var first: UInt64 = 0
  /// The ordinal that the next line gets.
  private(set) var end: UInt64 = 0
  /// Where the next line goes, counted without wrapping.
  private var position: UInt64 = 0

  init(byteCount: Int) {
    bytes = [UInt8](repeating: 0, count: byteCount)
    entries = [Entry](repeating: Entry(), count: byteCount / Self.shortestLine + 1)
  }

  /// Puts a line at the end; false where it is longer than the lane.
  mutating func append(_ line: [UInt8], number: UInt64, label: LineLabel) -> Bool {
    let capacity = UInt64(bytes.count)
    let count = UInt64(line.count)
    guard count <= capacity else { return false }
    // A line lies in one piece: what is left before the end of the ring stays unused where it does not fit.
    if position % capacity + count > capacity { position += capacity - position % capacity }
    while first < end, self[first].position + capacity < position + count || end - first == entries.count {
      first += 1
    }
    let start = Int(position % capacity)
    line.withUnsafeBytes { source in
      bytes.withUnsafeMutableBytes { $0[start..<start + line.count].copyBytes(from: source) }
    }
    entries[Int(end % UInt64(entries.count))] = Entry(
      number: number, label: label, position: position, byteCount: line.count)
    position += count
    end += 1
    return true
  }

  /// The line with an ordinal in `first..<end`.
  subscript(ordinal: UInt64) -> Entry { entries[Int(ordinal % UInt64(entries.count))] }

  /// The bytes of a line that is still here.
  func bytes(of entry: Entry) -> ArraySlice<UInt8> {
    let start = Int(entry.position % UInt64(bytes.count))
    return bytes[start..<start + entry.byteCount]
  }
}
