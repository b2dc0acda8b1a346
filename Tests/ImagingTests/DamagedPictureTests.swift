import Glibc
import Imaging
import Testing

/// Files that are not what they seem: an error, never a crash.
@Suite struct DamagedPictureTests {
  @Test(arguments: ["420.jpg", "progressive.jpg", "rgb.png", "palette.png", "interlaced.png", "alpha.png"])
  func survivesMutations(name: String) throws {
    let bytes = try Fixture.bytes(name)
    var random = SeededGenerator(state: 2026)
    var (taken, refused) = (0, 0)
    for _ in 0..<300 {
      var mutant = bytes
      for _ in 0..<Int.random(in: 1...8, using: &random) {
        mutant[Int.random(in: 0..<mutant.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      do {
        let picture = try decode(mutant)
        #expect(picture.bytes.count == picture.format.width * picture.format.height * 3)
        taken += 1
      } catch {
        #expect(!"\(error)".contains("\n"))
        refused += 1
      }
    }
    #expect(refused > 100, "of \(taken + refused)")
  }

  @Test func survivesMutatedFrames() throws {
    let bytes = try Fixture.bytes("422.jpg")
    let format = try JPEGTests.format(bytes)
    let preprocessor = try Preprocessor(format: format, region: .whole, contract: .values(16, 16))
    var input = [UInt8](repeating: 0, count: 768)
    var random = SeededGenerator(state: 9)
    for _ in 0..<1000 {
      var mutant = bytes
      mutant[Int.random(in: 0..<mutant.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      _ = try? fill(&input, with: preprocessor, mutant, format)
    }
    _ = try fill(&input, with: preprocessor, bytes, format)
    #expect(input == (try preprocess(bytes, format, .values(16, 16)).input))
  }

  @Test(arguments: ["rgb.png", "palette.png", "interlaced.png", "grey16.png"])
  func survivesTruncatedPNG(name: String) throws {
    let bytes = try Fixture.bytes(name)
    for count in 0..<bytes.count {
      let part = Array(bytes.prefix(count))
      // Only the end chunk and the checksum before it may be missing: nothing of the picture is.
      if count < bytes.count - 20 {
        #expect(throws: ImagingError.self, "\(count) bytes") { try decode(part) }
      } else {
        _ = try? decode(part)
      }
    }
  }

  /// 20,000 x 20,000 pixels by the header, with a right checksum.
  @Test func refusesTooManyPixelsOfPNGByTheHeader() throws {
    var bytes = try Fixture.bytes("rgb.png")
    bytes.replaceSubrange(16..<24, with: [0, 0, 0x4E, 0x20, 0, 0, 0x4E, 0x20])
    var crc = UInt32.max
    for byte in bytes[12..<29] {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
    bytes.replaceSubrange(29..<33, with: withUnsafeBytes(of: (~crc).bigEndian) { Array($0) })
    #expect(throws: ImagingError.pictureTooLarge(source: "test", width: 20_000, height: 20_000)) { try decode(bytes) }
  }

  @Test func saysWhyAFileCannotBeRead() throws {
    #expect(throws: ImagingError.unreadable(path: "/nowhere/a.jpg", reason: "No such file or directory")) {
      try PictureFile.read(path: "/nowhere/a.jpg")
    }
    #expect(throws: ImagingError.unreadable(path: "/", reason: "it is not a regular file")) {
      try PictureFile.read(path: "/")
    }
    #expect(throws: ImagingError.notAPicture(source: #filePath)) { try PictureFile.read(path: #filePath) }
    #expect(throws: ImagingError.notAPicture(source: "test")) { try decode([]) }
  }

  /// A pipe that nobody writes to would keep us for ever.
  @Test func doesNotWaitForAPipe() throws {
    let path = "/tmp/imaging-tests-\(getpid())"
    try #require(mkfifo(path, 0o600) == 0)
    defer { unlink(path) }
    #expect(throws: ImagingError.unreadable(path: path, reason: "it is not a regular file")) {
      try PictureFile.read(path: path)
    }
  }
}
