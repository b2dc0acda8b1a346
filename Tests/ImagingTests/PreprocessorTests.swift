import Imaging
import Testing

/// `Preprocessor` against the plain version: never more than 1 apart.
@Suite struct PreprocessorTests {
  struct Case: CustomTestStringConvertible {
    var format: PictureFormat
    var region: Region
    var contract: InputContract

    var testDescription: String {
      "\(format) rows of \(format.bytesPerRow) \(format.color.matrix) \(format.color.range) x \(region.x) y \(region.y) "
        + "\(region.width) x \(region.height) to \(contract.width)x\(contract.height)x\(contract.channels) "
        + "\(contract.filter) \(contract.fit)"
    }

    init(_ pixelFormat: PixelFormat, using random: inout SeededGenerator) {
      let width = random.pick(1, 2, 3, 5, 8, 17, 31, 40, 64)
      format = PictureFormat(
        pixelFormat: pixelFormat, width: width, height: random.pick(1, 2, 3, 5, 8, 17, 31, 40, 64),
        bytesPerRow: PictureFormat.rowByteCount(pixelFormat, width: width) + random.pick(0, 0, 13, 64),
        color: ColorEncoding(
          matrix: random.pick(.bt601, .bt709, .bt2020), range: random.pick(.full, .limited)))
      region = random.pick(
        .whole, .whole, Region(x: 0, y: 0, width: 0.3, height: 0.4), Region(x: 0.7, y: 0.6, width: 0.3, height: 0.4),
        Region(x: 0.11, y: 0.52, width: 0.66, height: 0.31), Region(x: 0.999, y: 0, width: 0.001, height: 1),
        Region(x: 0.5, y: 0.5, width: 1e-9, height: 1e-9))
      contract = .values(
        random.pick(1, 2, 7, 16, 33, 48), random.pick(1, 3, 9, 16, 40), channels: random.pick(1, 3),
        order: random.pick(.rgb, .bgr), fit: random.pick(.stretch, .crop),
        filter: random.pick(.triangle, .triangle, .bilinear, .nearest))
    }

    static let all: [Case] = {
      var random = SeededGenerator(state: 42)
      return [PixelFormat.yuyv, .nv12, .grey, .rgb24].flatMap { format in
        (0..<120).map { _ in Case(format, using: &random) }
      }
    }()

    /// The crop in pixels, by the rule that the documentation gives.
    var crop: (x: Int, y: Int, width: Int, height: Int) {
      func span(_ start: Double, _ length: Double, _ count: Int) -> (Int, Int) {
        let first = min(Int((start * Double(count)).rounded()), count - 1)
        return (first, max(1, Int(((start + length) * Double(count)).rounded()) - first))
      }
      var (x, width) = span(region.x, region.width, format.width)
      var (y, height) = span(region.y, region.height, format.height)
      guard contract.fit == .crop else { return (x, y, width, height) }
      let aspect = Double(contract.width) / Double(contract.height)
      if Double(width) > Double(height) * aspect {
        let narrower = max(1, Int((Double(height) * aspect).rounded()))
        (x, width) = (x + (width - narrower) / 2, narrower)
      } else {
        let lower = max(1, Int((Double(width) / aspect).rounded()))
        (y, height) = (y + (height - lower) / 2, lower)
      }
      return (x, y, width, height)
    }
  }

  @Test(arguments: Case.all)
  func isWithinOneOfThePlainVersion(_ test: Case) throws {
    var random = SeededGenerator(state: UInt64(test.format.width * 977 + test.format.height))
    let bytes = (0..<test.format.byteCountMin).map { _ in UInt8.random(in: 0...255, using: &random) }
    let made = try preprocess(bytes, test.format, test.contract, region: test.region).input

    // The rows of the plain version may be read in full to the end.
    let padded = bytes + [UInt8](repeating: 0, count: test.format.bytesPerRow)
    var plain = PlainPicture(padded, test.format, channels: test.contract.channels)
    plain.crop(x: test.crop.x, y: test.crop.y, width: test.crop.width, height: test.crop.height)
    plain.resize(width: test.contract.width, height: test.contract.height, filter: test.contract.filter)
    if test.contract.channelOrder == .bgr {
      plain.pixels = plain.pixels.map { $0.map { $0.reversed() } }
    }
    let differences = zip(made, plain.values).map { abs(Double($0) - $1) }
    #expect(made.count == plain.values.count)
    #expect((differences.max() ?? 0) <= 1)
  }

  @Test func looksAtTheRegionAlone() throws {
    let format = PictureFormat(pixelFormat: .yuyv, width: 64, height: 48)
    var bytes = [UInt8](repeating: 235, count: format.byteCountMin)
    // Grey, luma 126, in the left half of the upper half: limited range makes 128 of it.
    for y in 0..<24 {
      for x in 0..<32 { (bytes[y * 128 + x * 2], bytes[y * 128 + x * 2 + 1]) = (126, 128) }
    }
    let region = Region(x: 0, y: 0, width: 0.5, height: 0.5)
    let (input, quality) = try preprocess(bytes, format, .values(20, 20), region: region)
    #expect(input == [UInt8](repeating: 128, count: 1200))
    #expect(quality == PictureQuality(meanLuma: 128, sharpness: 0))
  }

  @Test func canBeUsedAgainAndAgain() throws {
    let format = PictureFormat(pixelFormat: .nv12, width: 50, height: 38)
    let contract = InputContract.values(24, 24)
    let preprocessor = try Preprocessor(format: format, region: .whole, contract: contract)
    var random = SeededGenerator(state: 7)
    var input = [UInt8](repeating: 0, count: contract.byteCount)
    for _ in 0..<5 {
      let bytes = (0..<format.byteCountMin).map { _ in UInt8.random(in: 0...255, using: &random) }
      let quality = try fill(&input, with: preprocessor, bytes, format)
      let fresh = try preprocess(bytes, format, contract)
      #expect(input == fresh.input)
      #expect(quality == fresh.quality)
    }
  }
}
