/// A kind of value: how it is read, how it is written, and what to say where it is wrong.
struct Kind<Value> {
  /// Ends the sentence "… is not", for example `a whole number from 1 to 64`.
  let expectation: String
  /// Nil where the text is not of this kind. `isPlain`: it stands there without quotes.
  let parse: (_ text: String, _ isPlain: Bool) -> Value?
  /// YAML that `parse` reads as the same value.
  let render: (Value) -> String
}

extension Kind {
  /// A word that means "none given", or a value.
  static func either<Given>(_ word: String, or kind: Kind<Given>) -> Kind where Value == Given? {
    Kind(expectation: "\(word) or \(kind.expectation)") { text, isPlain in
      text == word ? .some(nil) : kind.parse(text, isPlain).map { .some($0) }
    } render: { value in
      value.map(kind.render) ?? word
    }
  }
}

extension Kind where Value == Int {
  static func integer(_ range: ClosedRange<Int>) -> Kind {
    Kind(expectation: "a whole number from \(range.lowerBound) to \(range.upperBound)") { text, isPlain in
      isPlain ? Int(text).flatMap { range.contains($0) ? $0 : nil } : nil
    } render: {
      "\($0)"
    }
  }

  static func byteCount(_ range: ClosedRange<Int>) -> Kind {
    let (least, most) = (ByteCount.text(range.lowerBound), ByteCount.text(range.upperBound))
    return Kind(expectation: "a size from \(least) to \(most), for example 65536 or 64KiB") { text, _ in
      ByteCount.parse(text).flatMap { range.contains($0) ? $0 : nil }
    } render: {
      ByteCount.text($0)
    }
  }
}

extension Kind where Value == Double {
  static func number(_ range: ClosedRange<Double>) -> Kind {
    Kind(expectation: "a number from \(plain(range.lowerBound)) to \(plain(range.upperBound))") { text, isPlain in
      isPlain ? decimal(text).flatMap { range.contains($0) ? $0 : nil } : nil
    } render: {
      plain($0)
    }
  }
}

extension Kind where Value == Bool {
  static var boolean: Kind {
    Kind(expectation: "true or false") { text, isPlain in
      isPlain ? ["true": true, "false": false, "yes": true, "no": false, "on": true, "off": false][text] : nil
    } render: {
      "\($0)"
    }
  }
}

extension Kind where Value == Duration {
  static func duration(_ range: ClosedRange<Duration>) -> Kind {
    let (least, most) = (Duration.text(range.lowerBound), Duration.text(range.upperBound))
    let expectation = "a duration from \(least) to \(most), for example 500ms, 2s or 1min (without a unit: seconds)"
    return Kind(expectation: expectation) { text, _ in
      Duration.parse(text).flatMap { range.contains($0) ? $0 : nil }
    } render: {
      Duration.text($0)
    }
  }
}

extension Kind where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
  static var word: Kind {
    let words = Value.allCases.map(\.rawValue)
    return Kind(expectation: "one of \(words.joined(separator: ", "))") { text, _ in
      Value(rawValue: text)
    } render: {
      $0.rawValue
    }
  }
}

extension Kind where Value == UInt32 {
  /// The permissions of a file, as chmod takes them.
  static var mode: Kind {
    Kind(expectation: "permissions in octal from 0000 to 0777, for example 0660") { text, _ in
      let digits = text.hasPrefix("0o") ? text.dropFirst(2) : text[...]
      guard (1...4).contains(digits.count), let mode = UInt32(digits, radix: 8), mode <= 0o777 else { return nil }
      return mode
    } render: { mode in
      let digits = String(mode, radix: 8)
      return "\"" + String(repeating: "0", count: 4 - digits.count) + digits + "\""
    }
  }
}

extension Kind where Value == String {
  /// A name that clients see, as in `door/left`.
  static var name: Kind {
    Kind(expectation: "a name of 1 to 64 letters (a to z, A to Z), digits, dots, underscores and hyphens") { text, _ in
      let isFit = text.utf8.allSatisfy { byte in
        switch UInt8(byte) {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
      }
      return isFit && (1...64).contains(text.utf8.count) ? text : nil
    } render: {
      yamlText($0)
    }
  }

  /// - Parameter longest: bytes, 4095 by the kernel's PATH_MAX.
  static func path(longest: Int = 4095) -> Kind {
    Kind(expectation: "an absolute path of at most \(longest) bytes") { text, _ in
      let isFit = text.hasPrefix("/") && text.utf8.count <= longest && !text.utf8.contains(0)
      return isFit ? text : nil
    } render: {
      yamlText($0)
    }
  }
}

extension Kind where Value == Settings.Device {
  static var device: Kind {
    let expectation = "auto, a number as in /dev/videoN (0 to 255), an absolute path, or a name in /dev/v4l/by-id"
    return Kind(expectation: expectation) { text, _ in
      if text == "auto" { return .auto }
      if text.hasPrefix("/") { return Kind<String>.path().parse(text, false).map { .path($0) } }
      if text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) {
        return Int(text).flatMap { $0 <= 255 ? .index($0) : nil }
      }
      let isFileName = !text.contains("/") && text.utf8.count <= 255 && !text.utf8.contains { $0 < 32 || $0 == 127 }
      return isFileName && text != "." && text != ".." ? .identifier(text) : nil
    } render: { device in
      switch device {
      case .auto: "auto"
      case .index(let number): "\(number)"
      case .path(let text), .identifier(let text): yamlText(text)
      }
    }
  }
}

extension Kind where Value == Settings.ReplayRate {
  static var replayRate: Kind {
    let number = Kind<Double>.number(0.01...1000)
    return Kind(expectation: "recorded, unlimited or \(number.expectation)") { text, isPlain in
      switch text {
      case "recorded": .recorded
      case "unlimited": .unlimited
      default: number.parse(text, isPlain).map { .framesPerSecond($0) }
      }
    } render: { rate in
      switch rate {
      case .recorded: "recorded"
      case .unlimited: "unlimited"
      case .framesPerSecond(let value): number.render(value)
      }
    }
  }
}
