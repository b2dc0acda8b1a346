import Testing

@testable import Results

@Suite struct LineWriterTests {
  private func written(_ write: (inout LineWriter) -> Void) -> String {
    var writer = LineWriter()
    write(&writer)
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  @Test func putsCommasWhereTheyBelong() {
    let text = written { writer in
      writer.beginObject()
      writer.member("a", UInt64(1))
      writer.key("b")
      writer.beginArray()
      writer.value("x,")
      writer.null()
      writer.beginObject()
      writer.endObject()
      writer.value(true)
      writer.endArray()
      writer.member("c", false)
      writer.endObject()
    }
    #expect(text == #"{"a":1,"b":["x,",null,{},true],"c":false}"#)
  }

  @Test func escapesWhatJSONForbids() throws {
    let every = (0..<0x20).map { String(UnicodeScalar(UInt8($0))) }.joined() + "\"\\/\u{7F}é😀\u{2028}"
    let text = written { $0.value(every) }
    #expect(!text.utf8.contains { $0 < 0x20 })
    #expect(text.hasPrefix(#""\u0000\u0001"#))
    #expect(text.contains(#"\t\n\u000b"#))
    #expect(try JSONValue(parsing: text.utf8) == .string(every))
  }

  @Test func bytesThatAreNoUnicodeAreReplaced() throws {
    let name = String(decoding: [0x61, 0xFF, 0xC3, 0x28, 0xED, 0xA0, 0x80] as [UInt8], as: UTF8.self)
    let text = written { $0.value(name) }
    #expect(text.hasPrefix("\"a\u{FFFD}\u{FFFD}("))
    #expect(try JSONValue(parsing: text.utf8) == .string(name))
  }

  @Test(arguments: [
    (0.0, "0"), (-0.0, "0"), (1.0, "1"), (0.5, "0.5"), (0.1, "0.1"), (0.999_999_9, "1"), (0.000_001, "0.000001"),
    (0.000_000_4, "0"), (-0.25, "-0.25"), (123.456_789_1, "123.456789"), (Double.nan, "null"), (.infinity, "null"),
    (-.infinity, "null"), (Double(Float(0.1)), "0.1"), (1e12, "1000000000000.0"), (1e300, "1e+300"),
  ])
  func writesNumbers(number: Double, expected: String) {
    #expect(written { $0.value(number) } == expected)
  }

  @Test func writesTheLargestCount() {
    #expect(written { $0.value(UInt64.max) } == "18446744073709551615")
  }

  /// From `date -u -d @SECONDS +%FT%T`.
  @Test(
    arguments: [
      (0, "1970-01-01T00:00:00.000Z"), (951_782_400_123_999, "2000-02-29T00:00:00.123Z"),
      (951_868_799_999_999, "2000-02-29T23:59:59.999Z"), (1_709_164_800_000_000, "2024-02-29T00:00:00.000Z"),
      (1_735_689_599_000_000, "2024-12-31T23:59:59.000Z"), (1_735_689_600_000_000, "2025-01-01T00:00:00.000Z"),
      (4_107_542_400_000_000, "2100-03-01T00:00:00.000Z"), (2_147_483_648_001_000, "2038-01-19T03:14:08.001Z"),
    ] as [(UInt64, String)])
  func writesTimes(microseconds: UInt64, expected: String) {
    #expect(written { $0.value(timestamp: microseconds) } == "\"\(expected)\"")
  }

  @Test func turnsMonotonicIntoWallTime() {
    let context = LineContext(run: "r")
    #expect(context.realtime(of: context.monotonic) == context.realtime)
    #expect(context.realtime(of: context.monotonic - 5_000_000) == context.realtime - 5_000_000)
    #expect(context.realtime(of: .max) == context.realtime)
  }
}

@Suite struct GlobPatternTests {
  @Test(arguments: [
    ("door/*", "door/left", true), ("door/*", "door/", true), ("door/*", "doors/left", false), ("*", "a/b", true),
    ("", "", true), ("", "a", false), ("*/left", "door/left", true), ("*/left", "door/left/x", false),
    ("a*b*c", "aXbYbZc", true), ("a*b*c", "aXbYbZ", false), ("door/left", "door/left", true), ("**", "x", true),
    ("d?or/*", "door/left", false),
  ])
  func matches(pattern: String, name: String, expected: Bool) {
    #expect(GlobPattern(pattern).matches(name) == expected)
  }

  @Test func aHostilePatternTakesNoLongTime() {
    let pattern = GlobPattern(String(repeating: "a*", count: 2000) + "b")
    let name = String(repeating: "a", count: 4000)
    var matched = true
    let duration = ContinuousClock().measure { matched = pattern.matches(name) }
    #expect(!matched)
    #expect(duration < .seconds(5))
  }
}
