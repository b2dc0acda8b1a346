import TFLite

extension ElementType {
  /// The values that the type holds; nil for types that are no integers of at most 64 bits.
  var integerRange: ClosedRange<Int>? {
    switch self {
    case .bool: 0...1
    case .int8: -128...127
    case .uint8: 0...255
    case .int16: -32_768...32_767
    case .uint16: 0...65_535
    case .int32: Int(Int32.min)...Int(Int32.max)
    case .uint32: 0...Int(UInt32.max)
    case .int64: Int.min...Int.max
    default: nil
    }
  }
}

extension Elements {
  /// Reads little-endian elements at any alignment; nil where the type cannot be computed with.
  init?(decoding bytes: UnsafeRawBufferPointer, as type: ElementType) {
    switch type {
    case .int8: self = .integers(bytes.map { Int(Int8(bitPattern: $0)) })
    case .uint8, .bool: self = .integers(bytes.map { Int($0) })
    case .int16: self = .integers(Self.words(bytes, Int16.self))
    case .uint16: self = .integers(Self.words(bytes, UInt16.self))
    case .int32: self = .integers(Self.words(bytes, Int32.self))
    case .uint32: self = .integers(Self.words(bytes, UInt32.self))
    case .int64: self = .integers(Self.words(bytes, Int64.self))
    case .float32: self = .reals(Self.words(bytes, UInt32.self).map { Float(bitPattern: UInt32($0)) })
    case .float16: self = .reals(Self.words(bytes, UInt16.self).map { Float(halfPrecision: UInt16($0)) })
    default: return nil
    }
  }

  /// The elements as little-endian bytes of `type`; nil where the type cannot be written.
  func encoded(as type: ElementType) -> [UInt8]? {
    switch (self, type) {
    case (.reals(let values), .float32): values.flatMap { Self.bytes($0.bitPattern, 4) }
    case (.integers(let values), _):
      type.integerRange == nil
        ? nil : values.flatMap { Self.bytes(UInt64(bitPattern: Int64($0)), type.byteCount ?? 1) }
    default: nil
    }
  }

  private static func words<Word: FixedWidthInteger & BitwiseCopyable>(
    _ bytes: UnsafeRawBufferPointer, _: Word.Type
  ) -> [Int] {
    let size = MemoryLayout<Word>.size
    return (0..<bytes.count / size).map {
      Int(truncatingIfNeeded: Word(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * size, as: Word.self)))
    }
  }

  private static func bytes(_ word: some FixedWidthInteger, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) }
  }
}

extension Float {
  /// The number that 16 bits of IEEE 754 half precision stand for. `Float16` is not there on every platform.
  init(halfPrecision bits: UInt16) {
    let sign: FloatingPointSign = bits & 0x8000 == 0 ? .plus : .minus
    let exponent = Int(bits >> 10 & 0x1F)
    let fraction = Float(bits & 0x3FF) / 1024
    let magnitude: Float =
      switch exponent {
      case 0: fraction * 0x1p-14
      case 31: fraction == 0 ? .infinity : .nan
      default: Float(sign: .plus, exponent: exponent - 15, significand: 1 + fraction)
      }
    self = sign == .minus ? -magnitude : magnitude
  }
}
