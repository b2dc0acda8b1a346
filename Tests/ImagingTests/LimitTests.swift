import Imaging
import Testing

/// Formats, regions and contracts that cannot be, and pictures that are not what was agreed.
@Suite struct LimitTests {
  static let format = PictureFormat(pixelFormat: .yuyv, width: 64, height: 48)
  static let contract = InputContract.values(8, 8)

  static func error(
    _ format: PictureFormat = format, _ region: Region = .whole, _ contract: InputContract = contract
  ) -> ImagingError? {
    do throws(ImagingError) {
      _ = try Preprocessor(format: format, region: region, contract: contract)
      return nil
    } catch { return error }
  }

  @Test func refusesFormats() {
    for (width, height) in [(0, 48), (64, 0), (-1, 48), (Int.min, Int.max)] {
      let format = PictureFormat(pixelFormat: .yuyv, width: width, height: height)
      #expect(Self.error(format) == .emptyPicture(width: width, height: height))
    }
    for (width, height) in [(65_536, 1), (1, Int.max), (8193, 8192)] {
      let format = PictureFormat(pixelFormat: .grey, width: width, height: height)
      #expect(Self.error(format) == .pictureTooLarge(source: "", width: width, height: height))
    }
    for bytesPerRow in [0, -128, 127, 1 << 25, Int.max] {
      let format = PictureFormat(pixelFormat: .yuyv, width: 64, height: 48, bytesPerRow: bytesPerRow)
      #expect(Self.error(format) == .badBytesPerRow(format: format, least: 128))
    }
    #expect(Self.error(PictureFormat(pixelFormat: .grey, width: 8192, height: 8192)) == nil)
  }

  @Test(arguments: [
    Region(x: -0.1, y: 0, width: 1, height: 1), Region(x: 0, y: 0, width: 0, height: 1),
    Region(x: 0.6, y: 0, width: 0.5, height: 1), Region(x: 0, y: 0.2, width: 1, height: 0.9),
    Region(x: .nan, y: 0, width: 1, height: 1), Region(x: 0, y: 0, width: .infinity, height: 1),
    Region(x: 0, y: 0, width: 1, height: .nan), Region(x: 1, y: 0, width: 0.1, height: 1),
  ])
  func refusesRegions(region: Region) {
    guard case .badRegion = Self.error(Self.format, region) else {
      Issue.record("\(region) was taken")
      return
    }
  }

  @Test func takesEdgesThatDecimalsMissByABit() throws {
    for tenth in 1..<10 {
      let region = Region(x: Double(tenth) * 0.1, y: 0.9, width: 1 - Double(tenth) * 0.1, height: 0.1)
      #expect(Self.error(Self.format, region) == nil)
    }
  }

  @Test func refusesContracts() {
    var wrong: [InputContract] = []
    for (width, height, channels) in [(0, 8, 3), (8, 4097, 3), (-1, 8, 3), (8, 8, 2), (8, 8, 4), (8, 8, 0)] {
      wrong.append(.values(width, height, channels: channels))
    }
    for mapping in [
      InputContract.Mapping(mean: [], standardDeviation: [1]), .init(mean: [0, 0], standardDeviation: [1]),
      .init(mean: [0], standardDeviation: [0]), .init(mean: [.nan], standardDeviation: [1]),
      .init(mean: [0], standardDeviation: [.infinity]), .init(mean: [0], standardDeviation: [1], scale: 0),
      .init(mean: [0], standardDeviation: [1], scale: .nan), .init(mean: [0], standardDeviation: [1], zeroPoint: 256),
    ] {
      wrong.append(InputContract(width: 8, height: 8, element: .uint8, mapping: mapping))
    }
    for contract in wrong {
      guard case .badContract(let sentence) = Self.error(Self.format, .whole, contract) else {
        Issue.record("\(contract) was taken")
        continue
      }
      #expect(!sentence.isEmpty)
    }
  }

  /// A picture of one column, 65,535 high, shrunk to a row of 4096 would hold 800 MB of rows.
  @Test func refusesAContractThatNeedsTooMuchMemory() {
    let format = PictureFormat(pixelFormat: .rgb24, width: 1, height: 65_535)
    guard case .badContract = Self.error(format, .whole, .values(4096, 1)) else {
      Issue.record("taken")
      return
    }
  }

  /// Mappings that are allowed but extreme clamp; nothing traps.
  @Test func survivesExtremeMappings() throws {
    let bytes = (0..<192).map { UInt8($0) }
    let format = PictureFormat(pixelFormat: .rgb24, width: 8, height: 8)
    for element in [InputContract.Element.int8, .uint8, .float32] {
      for mapping in [
        InputContract.Mapping(
          mean: [1e308], standardDeviation: [1e-308], scale: .leastNonzeroMagnitude, zeroPoint: 127),
        .init(mean: [-1e308], standardDeviation: [.leastNonzeroMagnitude], scale: 1e308),
      ] {
        let contract = InputContract(width: 8, height: 8, element: element, mapping: mapping)
        #expect(try preprocess(bytes, format, contract).input.count == contract.byteCount)
      }
    }
  }

  @Test func refusesWhatWasNotAgreed() throws {
    let preprocessor = try Preprocessor(format: Self.format, region: .whole, contract: Self.contract)
    var input = [UInt8](repeating: 0, count: Self.contract.byteCount)
    let bytes = [UInt8](repeating: 0, count: Self.format.byteCountMin)
    var other = Self.format
    other.color.range = .full
    #expect(throws: ImagingError.formatMismatch(expected: Self.format, found: other)) {
      try fill(&input, with: preprocessor, bytes, other)
    }
    let short = ImagingError.shortPicture(format: Self.format, expected: bytes.count, found: bytes.count - 1)
    #expect(throws: short) { try fill(&input, with: preprocessor, bytes.dropLast(), Self.format) }
    #expect(throws: ImagingError.shortPicture(format: Self.format, expected: bytes.count, found: 0)) {
      try fill(&input, with: preprocessor, [], Self.format)
    }
    input.removeLast()
    #expect(throws: ImagingError.inputSizeMismatch(expected: 192, found: 191)) {
      try fill(&input, with: preprocessor, bytes, Self.format)
    }
  }

  /// Every error is one sentence without a line break.
  @Test func saysWhatWouldBeRight() {
    #expect(
      "\(ImagingError.pictureTooLarge(source: "a.png", width: 9000, height: 9000))"
        == "a.png: a picture of 9000x9000 pixels is too large; at most 64 megapixels and 65535 a side are allowed")
    var other = Self.format
    other.color.range = .full
    #expect(
      "\(ImagingError.formatMismatch(expected: Self.format, found: other))"
        == "a picture of format 64x48 yuyv, 128 bytes per row, bt601 full came where "
        + "64x48 yuyv, 128 bytes per row, bt601 limited was agreed")
  }
}
