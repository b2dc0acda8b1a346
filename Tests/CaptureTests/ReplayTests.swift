import EventLoop
import Glibc
import Imaging
import Testing

@testable import Capture

@Suite struct PictureDirectoryTests {
  @Test func showsPicturesInTheOrderOfTheirNamesDecodedAsPictureFileDoes() throws {
    let directory = try ScratchDirectory()
    try directory.write("c.png", Fixture.bytes("grey.png"))
    try directory.write("a.JPG", Fixture.bytes("420.jpg"))
    try directory.write("b.jpeg", Fixture.bytes("444.jpg"))
    try directory.write("notes.txt", [1, 2, 3])
    try directory.write(".hidden.jpg", [1, 2, 3])
    let run = try ReplayRun(directory.path)
    let frames = run.framesToTheEnd()
    #expect(frames.count == 3)
    for (frame, name) in zip(frames, ["420.jpg", "444.jpg", "grey.png"]) {
      let decoded = try PictureFile.read(path: Fixture.path(name))
      #expect(frame.format == decoded.format)
      #expect(frame.bytes == decoded.bytes)
    }
    #expect(frames.map(\.sequence) == [1, 2, 3])
    #expect(run.events.map(\.kind) == [.format, .found, .lost])
    #expect(run.events.last?.reason == .endOfInput)
    #expect(run.events.last?.device == directory.path)
    #expect(run.source.counts == CaptureCounts(captured: 3, starts: 1))
  }

  @Test func aBadPictureIsToldOnceByNameAndLeftOut() throws {
    let directory = try ScratchDirectory()
    let whole = try Fixture.bytes("420.jpg")
    try directory.write("1.jpg", whole)
    let empty = try directory.write("2.png", [])
    let text = try directory.write("3.jpg", Array("no picture".utf8))
    try directory.write("4.jpg", whole)
    mkdir("\(directory.path)/5.jpg", 0o700)
    defer { rmdir("\(directory.path)/5.jpg") }
    let run = try ReplayRun(directory.path, loops: true)
    var frames: [ReplayRun.TakenFrame] = []
    while frames.count < 6, let frame = run.next() { frames.append(frame) }
    run.source.stop(timeout: .seconds(10))
    #expect(frames.map(\.sequence) == [1, 4, 6, 9, 11, 14])
    #expect(frames.map(\.droppedBefore) == [0, 2, 1, 2, 1, 2])
    let skipped = run.events.filter { $0.kind == .skipped }
    #expect(skipped.map(\.device) == [empty, text, "\(directory.path)/5.jpg"], "each once, though it loops")
    #expect(skipped.map(\.reason) == [.malformed, .malformed, .unreadable])
    #expect(skipped[1].detail == "\(text): neither a JPEG nor a PNG picture")
    #expect(run.events.contains { $0.kind == .lost } == false)
  }

  @Test func aDirectoryWithoutPicturesIsAnError() throws {
    let directory = try ScratchDirectory()
    try directory.write("readme.txt", [65])
    #expect(throws: CaptureError.noPictures(path: directory.path)) { try ReplaySource.check(path: directory.path) }
    let run = try ReplayRun(directory.path)
    #expect(run.framesToTheEnd().isEmpty)
    #expect(run.events.map(\.reason) == [.noPictures])
    try directory.write("a.jpg", Fixture.bytes("420.jpg"))
    #expect(run.next()?.format.pixelFormat == .rgb24, "pictures that come later are shown")
  }

  @Test func aDirectoryOfBadPicturesAloneDoesNotSpin() throws {
    let directory = try ScratchDirectory()
    try directory.write("a.jpg", [1, 2, 3])
    let run = try ReplayRun(directory.path, loops: true)
    #expect(run.framesToTheEnd().isEmpty)
    usleep(100_000)
    #expect(run.source.counts.starts < 20, "a loop without a pause would pass thousands of times")
    #expect(run.events.map(\.reason) == [.malformed, .noPictures])
  }

  @Test func aPathThatIsNotThereIsToldAndLookedForAgain() throws {
    let directory = try ScratchDirectory()
    let path = "\(directory.path)/later.mjpeg"
    #expect(throws: CaptureError.self) { try ReplaySource.check(path: path) }
    let run = try ReplayRun(path)
    _ = run.framesToTheEnd()
    #expect(run.events[0].reason == .notFound)
    #expect(run.events[0].errorName == "ENOENT")
    #expect(run.events[0].device == path)
    try directory.write("later.mjpeg", Fixture.bytes("420.jpg"))
    #expect(run.next()?.format.pixelFormat == .jpeg)
  }

  @Test func otherFilesAreRefused() throws {
    let directory = try ScratchDirectory()
    let text = try directory.write("a.y4m", Array("Y4M?".utf8))
    #expect(throws: CaptureError.unknownKind(path: text)) { try ReplaySource.check(path: text) }
    let pipe = "\(directory.path)/pipe"
    mkfifo(pipe, 0o600)
    #expect(throws: CaptureError.unknownKind(path: pipe)) { try ReplaySource.check(path: pipe) }
  }
}

