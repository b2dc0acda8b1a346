import Imaging
import Testing

/// From 8-bit values to elements, on a picture of all 256 of them.
@Suite struct MappingTests {
  static let ramp = (0..<256).flatMap { [UInt8($0), UInt8(255 - $0), UInt8($0 ^ 0x55)] }
  static let format = PictureFormat(pixelFormat: .rgb24, width: 256, height: 1)

  static func contract(
    _ element: InputContract.Element, _ mapping: InputContract.Mapping, order: InputContract.ChannelOrder = .rgb
  ) -> InputContract {
    InputContract(width: 256, height: 1, channelOrder: order, element: element, mapping: mapping)
  }

  /// Every value lies on a tie there, and the scale of the file is off by a rounding to single precision.
  @Test(arguments: [1 / 127.5, Double(Float(1 / 127.5)), 0.007843138, 0.007843137])
  func givesValueMinus128ForMinusOneToOne(scale: Double) throws {
    let mapping = InputContract.Mapping(mean: [127.5], standardDeviation: [127.5], scale: scale, zeroPoint: -1)
    let input = try preprocess(Self.ramp, Self.format, Self.contract(.int8, mapping)).input
    #expect(input == Self.ramp.map { UInt8(bitPattern: Int8(Int($0) - 128)) })
  }

  @Test func keepsThePlaceOfEachChannel() throws {
    let mapping = InputContract.Mapping(mean: [0, 10, 20], standardDeviation: [1, 2, -1], scale: 0.5, zeroPoint: 3)
    let input = try preprocess(Self.ramp, Self.format, Self.contract(.uint8, mapping, order: .bgr)).input
    for x in 0..<256 {
      let (r, g, b) = (Double(Self.ramp[3 * x]), Double(Self.ramp[3 * x + 1]), Double(Self.ramp[3 * x + 2]))
      let reals = [b, (g - 10) / 2, -(r - 20)]
      let elements = reals.map { UInt8(max(0, min(255, ($0 / 0.5 + 3 + 0.5).rounded(.down)))) }
      #expect(Array(input[3 * x..<3 * x + 3]) == elements, "value \(x)")
    }
  }

  @Test func makesReals() throws {
    let mapping = InputContract.Mapping(mean: [123.675, 116.28, 103.53], standardDeviation: [58.395, 57.12, 57.375])
    let contract = Self.contract(.float32, mapping)
    #expect(contract.byteCount == 256 * 3 * 4)
    let input = try preprocess(Self.ramp, Self.format, contract).input
    let reals = input.withUnsafeBytes { bytes in
      (0..<768).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
    }
    for (i, value) in Self.ramp.enumerated() {
      #expect(reals[i] == Float((Double(value) - mapping.mean[i % 3]) / mapping.standardDeviation[i % 3]))
    }
  }

  @Test func repeatsGreyInEveryChannel() throws {
    let format = PictureFormat(
      pixelFormat: .grey, width: 256, height: 1, color: ColorEncoding(matrix: .bt601, range: .full))
    let grey = (0..<256).map { UInt8($0) }
    let input = try preprocess(grey, format, Self.contract(.int8, .symmetric)).input
    #expect(input == grey.flatMap { [UInt8](repeating: $0 ^ 0x80, count: 3) })
  }
}
