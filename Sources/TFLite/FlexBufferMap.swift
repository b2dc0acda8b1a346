/// The numbers of a FlexBuffer map: the form in which custom operators keep their settings.
///
/// Values lie before what points at them; every position is checked. Texts, lists and maps inside are passed over.
struct FlexBufferMap {
  /// A number as the file has it.
  enum Number: Equatable {
    case integer(Int64)
    case real(Double)
    case truth(Bool)
  }

  /// The numbers by name.
  let numbers: [String: Number]

  /// Entries that a map may have, and bytes that a name may have: far above any operator's settings.
  private static let entryLimit = 256
  private static let nameLimit = 256

  /// Reads a whole FlexBuffer whose root is a map; nil where it is none, or damaged.
  init?(_ bytes: [UInt8]) {
    let reader = FlexBufferReader(bytes: bytes)
    // Behind the root stand its type and its width.
    guard bytes.count >= 3, let width = reader.width(at: bytes.count - 1),
      let type = FlexBufferType(packed: bytes[bytes.count - 2]), type.kind == .map,
      let values = reader.target(ofOffsetAt: bytes.count - 2 - width, width: width)
    else { return nil }
    guard let count = reader.unsigned(at: values - type.width, width: type.width), count <= Self.entryLimit,
      let keyWidth = reader.unsigned(at: values - 2 * type.width, width: type.width), [1, 2, 4, 8].contains(keyWidth),
      let keys = reader.target(ofOffsetAt: values - 3 * type.width, width: type.width),
      let keyCount = reader.unsigned(at: keys - keyWidth, width: keyWidth), keyCount == count
    else { return nil }
    var numbers: [String: Number] = [:]
    for index in 0..<count {
      guard let start = reader.target(ofOffsetAt: keys + index * keyWidth, width: keyWidth),
        let name = reader.text(at: start, limit: Self.nameLimit),
        let packed = reader.unsigned(at: values + count * type.width + index, width: 1),
        let valueType = FlexBufferType(packed: UInt8(packed))
      else { return nil }
      guard valueType.kind != .other else { continue }
      guard let number = reader.number(at: values + index * type.width, width: type.width, type: valueType) else {
        return nil
      }
      numbers[name] = number
    }
    self.numbers = numbers
  }
}

/// The type of a value: what it is, and how wide what it points at is.
private struct FlexBufferType {
  enum Kind { case integer, unsigned, real, truth, indirectInteger, indirectUnsigned, indirectReal, map, other }
  let kind: Kind
  let width: Int

  init?(packed: UInt8) {
    width = 1 << Int(packed & 3)
    // Numbers of the FlexBuffer format.
    switch packed >> 2 {
    case 1: kind = .integer
    case 2: kind = .unsigned
    case 3: kind = .real
    case 6: kind = .indirectInteger
    case 7: kind = .indirectUnsigned
    case 8: kind = .indirectReal
    case 9: kind = .map
    case 26: kind = .truth
    case 0...36: kind = .other
    default: return nil
    }
  }
}

/// Reads at checked positions; nil outside of the bytes.
private struct FlexBufferReader {
  let bytes: [UInt8]

  func width(at position: Int) -> Int? {
    guard bytes.indices.contains(position) else { return nil }
    let width = Int(bytes[position])
    return [1, 2, 4, 8].contains(width) ? width : nil
  }

  /// The bits of `width` bytes, little-endian.
  func bits(at position: Int, width: Int) -> UInt64? {
    guard position >= 0, position <= bytes.count - width else { return nil }
    return (0..<width).reduce(0) { $0 | UInt64(bytes[position + $1]) << UInt64(8 * $1) }
  }

  func unsigned(at position: Int, width: Int) -> Int? { bits(at: position, width: width).flatMap { Int(exactly: $0) } }

  /// Where an offset leads: so many bytes back from where it stands.
  func target(ofOffsetAt position: Int, width: Int) -> Int? {
    guard let offset = unsigned(at: position, width: width), offset <= position else { return nil }
    return position - offset
  }

  /// A text that ends with a zero.
  func text(at start: Int, limit: Int) -> String? {
    guard let end = bytes[start...].prefix(limit + 1).firstIndex(of: 0) else { return nil }
    return String(decoding: bytes[start..<end], as: UTF8.self)
  }

  func number(at position: Int, width: Int, type: FlexBufferType) -> FlexBufferMap.Number? {
    switch type.kind {
    case .integer: return integer(at: position, width: width)
    case .unsigned: return bits(at: position, width: width).flatMap { Int64(exactly: $0) }.map { .integer($0) }
    case .real: return real(at: position, width: width)
    case .truth: return bits(at: position, width: width).map { .truth($0 != 0) }
    case .indirectInteger:
      return target(ofOffsetAt: position, width: width).flatMap { integer(at: $0, width: type.width) }
    case .indirectUnsigned:
      return target(ofOffsetAt: position, width: width).flatMap { bits(at: $0, width: type.width) }
        .flatMap { Int64(exactly: $0) }.map { .integer($0) }
    case .indirectReal:
      return target(ofOffsetAt: position, width: width).flatMap { real(at: $0, width: type.width) }
    case .map, .other: return nil
    }
  }

  private func integer(at position: Int, width: Int) -> FlexBufferMap.Number? {
    guard let bits = bits(at: position, width: width) else { return nil }
    let unused = UInt64(64 - 8 * width)
    return .integer(Int64(bitPattern: bits << unused) >> Int64(unused))
  }

  private func real(at position: Int, width: Int) -> FlexBufferMap.Number? {
    guard let bits = bits(at: position, width: width) else { return nil }
    switch width {
    case 4: return .real(Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits))))
    case 8: return .real(Double(bitPattern: bits))
    default: return nil
    }
  }
}
