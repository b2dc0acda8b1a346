import EventLoop

/// The state of every region, redrawn in place, with the last events below.
struct LiveTable {
  private struct Row {
    let place: String
    var state: String
    var reason: String?
    var scoresText = ""
    var latency: UInt64?
    var changed: UInt64
  }

  private var title = ""
  private var model = ""
  private var rows: [Row] = []
  private var events: [String] = []
  private var drawnLineCount = 0

  private static let eventMax = 8

  /// Starts with the greeting of a daemon.
  init(hello: ResultLine, snapshot: ResultLine) {
    title = "maskd \(hello.version ?? "?") · \(hello.engine ?? "?")"
    model = modelText(hello.model)
    let now = Self.seconds()
    rows = (snapshot.regions ?? []).map { region in
      Row(
        place: "\(region.camera)/\(region.region)", state: region.state, reason: region.reason, changed: now)
    }
  }

  /// Takes a line.
  mutating func take(_ line: ResultLine) {
    switch line.type {
    case "result": takeResult(line)
    case "state": takeState(line)
    case "model":
      if line.phase == "committed" { model = "model \(line.name ?? "?") generation \(line.generation ?? 0)" }
      takeEvent(line)
    default: takeEvent(line)
    }
  }

  private mutating func takeResult(_ line: ResultLine) {
    let now = Self.seconds()
    let index = row(of: line.place, at: now)
    rows[index].scoresText = line.scoresText
    rows[index].latency = line.latency?.total
  }

  private mutating func takeState(_ line: ResultLine) {
    let now = Self.seconds()
    let index = row(of: line.place, at: now)
    rows[index].state = line.state ?? "?"
    rows[index].reason = line.reason
    rows[index].changed = now
    takeEvent(line)
  }

  private mutating func takeEvent(_ line: ResultLine) {
    guard let sentence = line.sentence else { return }
    events.append("\(Color.dim.paint(line.timeOfDay))  \(sentence)")
    if events.count > Self.eventMax { events.removeFirst() }
  }

  private mutating func row(of place: String, at time: UInt64) -> Int {
    if let index = rows.firstIndex(where: { $0.place == place }) { return index }
    rows.append(Row(place: place, state: "indeterminate", changed: time))
    return rows.count - 1
  }

  private func modelText(_ model: ResultLine.Model?) -> String {
    model.map { "model \($0.name) generation \($0.generation ?? 0)" } ?? "no model"
  }

  /// The text that replaces what was drawn before, cut to the terminal.
  mutating func drawing() -> String {
    let size = Terminal.size
    var lines = ["\(Color.bold.paint(title)) · \(model)", ""]
    let width = max(rows.map(\.place.count).max() ?? 0, 6)
    lines.append(
      Color.dim.paint(
        "\(padded("REGION", width))  \(padded("STATE", 28))  \(padded("FOR", 7))  SCORES OF THE LAST FRAME"))
    let now = Self.seconds()
    lines += rows.map { text(of: $0, width: width, now: now) }
    if !events.isEmpty { lines += [""] + events }
    lines = lines.prefix(max(size.rows - 1, 4)).map { cut($0, to: size.columns) }
    let up = drawnLineCount > 0 ? "\u{1B}[\(drawnLineCount)A" : ""
    drawnLineCount = lines.count
    return up + lines.map { "\u{1B}[2K\($0)\n" }.joined() + "\u{1B}[J"
  }

  private func text(of row: Row, width: Int, now: UInt64) -> String {
    let state = row.reason.map { "\(row.state) (\($0))" } ?? row.state
    let duration = now >= row.changed ? now - row.changed : 0
    let latency = row.latency.map { Color.dim.paint("  \(milliseconds($0))") } ?? ""
    return "\(padded(row.place, width))  \(Color.paint(state: row.state, padded("● " + state, 28)))  "
      + "\(padded(Self.durationText(duration), 7))  \(row.scoresText)\(latency)"
  }

  private static func durationText(_ seconds: UInt64) -> String {
    switch seconds {
    case ..<60: "\(seconds) s"
    case ..<3600: "\(seconds / 60) min"
    default: "\(seconds / 3600) h"
    }
  }

  private func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  /// Cuts what a person sees, not the colours in between.
  private func cut(_ line: String, to columns: Int) -> String {
    var seen = 0
    var inEscape = false
    var result = ""
    for character in line {
      if character == "\u{1B}" { inEscape = true }
      if inEscape {
        result.append(character)
        if character.isLetter { inEscape = false }
        continue
      }
      seen += 1
      if seen < columns { result.append(character) }
    }
    return result
  }

  private static func seconds() -> UInt64 { MonotonicClock.now() / 1_000_000 }
}
