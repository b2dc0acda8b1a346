import CAllocationCount
import Imaging
import Testing

/// A frame is made into an input without allocating.
@Suite(.enabled(if: allocation_count_is_available(), "the sanitizer has an allocator of its own"))
struct AllocationTests {
  static func allocations(
    _ bytes: [UInt8], _ format: PictureFormat, _ contract: InputContract, frames: Int
  ) throws -> Int {
    let preprocessor = try Preprocessor(format: format, region: .whole, contract: contract)
    var input = [UInt8](repeating: 0, count: contract.byteCount)
    return try input.withUnsafeMutableBytes { input in
      try bytes.withUnsafeBytes { bytes in
        let picture = Picture(format: format, bytes: bytes)
        for _ in 0..<2 { _ = try preprocessor.fill(input, from: picture) }
        let before = allocation_count_of_this_thread()
        for _ in 0..<frames { _ = try preprocessor.fill(input, from: picture) }
        return allocation_count_of_this_thread() - before
      }
    }
  }

  @Test func counts() {
    let before = allocation_count_of_this_thread()
    let array = [Int](repeating: 1, count: 1000)
    #expect(array.count == 1000)
    #expect(allocation_count_of_this_thread() > before)
  }

  @Test(arguments: [PixelFormat.yuyv, .nv12, .grey, .rgb24], [1, 3])
  func allocatesNothing(pixelFormat: PixelFormat, channels: Int) throws {
    let format = PictureFormat(pixelFormat: pixelFormat, width: 70, height: 50)
    let bytes = [UInt8](repeating: 99, count: format.byteCountMin)
    for element in [InputContract.Element.int8, .uint8, .float32] {
      var contract = InputContract.values(24, 24, channels: channels, order: .bgr)
      contract.element = element
      #expect(try Self.allocations(bytes, format, contract, frames: 10) == 0)
    }
  }

  /// libjpeg takes its working memory anew for every picture: a dozen of blocks, the same for each frame. Anything of
  /// ours by row or by pixel would show.
  @Test func allocatesOnlyInsideTheJPEGLibrary() throws {
    let bytes = try Fixture.bytes("422.jpg")
    let format = try JPEGTests.format(bytes)
    let small = try Self.allocations(bytes, format, .values(8, 8), frames: 10)
    let large = try Self.allocations(bytes, format, .values(64, 64), frames: 10)
    for count in [small, large] {
      #expect(count % 10 == 0)
      #expect(count <= 10 * 20)
    }
  }
}
