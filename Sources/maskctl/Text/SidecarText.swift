import TFLite

extension Sidecar {
  /// The JSON text of the file, a key a line.
  var text: String {
    let entries: [(key: String, value: String?)] = [
      ("labels", labels.map { JSONText.list($0.map(JSONText.string)) }), ("input", input?.text),
      ("scores", scores.map { JSONText.string($0.rawValue) }),
      (
        "thresholds",
        thresholds.map { #"{"enter":\#(JSONText.number($0.enter)),"leave":\#(JSONText.number($0.leave))}"# }
      ),
      ("golden", goldens.isEmpty ? nil : JSONText.list(goldens.map(\.text))), ("author", author.map(JSONText.string)),
      ("description", description.map(JSONText.string)), ("license", license.map(JSONText.string)),
    ]
    return "{\n" + JSONText.pairs(entries, separator: ",\n", indentation: "  ") + "\n}\n"
  }
}

extension Sidecar.Input {
  fileprivate var text: String {
    var entries: [(key: String, value: String?)] = []
    switch normalization {
    case .range(let low, let high): entries.append(("range", JSONText.list([low, high].map(JSONText.number))))
    case .standardized(let mean, let deviation):
      entries.append(("mean", JSONText.list(mean.map(JSONText.number))))
      entries.append(("standard_deviation", JSONText.list(deviation.map(JSONText.number))))
    case nil: break
    }
    entries.append(("channel_order", channelOrder.map { JSONText.string($0.rawValue) }))
    entries.append(("filter", filter.map { JSONText.string($0.rawValue) }))
    entries.append(("fit", fit.map { JSONText.string($0.rawValue) }))
    return "{" + JSONText.pairs(entries, separator: ",", indentation: "") + "}"
  }
}

extension Sidecar.Golden {
  fileprivate var text: String {
    let values = JSONText.list(output.map(JSONText.number))
    return #"{"input":{"splitmix64":\#(seed)},"output":\#(values),"tolerance":\#(JSONText.number(tolerance))}"#
  }
}

extension JSONText {
  /// A list of values that are JSON already.
  static func list(_ values: [String]) -> String { "[" + values.joined(separator: ",") + "]" }

  /// Keys with values that are JSON already, without those that have none.
  fileprivate static func pairs(
    _ entries: [(key: String, value: String?)], separator: String, indentation: String
  ) -> String {
    entries.compactMap { entry in entry.value.map { "\(indentation)\(string(entry.key)):\($0)" } }
      .joined(separator: separator)
  }
}
