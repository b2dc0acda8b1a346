import Imaging
import Testing

/// Pillow is what the models were trained with: its bytes, not "within 1".
@Suite struct PillowGoldenTests {
  static let scene = PictureFormat(pixelFormat: .rgb24, width: 97, height: 61)

  @Test(arguments: [(24, 24), (97, 61), (110, 70), (97, 20), (5, 64), (3, 2), (1, 1)])
  func resizesAsPillow(width: Int, height: Int) throws {
    let scene = try Fixture.bytes("scene_97x61.rgb")
    let made = try preprocess(scene, Self.scene, .values(width, height)).input
    #expect(made == (try Fixture.bytes("resized_\(width)x\(height).rgb")))
  }

  @Test(arguments: [(24, 24), (110, 70)])
  func makesAndResizesLumaAsPillow(width: Int, height: Int) throws {
    let scene = try Fixture.bytes("scene_97x61.rgb")
    let made = try preprocess(scene, Self.scene, .values(width, height, channels: 1)).input
    #expect(made == (try Fixture.bytes("resized_\(width)x\(height).luma")))
  }

  @Test func resizesACropAsPillow() throws {
    let region = Region(x: 24.0 / 97, y: 0, width: 49.0 / 97, height: 1)
    let made = try preprocess(try Fixture.bytes("scene_97x61.rgb"), Self.scene, .values(32, 32), region: region).input
    #expect(made == (try Fixture.bytes("resized_crop_24_0_73_61_32x32.rgb")))
  }

  @Test(arguments: [
    "420.jpg", "422.jpg", "444.jpg", "progressive.jpg", "grey.jpg", "rgb.png", "grey.png", "palette.png",
    "interlaced.png", "alpha.png", "grey16.png",
  ])
  func decodesAsPillow(name: String) throws {
    let picture = try PictureFile.read(path: Fixture.path(name))
    #expect(picture.format == PictureFormat(pixelFormat: .rgb24, width: 45, height: 37, color: .jfif))
    #expect(picture.bytes == (try Fixture.bytes("\(name).rgb")))
  }

  @Test(.enabled(if: Fixture.shared != nil, "no folder `shared` with sample pictures beside the checkout"))
  func givesTheInputsOfTheSamples() throws {
    let shared = try #require(Fixture.shared)
    let contract = InputContract(width: 224, height: 224, element: .int8, mapping: .symmetric)
    let lines = try Fixture.lines("hashes.tsv")
    #expect(lines.count == 56)
    for line in lines {
      let fields = line.split(separator: "\t").map(String.init)
      let picture = try PictureFile.read(path: "\(shared)/\(fields[0])")
      #expect(fnv1a(picture.bytes) == fields[1], "decoded \(fields[0])")
      let input = try preprocess(picture.bytes, picture.format, contract).input
      #expect(fnv1a(input) == fields[2], "input of \(fields[0])")
    }
  }
}
