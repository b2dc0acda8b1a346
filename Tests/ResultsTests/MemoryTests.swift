import Testing

@testable import Results

@Suite struct MemoryTests {
  /// KiB of anonymous memory that the process has.
  private func residentMemory() throws -> Int {
    let status = String(decoding: try contents(of: "/proc/self/status"), as: UTF8.self)
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("RssAnon:") })
    return try #require(Int(line.split(separator: " ").dropLast().last.map { $0.filter(\.isNumber) } ?? ""))
  }

  @Test func tenThousandMessagesDoNotGrowMemory() throws {
    let directory = try TemporaryDirectory()
    let publisher = try Sample.publisher(on: directory.socket)
    defer { publisher.stop(reason: "test over") }
    let slow = try Reader(directory.socket)
    func publish() {
      for frame in 0..<10_000 as Range<UInt64> {
        publisher.publish(Sample.result(frame))
        if frame % 2 == 0 { publisher.publish(Sample.state("mask")) }
      }
    }
    publish()
    // Other tests use memory at the same time: the calmest of some rounds counts. Lines that are kept would add 6 MB in
    // every one.
    var growth = Int.max
    for _ in 0..<5 {
      let before = try residentMemory()
      publish()
      growth = min(growth, try residentMemory() - before)
      if growth < 500 { break }
    }
    #expect(growth < 2000)
    try slow.greet()
  }
}
