import Imaging
import TFLite
import Testing

@testable import Classification

/// What is made of a model's input, whatever runs the model.
struct ContractTests {
  private func contract(_ model: Model, _ sidecar: String? = nil) throws -> InputContract {
    let sidecar = try sidecar.map { try Sidecar(parsing: Array($0.utf8)) }
    return try ImageInput(of: model).contract(sidecar: sidecar?.input, metadata: model.readMetadata())
  }

  @Test func defaultsGiveEightBitModelsTheBytes() throws {
    let int8 = try contract(TestFiles.model("mnist_cnn_int8"))
    #expect(int8.element == .int8 && int8.width == 28 && int8.height == 28 && int8.channels == 1)
    #expect(int8.mapping == .init(mean: [0], standardDeviation: [1], scale: 1, zeroPoint: -128))
    #expect(int8.fit == .stretch && int8.filter == .triangle && int8.channelOrder == .rgb)
    #expect(try elements(int8) == (0...255).map { UInt8($0) ^ 0x80 })
    let uint8 = try contract(TestFiles.model("mnist_dw_uint8"))
    #expect(try elements(uint8) == (0...255).map { UInt8($0) })
    let float = try contract(TestFiles.model("mnist_cnn_float32"))
    #expect(float.mapping.mean == [127.5] && float.mapping.standardDeviation == [127.5])
  }

  @Test func theSidecarDecides() throws {
    let contract = try contract(
      TestFiles.model("mnist_cnn_int8"),
      #"{"input": {"range": [0, 1], "filter": "nearest", "fit": "crop", "channel_order": "bgr"}}"#)
    #expect(contract.filter == .nearest && contract.fit == .crop && contract.channelOrder == .bgr)
    // The scale of this model is 1/255 and its zero point -128.
    #expect(try elements(contract) == (0...255).map { UInt8($0) ^ 0x80 })
    let float = try self.contract(TestFiles.model("mnist_cnn_float32"), #"{"input": {"range": [0, 1]}}"#)
    #expect(float.mapping.mean == [0] && float.mapping.standardDeviation == [255])
    let standardized = try self.contract(
      TestFiles.model("mnist_cnn_float32"), #"{"input": {"mean": [33], "standard_deviation": [78]}}"#)
    #expect(standardized.mapping.mean == [33] && standardized.mapping.standardDeviation == [78])
  }

  @Test func theBundledModelGetsEachByteLess128() throws {
    let file = try ModelFile(path: TestFiles.bundledModel)
    let sidecar = try Sidecar(parsing: try #require(file.sidecar))
    let contract = try ImageInput(of: Model(parsing: file.model)).contract(sidecar: sidecar.input, metadata: nil)
    #expect(contract.mapping.zeroPoint == -1)
    #expect(abs(contract.mapping.scale * 127.5 - 1) < 1e-6)
    #expect(try elements(contract) == (0...255).map { UInt8($0) ^ 0x80 })
  }

  /// The element of each 8-bit value, through a picture of evenly grey columns.
  private func elements(_ contract: InputContract) throws -> [UInt8] {
    var contract = contract
    contract.width = 256
    contract.height = 1
    let format = PictureFormat(pixelFormat: .rgb24, width: 256, height: 1, color: .jfif)
    let preprocessor = try Preprocessor(format: format, region: .whole, contract: contract)
    let pixels = (0...255).flatMap { [UInt8](repeating: UInt8($0), count: 3) }
    var input = [UInt8](repeating: 0, count: contract.byteCount)
    try pixels.withUnsafeBytes { bytes in
      try input.withUnsafeMutableBytes { input in
        _ = try preprocessor.fill(input, from: Picture(format: format, bytes: bytes))
      }
    }
    return stride(from: 0, to: input.count, by: contract.channels).map { input[$0] }
  }

  @Test func refusesWhatIsNoPicture() throws {
    #expect(throws: ClassificationError.self) { try ImageInput(of: TestFiles.model("odd_weight_sharing")) }
    #expect(throws: ClassificationError.self) {
      try contract(
        TestFiles.model("mnist_cnn_int8"), #"{"input": {"mean": [1, 2, 3], "standard_deviation": [1, 1, 1]}}"#)
    }
  }
}
