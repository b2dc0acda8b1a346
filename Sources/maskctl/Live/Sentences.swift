/// Lines of the protocol as a person reads them.
extension ResultLine {
  /// The time of day in UTC, for example `15:04:05.123`.
  var timeOfDay: String {
    guard let time, let start = time.firstIndex(of: "T") else { return "" }
    return String(time[time.index(after: start)...].prefix(12))
  }

  /// `camera/region`.
  var place: String { "\(camera ?? "?")/\(region ?? "?")" }

  /// One line of text without its time; nil for lines that say nothing to a person.
  var sentence: String? {
    switch type {
    case "hello": helloSentence
    case "snapshot": nil
    case "state": stateSentence
    case "result": "\(place)  \(scoresText)\(latencyText)"
    case "camera": "camera \(camera ?? "?") \(event ?? "")\(explanation)"
    case "model": "model \(name ?? "?") \(phase ?? "")\(generation.map { ", generation \($0)" } ?? "")\(explanation)"
    case "overload": overloadSentence
    case "gap": "this reader was too slow: lines \(missed?.from ?? 0) to \(missed?.to ?? 0) are missing"
    case "bye": "maskd ends\(explanation)"
    default: "\(type)\(explanation)"
    }
  }

  private var helloSentence: String {
    "maskd \(version ?? "?"), model \(model?.name ?? "none") generation \(model?.generation ?? 0), "
      + "engine \(engine ?? "?"), labels \((model?.labels ?? []).joined(separator: ", "))"
  }

  private var stateSentence: String {
    let state = state ?? "?"
    let why = reason.map { " (\($0))" } ?? ""
    // Both are indeterminate where only the reason is another.
    let change = previous.map { $0 == state ? "" : "\($0) → " } ?? ""
    return "\(place)  \(change)\(Color.paint(state: state, Color.bold.paint(state)))\(why)"
  }

  private var overloadSentence: String {
    let place = camera ?? "all cameras"
    guard active == true else { return "\(place): frames are no longer shed" }
    return
      "\(place): \(shed ?? 0) frames shed; one comes each \(milliseconds(budget)) and takes \(milliseconds(measured))"
  }

  private var explanation: String {
    switch (reason, detail) {
    case (nil, nil): ""
    case (let reason?, nil): ": \(reason)"
    case (nil, let detail?): ": \(detail)"
    case (let reason?, let detail?): ": \(reason), \(detail)"
    }
  }

  /// Labels by falling score, for example `mask 0.98  no_mask 0.02`.
  var scoresText: String {
    let ordered = (scores ?? [:]).sorted { ($0.value, $1.key) > ($1.value, $0.key) }
    return ordered.prefix(3).map { label, score in
      Color.paint(state: score >= 0.5 ? label : "", "\(label) \(twoDigits(score))")
    }.joined(separator: "  ")
  }

  private var latencyText: String {
    guard let latency else { return "" }
    return Color.dim.paint(
      "  preprocess \(milliseconds(latency.preprocess)), inference \(milliseconds(latency.inference))")
  }
}

/// For example `12.3 ms`.
func milliseconds(_ microseconds: UInt64?) -> String {
  guard let microseconds else { return "" }
  let tenths = (microseconds + 50) / 100
  return "\(tenths / 10).\(tenths % 10) ms"
}

/// For example `0.98`.
func twoDigits(_ value: Double) -> String {
  let hundredths = Int((min(max(value, 0), 1) * 100).rounded())
  return "\(hundredths / 100).\(hundredths / 10 % 10)\(hundredths % 10)"
}
