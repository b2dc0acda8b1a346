import Testing

@testable import TFLite

/// The map {"a": 7, "b": 0.5, "c": true, "d": "x"} as a FlexBuffer, byte by byte.
@Suite struct FlexBufferTests {
  private let bytes: [UInt8] = [
    0x61, 0, 0x62, 0, 0x63, 0, 0x64, 0,  // 0: the keys
    1, 0x78, 0,  // 8: the text "x" with its length in front
    4, 12, 11, 10, 9,  // 11: how many keys, and how far back each begins
    0, 0, 0, 0,  // 16: nothing, so that what follows is aligned
    8, 0, 0, 0,  // 20: the keys' offsets begin 8 bytes back
    1, 0, 0, 0,  // 24: and have 1 byte
    4, 0, 0, 0,  // 28: four values
    7, 0, 0, 0,  // 32
    0, 0, 0, 0x3F,  // 36: 0.5 in single precision
    1, 0, 0, 0,  // 40
    35, 0, 0, 0,  // 44: the text 35 bytes back
    0x06, 0x0E, 0x6A, 0x14,  // 48: the types
    20, 0x26, 1,  // 52: the root 20 bytes back, a map of 4-byte values, and the root's own width
  ]

  @Test func numbersByName() throws {
    let map = try #require(FlexBufferMap(bytes))
    #expect(map.numbers == ["a": .integer(7), "b": .real(0.5), "c": .truth(true)])
  }

  @Test func settingsOfDetections() throws {
    let options = DetectionOptions(try #require(FlexBufferMap(bytes)))
    #expect(options.countPerClass == 100 && options.maximumCount == 0 && !options.isRegular)
  }

  /// Every damaged byte gives other numbers or nothing at all, and never a trap.
  @Test func damage() {
    for position in bytes.indices {
      for value in [UInt8(0), 1, 0x7F, 0x80, 0xFF, bytes[position] ^ 1, bytes[position] ^ 4] {
        var damaged = bytes
        damaged[position] = value
        _ = FlexBufferMap(damaged).map(DetectionOptions.init)
      }
    }
    for count in 0...bytes.count { _ = FlexBufferMap(Array(bytes.prefix(count))) }
    #expect(FlexBufferMap([]) == nil)
    #expect(FlexBufferMap([1, 2, 3]) == nil)
  }
}