@Suite struct ReplayPaceTests {
  @Test func runsAtItsRateAndTheNewestWins() throws {
    let directory = try ScratchDirectory()
    try directory.write("a.jpg", Fixture.bytes("420.jpg"))
    let begin = MonotonicClock.now()
    let run = try ReplayRun(directory.path, rate: .framesPerSecond(50), loops: true)
    for _ in 0..<5 {
      let frame = try #require(run.next())
      // A busy machine may only be late: no frame comes before its time.
      #expect(frame.captureTime >= begin + 20_000 * (frame.sequence - 1))
    }
    let captured = run.source.counts.captured
    while run.source.counts.captured < captured + 4 { usleep(10_000) }
    let late = try #require(run.next())
    #expect(late.droppedBefore >= 2, "nobody looked while four frames came")
    #expect(run.source.counts.replaced >= 2)
  }

  @Test func asFastAsTakenLosesNothing() throws {
    let directory = try ScratchDirectory()
    for number in 10..<40 { try directory.write("\(number).png", Fixture.bytes("grey.png")) }
    let run = try ReplayRun(directory.path)
    var sequences: [UInt64] = []
    for number in 0..<30 {
      if number == 5 { usleep(100_000) }
      let frame = try #require(run.next())
      sequences.append(frame.sequence)
      #expect(frame.droppedBefore == 0)
    }
    #expect(sequences == Array(1...30))
    #expect(run.framesToTheEnd().isEmpty)
    #expect(run.source.counts.replaced == 0)
  }

  @Test func stopsInTimeWhileItWaits() throws {
    let directory = try ScratchDirectory()
    try directory.write("a.jpg", Fixture.bytes("420.jpg"))
    for rate in [ReplayRate.framesPerSecond(0.01), .unlimited] {
      let run = try ReplayRun(directory.path, rate: rate, loops: true)
      _ = try #require(run.next())
      let begin = MonotonicClock.now()
      #expect(run.source.stop(timeout: .seconds(5)))
      #expect(MonotonicClock.now() - begin < 1_000_000)
      #expect(run.source.heartbeat > 0)
    }
  }
}

@Suite struct MotionJPEGTests {
  private func replay(_ bytes: [UInt8]) throws -> (frames: [ReplayRun.TakenFrame], events: [CameraEvent]) {
    let directory = try ScratchDirectory()
    let run = try ReplayRun(directory.write("film.mjpeg", bytes))
    return (run.framesToTheEnd(), run.events)
  }

  @Test func findsEachPictureWhateverStandsBetween() throws {
    let first = try Fixture.bytes("420.jpg")
    let second = try Fixture.bytes("progressive.jpg")
    let boundary = Array("--boundary\r\nContent-Type: image/jpeg\r\n\r\n".utf8)
    let (frames, events) = try replay(first + second + [0, 0, 0, 0xFF] + first + boundary + second + [0xFF, 0xD8])
    #expect(frames.map(\.bytes) == [first, second, first, second])
    #expect(frames.allSatisfy { $0.format.pixelFormat == .jpeg && $0.format.bytesPerRow == 0 })
    #expect(events.map(\.kind) == [.format, .found, .lost])
  }

  @Test func aThumbnailInsideDoesNotEndThePicture() throws {
    let picture = try Fixture.bytes("420.jpg")
    let thumbnail = try Fixture.bytes("grey.jpg")
    let length = thumbnail.count + 2
    let segment: [UInt8] = [0xFF, 0xE1, UInt8(length >> 8), UInt8(length & 255)] + thumbnail
    let whole = Array(picture.prefix(2)) + segment + Array(picture.dropFirst(2))
    #expect(try replay(whole + whole).frames.map(\.bytes) == [whole, whole])
  }

  @Test func aDamagedPictureIsPassedOverAndTheNextIsShown() throws {
    let whole = try Fixture.bytes("420.jpg")
    let torn = Array(whole.prefix(whole.count / 2))
    let (frames, events) = try replay(whole + torn + whole)
    #expect(frames.first?.bytes == whole)
    #expect(frames.last?.bytes == whole)
    #expect(events.contains { $0.kind == .skipped })
  }

  @Test func everyCutGivesTheWholePicturesAndNoMore() throws {
    let whole = try Fixture.bytes("420.jpg")
    let film = whole + whole
    for length in stride(from: whole.count, to: film.count, by: 37) {
      let directory = try ScratchDirectory()
      let path = try directory.write("film.mjpeg", Array(film.prefix(length)))
      var file = try ReplayOpening.open(path)
      var pictures = 0
      var skips = 0
      reading: while true {
        switch file.next() {
        case .picture: pictures += 1
        case .skipped: skips += 1
        case .end: break reading
        }
      }
      #expect(pictures == 1, "cut at \(length)")
      #expect(skips == (length > whole.count + 2 ? 1 : 0), "cut at \(length)")
    }
  }

  @Test func anyBytesEnd() throws {
    let directory = try ScratchDirectory()
    let whole = try Fixture.bytes("420.jpg")
    var generator = SplitMix(state: 42)
    for round in 0..<120 {
      var bytes = whole + whole
      for _ in 0..<(1 + round % 40) {
        bytes[Int(generator.next() % UInt64(bytes.count))] = UInt8(generator.next() & 255)
      }
      bytes.replaceSubrange(0..<3, with: MotionJPEGFile.signature)
      var file = MotionJPEGFile(try RecordingFile(directory.write("film.mjpeg", bytes)))
      var items = 0
      while items <= bytes.count {
        if case .end = file.next() { break }
        items += 1
      }
      #expect(items <= bytes.count, "round \(round)")
    }
  }
}

/// Random numbers that are the same in every run.
struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}
