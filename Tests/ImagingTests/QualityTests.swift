import Imaging
import Testing

@Suite struct QualityTests {
  static func quality(_ luma: [UInt8], width: Int, height: Int, channels: Int = 3) throws -> PictureQuality {
    let format = PictureFormat(
      pixelFormat: .grey, width: width, height: height, color: ColorEncoding(matrix: .bt601, range: .full))
    return try preprocess(luma, format, .values(width, height, channels: channels)).quality
  }

  @Test(arguments: [1, 3]) func measuresAsItSays(channels: Int) throws {
    var random = SeededGenerator(state: 3)
    let (width, height) = (23, 9)
    let luma = (0..<width * height).map { _ in UInt8.random(in: 0...255, using: &random) }
    var squares = 0
    for y in 1..<height - 1 {
      for x in 1..<width - 1 {
        let at = { (dx: Int, dy: Int) in Int(luma[(y + dy) * width + x + dx]) }
        let laplacian = 4 * at(0, 0) - at(-1, 0) - at(1, 0) - at(0, -1) - at(0, 1)
        squares += laplacian * laplacian
      }
    }
    let quality = try Self.quality(luma, width: width, height: height, channels: channels)
    #expect(quality.meanLuma == Float(luma.reduce(0) { $0 + Int($1) }) / Float(width * height))
    #expect(quality.sharpness == Float(squares) / Float((width - 2) * (height - 2)))
  }

  @Test func reachesTheLargestSharpness() throws {
    let checkers = (0..<4096 * 3).map { UInt8(($0 % 4096 + $0 / 4096) % 2 == 0 ? 255 : 0) }
    #expect(try Self.quality(checkers, width: 4096, height: 3).sharpness == 1_040_400)
  }

  @Test(arguments: [(1, 1), (2, 9), (9, 2)])
  func hasNoSharpnessWithoutInnerPixels(width: Int, height: Int) throws {
    let luma = (0..<width * height).map { UInt8($0 % 2 * 255) }
    #expect(try Self.quality(luma, width: width, height: height).sharpness == 0)
  }

  /// A face out of focus and one in the dark have to stand out by a lot.
  @Test func fallsWithBlurAndWithLight() throws {
    let scene = try Fixture.bytes("scene_97x61.rgb")
    let format = PictureFormat(pixelFormat: .rgb24, width: 97, height: 61)
    let sharp = try preprocess(scene, format, .values(64, 64)).quality
    let small = try preprocess(scene, format, .values(8, 8)).input
    let blurred = try preprocess(
      small, PictureFormat(pixelFormat: .rgb24, width: 8, height: 8), .values(64, 64)
    ).quality
    let dark = try preprocess(scene.map { $0 / 8 }, format, .values(64, 64)).quality
    #expect(blurred.sharpness < sharp.sharpness / 10)
    #expect(abs(blurred.meanLuma - sharp.meanLuma) < 5)
    #expect(abs(dark.meanLuma - sharp.meanLuma / 8) < 1)
  }
}
