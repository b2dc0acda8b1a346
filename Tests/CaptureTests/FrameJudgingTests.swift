import CV4L2
import Glibc
import Testing

@testable import Capture

@Suite struct JPEGExtentTests {
  private func picture(padding: [UInt8] = []) -> [UInt8] {
    [0xFF, 0xD8] + [UInt8](repeating: 0x55, count: 200) + [0xFF, 0xD9] + padding
  }

  private func extent(_ bytes: [UInt8]) -> Int? { bytes.withUnsafeBytes { JPEGExtent.wholeByteCount($0) } }

  @Test func aWholePictureIsTakenAndItsPaddingIsNot() {
    #expect(extent(picture()) == 204)
    #expect(extent(picture(padding: [0])) == 204)
    #expect(extent(picture(padding: [UInt8](repeating: 0, count: 5_000))) == 204)
  }

  @Test func everythingElseIsRefused() {
    #expect(extent([]) == nil)
    #expect(extent([0xFF, 0xD8, 0xFF, 0xD9]) == nil, "too short to be a picture")
    #expect(extent([UInt8](repeating: 0, count: 4_096)) == nil)
    #expect(extent(Array(picture().dropFirst())) == nil, "no start")
    for length in 0..<204 { #expect(extent(Array(picture().prefix(length))) == nil, "cut at \(length)") }
  }
}

@Suite struct FrameNumberingTests {
  @Test func countsWhatIsMissing() {
    var numbering = FrameNumbering()
    #expect(numbering.advance(to: 700) == 0, "a late start is no loss")
    #expect(numbering.advance(to: 701) == 0)
    #expect(numbering.advance(to: 705) == 3)
    #expect(numbering.last == 6)
  }

  @Test func goesOnAcrossTheEndOf32BitsAndARestart() {
    var numbering = FrameNumbering()
    _ = numbering.advance(to: .max - 1)
    #expect(numbering.advance(to: 1) == 2)
    numbering.restart()
    #expect(numbering.advance(to: 0) == 0)
    #expect(numbering.last == 5)
  }

  @Test func doesNotBelieveADriverThatDoesNotCountOrBeginsAnew() {
    var numbering = FrameNumbering()
    for _ in 0..<5 { #expect(numbering.advance(to: 0) == 0) }
    #expect(numbering.last == 5)
    _ = numbering.advance(to: 1_000)
    #expect(numbering.advance(to: 3) == 0, "backwards")
    #expect(numbering.advance(to: 100_000) == 0, "too far")
  }
}

@Suite struct FreshnessTests {
  private func buffer(at time: UInt64, monotonic: Bool = true) -> v4l2_buffer {
    var buffer = v4l2_buffer()
    buffer.flags = monotonic ? UInt32(V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC) : 0
    buffer.timestamp.tv_sec = Int(time / 1_000_000)
    buffer.timestamp.tv_usec = Int(time % 1_000_000)
    return buffer
  }

  @Test func takesTheDriversTimeWhereItIsMonotonicElseNow() {
    var freshness = Freshness()
    #expect(freshness.captureTime(of: buffer(at: 2_500_000), startTime: 2_000_000, now: 2_600_000) == 2_500_000)
    #expect(freshness.captureTime(of: buffer(at: 9_900_000), startTime: 2_000_000, now: 2_600_000) == 2_600_000)
    var other = Freshness()
    let foreign = buffer(at: 5, monotonic: false)
    #expect(other.captureTime(of: foreign, startTime: 2_000_000, now: 2_600_000) == 2_600_000)
  }

  @Test func givesUpOnAClockThatIsAlwaysInThePast() {
    var freshness = Freshness()
    let times = (0..<10).map { _ in freshness.captureTime(of: buffer(at: 1), startTime: 2_000_000, now: 3_000_000) }
    #expect(times == [UInt64?](repeating: nil, count: 8) + [3_000_000, 3_000_000])
  }

  @Test func anOddTimeInTheMidstOfAStreamLosesNoFrame() {
    var freshness = Freshness()
    _ = freshness.captureTime(of: buffer(at: 2_500_000), startTime: 2_000_000, now: 2_600_000)
    #expect(freshness.captureTime(of: buffer(at: 1), startTime: 2_000_000, now: 2_700_000) == 2_700_000)
    var negative = buffer(at: 0)
    negative.timestamp.tv_sec = -5
    #expect(freshness.captureTime(of: negative, startTime: 2_000_000, now: 2_800_000) == 2_800_000)
  }
}
