import Glibc
import Imaging

/// The files of Tests/Fixtures/imaging, and the sample pictures beside the checkout where there are any.
enum Fixture {
  struct Missing: Error {
    let path: String
  }

  private static let packageRoot = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }

  static func path(_ name: String) -> String { "\(packageRoot)/Tests/Fixtures/imaging/\(name)" }

  static func bytes(_ name: String) throws -> [UInt8] { try read(path(name)) }

  /// The text lines of a file without comments.
  static func lines(_ name: String) throws -> [String] {
    String(decoding: try bytes(name), as: UTF8.self).split(separator: "\n").map(String.init).filter {
      !$0.hasPrefix("#")
    }
  }

  /// The folder `shared`: `MASKD_SHARED`, or beside the checkout. Nil where there is none.
  static let shared: String? = {
    let path = getenv("MASKD_SHARED").map { String(cString: $0) } ?? "\(packageRoot)/../shared"
    return access("\(path)/samples", R_OK) == 0 ? path : nil
  }()

  private static func read(_ path: String) throws -> [UInt8] {
    guard let file = fopen(path, "rb") else { throw Missing(path: path) }
    defer { fclose(file) }
    fseek(file, 0, SEEK_END)
    let count = ftell(file)
    rewind(file)
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      filled = fread(buffer.baseAddress, 1, count, file)
    }
  }
}

/// A short fingerprint of pixels.
func fnv1a(_ bytes: [UInt8]) -> String {
  var value: UInt64 = 0xcbf2_9ce4_8422_2325
  bytes.withUnsafeBytes { for byte in $0 { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 } }
  let digits = String(value, radix: 16)
  return String(repeating: "0", count: 16 - digits.count) + digits
}

/// SplitMix64: the same values on every machine.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func pick<Value>(_ values: Value...) -> Value {
    values[Int.random(in: values.indices, using: &self)]
  }
}

extension InputContract.Mapping {
  /// Elements are the 8-bit values themselves.
  static let identity = InputContract.Mapping(mean: [0], standardDeviation: [1])
  /// -1…1 with the scale and zero point that converters choose; elements are value - 128.
  static let symmetric = InputContract.Mapping(
    mean: [127.5], standardDeviation: [127.5], scale: Double(Float(1.0 / 127.5)), zeroPoint: -1)
}

extension InputContract {
  /// The 8-bit values of the resized picture.
  static func values(
    _ width: Int, _ height: Int, channels: Int = 3, order: ChannelOrder = .rgb, fit: Fit = .stretch,
    filter: Filter = .triangle
  ) -> InputContract {
    InputContract(
      width: width, height: height, channels: channels, channelOrder: order, fit: fit, filter: filter,
      element: .uint8, mapping: .identity)
  }
}

/// Runs a new preprocessor once.
func preprocess(
  _ bytes: [UInt8], _ format: PictureFormat, _ contract: InputContract, region: Region = .whole
) throws -> (input: [UInt8], quality: PictureQuality) {
  let preprocessor = try Preprocessor(format: format, region: region, contract: contract)
  // What was in the tensor before must not matter.
  var input = [UInt8](repeating: 0xA5, count: contract.byteCount)
  let quality = try fill(&input, with: preprocessor, bytes, format)
  return (input, quality)
}

/// Runs a preprocessor on bytes of a format.
func fill(
  _ input: inout [UInt8], with preprocessor: Preprocessor, _ bytes: [UInt8], _ format: PictureFormat
) throws -> PictureQuality {
  try input.withUnsafeMutableBytes { input in
    try bytes.withUnsafeBytes { try preprocessor.fill(input, from: Picture(format: format, bytes: $0)) }
  }
}

/// Decodes a picture in memory.
func decode(_ bytes: [UInt8]) throws -> DecodedPicture {
  try bytes.withUnsafeBytes { try PictureFile.decode($0, source: "test") }
}
