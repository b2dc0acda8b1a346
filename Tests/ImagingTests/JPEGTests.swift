import Testing

@testable import Imaging

/// JPEG as a camera sends it, and what the decoder makes of unusual files.
@Suite struct JPEGTests {
  static func format(_ bytes: [UInt8]) throws -> PictureFormat {
    try bytes.withUnsafeBytes { try PictureFile.jpegFormat($0, source: "test") }
  }

  @Test func readsTheFormat() throws {
    let format = try Self.format(try Fixture.bytes("420.jpg"))
    #expect(format == PictureFormat(pixelFormat: .jpeg, width: 45, height: 37, color: .jfif))
    #expect(throws: ImagingError.notAPicture(source: "test")) { try Self.format([0x42, 0x4D, 0, 0]) }
  }

  /// Where no smaller scale covers the crop, a frame gives exactly what the still picture gives.
  @Test(arguments: ["420.jpg", "422.jpg", "444.jpg", "progressive.jpg", "grey.jpg"])
  func givesTheInputOfTheStillPicture(name: String) throws {
    let bytes = try Fixture.bytes(name)
    let still = try decode(bytes)
    let region = Region(x: 0.3, y: 0, width: 0.5, height: 0.8)
    let fromFrame = try preprocess(bytes, try Self.format(bytes), .values(45, 37), region: region)
    let fromStill = try preprocess(still.bytes, still.format, .values(45, 37), region: region)
    #expect(fromFrame.input == fromStill.input)
    #expect(fromFrame.quality == fromStill.quality)
  }

  @Test func decodesAtTheSmallestScaleThatCoversTheCrop() throws {
    let format = PictureFormat(pixelFormat: .jpeg, width: 1920, height: 1080)
    func size(_ region: Region, _ contract: InputContract) throws -> [Int] {
      var crop = try PixelRectangle(region, of: format)
      if contract.fit == .crop { crop = crop.croppedToAspect(width: contract.width, height: contract.height) }
      let decoder = try JPEGFrameDecoder(format: format, crop: crop, contract: contract)
      #expect(decoder.crop.x + decoder.crop.width <= decoder.output.width)
      #expect(decoder.crop.y + decoder.crop.height <= decoder.output.height)
      return [decoder.output.width, decoder.output.height, decoder.crop.width, decoder.crop.height]
    }
    #expect(try size(.whole, .values(224, 224)) == [480, 270, 480, 270])
    #expect(try size(.whole, .values(240, 135)) == [240, 135, 240, 135])
    #expect(try size(.whole, .values(241, 135)) == [480, 270, 480, 270])
    #expect(try size(.whole, .values(224, 224, fit: .crop)) == [480, 270, 270, 270])
    let part = Region(x: 0.25, y: 0.25, width: 0.25, height: 0.5)
    #expect(try size(part, .values(224, 224)) == [960, 540, 240, 270])
    #expect(try size(part, .values(500, 224)) == [1920, 1080, 480, 540])
  }

  /// Pillow's "draft" decodes at a quarter as well; then both resize from 48x32.
  @Test func givesPillowsBytesAtASmallScale() throws {
    let bytes = try Fixture.bytes("wide.jpg")
    let made = try preprocess(bytes, try Self.format(bytes), .values(40, 28))
    #expect(made.input == (try Fixture.bytes("wide_quarter_40x28.rgb")))
    // Luma alone, without the step through colours.
    let luma = try preprocess(bytes, try Self.format(bytes), .values(40, 28, channels: 1)).quality
    #expect(abs(luma.meanLuma - made.quality.meanLuma) < 1)
  }

  @Test func refusesAFrameOfAnotherSize() throws {
    let bytes = try Fixture.bytes("420.jpg")
    let agreed = PictureFormat(pixelFormat: .jpeg, width: 640, height: 480)
    let found = PictureFormat(pixelFormat: .jpeg, width: 45, height: 37)
    #expect(throws: ImagingError.formatMismatch(expected: agreed, found: found)) {
      try preprocess(bytes, agreed, .values(8, 8))
    }
  }

  @Test func refusesCMYK() throws {
    let bytes = try Fixture.bytes("cmyk.jpg")
    guard case .undecodable("test", "JPEG", let reason) = Self.error(bytes) else {
      Issue.record("taken")
      return
    }
    #expect(reason == "its colours are CMYK, for printing; save it as RGB or grey")
  }

  /// 65,500 x 65,500 pixels by the header: 12 GB that nobody allocates.
  @Test func refusesTooManyPixelsByTheHeader() throws {
    var bytes = try Fixture.bytes("420.jpg")
    let frame = try #require(Self.indexOfMarker(0xC0, in: bytes))
    bytes.replaceSubrange(frame + 5..<frame + 9, with: [0xFF, 0xDC, 0xFF, 0xDC])
    #expect(Self.error(bytes) == .pictureTooLarge(source: "test", width: 65_500, height: 65_500))
  }

  /// Cameras that send Motion JPEG leave the Huffman tables out.
  @Test func decodesFramesWithoutHuffmanTables() throws {
    let bytes = try Fixture.bytes("420.jpg")
    var bare = bytes
    while let index = Self.indexOfMarker(0xC4, in: bare) {
      bare.removeSubrange(index..<index + 2 + Int(bare[index + 2]) << 8 + Int(bare[index + 3]))
    }
    #expect(bare.count < bytes.count - 400)
    #expect(try decode(bare) == decode(bytes))
  }

  @Test func letsStrayBytesAtTheEndPass() throws {
    let bytes = try Fixture.bytes("420.jpg")
    let picture = try decode(bytes)
    #expect(try decode(bytes.dropLast(2) + [0, 0, 0] + bytes.suffix(2)) == picture)
    #expect(try decode(bytes + [UInt8](repeating: 0, count: 5000)) == picture)
  }

  /// The library would fill the missing part with grey and go on.
  @Test(arguments: ["420.jpg", "progressive.jpg"])
  func refusesEveryTruncation(name: String) throws {
    let bytes = try Fixture.bytes(name)
    let format = try Self.format(bytes)
    let preprocessor = try Preprocessor(format: format, region: .whole, contract: .values(8, 8))
    var input = [UInt8](repeating: 0, count: 192)
    for count in 0..<bytes.count - 1 {
      let part = Array(bytes.prefix(count))
      #expect(throws: ImagingError.self, "\(count) bytes, still") { try decode(part) }
      #expect(throws: ImagingError.self, "\(count) bytes, frame") {
        try fill(&input, with: preprocessor, part, format)
      }
    }
    // The decoder is as good as new after all of that.
    _ = try fill(&input, with: preprocessor, bytes, format)
    #expect(input == (try preprocess(bytes, format, .values(8, 8)).input))
  }

  static func error(_ bytes: [UInt8]) -> ImagingError? {
    do {
      _ = try decode(bytes)
      return nil
    } catch { return error as? ImagingError }
  }

  /// The first segment of that kind, found by walking from segment to segment.
  static func indexOfMarker(_ marker: UInt8, in bytes: [UInt8]) -> Int? {
    var index = 2
    while index + 3 < bytes.count, bytes[index] == 0xFF, bytes[index + 1] != 0xDA {
      if bytes[index + 1] == marker { return index }
      index += 2 + Int(bytes[index + 2]) << 8 + Int(bytes[index + 3])
    }
    return nil
  }
}
