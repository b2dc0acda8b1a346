import EventLoop
import Imaging
import Testing

@testable import Capture

@Suite struct Y4MTests {
  private func header(_ line: String) throws(Y4MHeader.Problem) -> Y4MHeader {
    try Y4MHeader(parsing: Array(line.utf8))
  }

  private func items(_ bytes: [UInt8]) throws -> (pictures: [(PictureFormat, [UInt8])], errors: [CaptureError]) {
    let directory = try ScratchDirectory()
    var file = try Y4MFile(RecordingFile(directory.write("film.y4m", bytes)))
    var pictures: [(PictureFormat, [UInt8])] = []
    var errors: [CaptureError] = []
    while true {
      switch file.next() {
      case .picture(let picture): pictures.append((picture.format, Array(picture.bytes)))
      case .skipped(let error): errors.append(error)
      case .end: return (pictures, errors)
      }
    }
  }

  @Test func readsTheHeader() throws {
    let plain = try header("YUV4MPEG2 W640 H480")
    #expect(plain.format == PictureFormat(pixelFormat: .nv12, width: 640, height: 480))
    #expect(plain.rate == nil)
    #expect(plain.frameByteCount == 460_800)
    let high = try header("YUV4MPEG2 W1280 H720 F30000:1001 Ip A1:1 C422 XCOLORRANGE=FULL XYSCSS=422")
    #expect(high.format.pixelFormat == .yuyv)
    #expect(high.format.color == ColorEncoding(matrix: .bt709, range: .full))
    #expect(abs((high.rate ?? 0) - 29.97) < 0.001)
    #expect(try header("YUV4MPEG2 W3 H3 Cmono F0:0").rate == nil)
    #expect(try header("YUV4MPEG2 W3 H3 C420paldv").frameByteCount == 9 + 2 * 4)
  }

  @Test(arguments: ["444", "420p10", "mono16", "411", "", "444alpha", "420\u{7}"])
  func refusesOtherColourSpacesByName(name: String) throws {
    let problem = try #require(throws: Y4MHeader.Problem.self) { try header("YUV4MPEG2 W4 H4 C\(name)") }
    let shown = name.replacing("\u{7}", with: "?")
    #expect(problem.sentence.hasPrefix("the colour space C\(shown) cannot be shown; C420"))
  }

  @Test(arguments: [
    "YUV4MPEG2", "YUV4MPEG2 W4", "YUV4MPEG2 W0 H4", "YUV4MPEG2 W-4 H4", "YUV4MPEG2 W4 H70000",
    "YUV4MPEG2 W99999999999999999999 H4", "YUV4MPEG2 W65535 H65535", "YUV4MPEG2 Wx H4",
  ])
  func refusesImpossibleSizes(line: String) {
    #expect(throws: Y4MHeader.Problem.self) { try header(line) }
  }

  @Test func chromaIsInterleavedAndNothingIsLost() throws {
    let luma: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]
    let quarter = Array("YUV4MPEG2 W4 H2 C420jpeg\nFRAME\n".utf8) + luma + [10, 11] + [20, 21]
    let nv12 = try #require(try items(quarter).pictures.first)
    #expect(nv12.0.pixelFormat == .nv12)
    #expect(nv12.1 == [1, 2, 3, 4, 5, 6, 7, 8, 10, 20, 11, 21])
    let half = Array("YUV4MPEG2 W4 H2 C422\nFRAME\n".utf8) + luma + [10, 11, 12, 13] + [20, 21, 22, 23]
    let yuyv = try #require(try items(half).pictures.first)
    #expect(yuyv.1 == [1, 10, 2, 20, 3, 11, 4, 21, 5, 12, 6, 22, 7, 13, 8, 23])
    let mono = try #require(try items(Array("YUV4MPEG2 W4 H2 Cmono\nFRAME\n".utf8) + luma).pictures.first)
    #expect(mono.1 == luma)
  }

  @Test func oddSizesArePaddedAsTheFormatsAsk() throws {
    let luma: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8, 9]
    let quarter = Array("YUV4MPEG2 W3 H3\nFRAME Ip\n".utf8) + luma + [10, 11, 12, 13] + [20, 21, 22, 23]
    let nv12 = try #require(try items(quarter).pictures.first)
    #expect(nv12.0.bytesPerRow == 4)
    #expect(nv12.1 == [1, 2, 3, 0, 4, 5, 6, 0, 7, 8, 9, 0, 10, 20, 11, 21, 12, 22, 13, 23])
    let half = Array("YUV4MPEG2 W3 H1 C422\nFRAME\n".utf8) + [1, 2, 3] + [10, 11] + [20, 21]
    #expect(try items(half).pictures.first?.1 == [1, 10, 2, 20, 3, 11, 3, 21])
  }

  @Test func everyCutIsToldWithItsPlace() throws {
    let head = Array("YUV4MPEG2 W4 H2 F25:1\n".utf8)
    let frame = Array("FRAME\n".utf8) + [UInt8](repeating: 7, count: 12)
    let film = head + frame + frame
    for length in head.count...film.count {
      let (pictures, errors) = try items(Array(film.prefix(length)))
      #expect(pictures.count == (length - head.count) / frame.count, "cut at \(length)")
      let isWhole = (length - head.count) % frame.count == 0
      #expect(errors.count == (isWhole ? 0 : 1), "cut at \(length)")
    }
    for length in 10..<head.count {
      #expect(throws: CaptureError.self, "cut at \(length)") { try items(Array(film.prefix(length))) }
    }
    let (_, errors) = try items(Array(film.prefix(head.count + 10)))
    #expect(errors.map(\.description).first?.hasSuffix("at byte 28: the last frame has 4 bytes instead of 12") == true)
  }

  @Test func headersWithoutAnEndAreReadToALimit() throws {
    let endless = [UInt8]("YUV4MPEG2 W4 H2 ".utf8) + [UInt8](repeating: UInt8(ascii: "X"), count: 100_000)
    #expect(throws: CaptureError.self) { try items(endless) }
    let frames = Array("YUV4MPEG2 W4 H2\nFRAME".utf8) + [UInt8](repeating: 32, count: 100_000)
    #expect(try items(frames).errors.count == 1)
  }

  @Test func aFilmRunsAtItsOwnRate() throws {
    let directory = try ScratchDirectory()
    let frame = Array("FRAME\n".utf8) + [UInt8](repeating: 7, count: 12)
    let film = Array("YUV4MPEG2 W4 H2 F20:1\n".utf8) + frame + frame + frame
    let begin = MonotonicClock.now()
    let run = try ReplayRun(directory.write("film.y4m", film), rate: .recorded)
    let frames = run.framesToTheEnd()
    #expect(frames.last?.sequence == 3)
    for frame in frames { #expect(frame.captureTime >= begin + 50_000 * (frame.sequence - 1)) }
  }
}
