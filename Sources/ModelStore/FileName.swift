/// File names are bytes; this is how they are shown and told apart.
enum FileName {
  /// A model file that is meant for us: `NAME.tflite`, not hidden.
  static func isModel(_ name: [UInt8]) -> Bool {
    name.count > ending.count && name.suffix(ending.count).elementsEqual(ending) && name[0] != UInt8(ascii: ".")
  }

  /// `NAME.json` for `NAME.tflite`.
  static func sidecar(of name: [UInt8]) -> [UInt8] {
    Array(name.dropLast(ending.count)) + Array(".json".utf8)
  }

  /// Printable text: what is no printable UTF-8, and the backslash, stands as `\xNN`.
  static func display(_ name: [UInt8]) -> String {
    var text = ""
    var rest = name[...]
    while let first = rest.first {
      let length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
      let character = String(validating: rest.prefix(length), as: UTF8.self)
      if let character, let scalar = character.unicodeScalars.first, isPrintable(scalar) {
        text += character
        rest = rest.dropFirst(length)
      } else {
        let digits = String(first, radix: 16)
        text += "\\x" + (digits.count == 1 ? "0" : "") + digits
        rest = rest.dropFirst()
      }
    }
    return text
  }

  private static let ending = Array(".tflite".utf8)

  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
    default: scalar != "\\"
    }
  }
}
