import Glibc
import Imaging
import TFLite

@testable import Classification

/// Files that tests read.
enum TestFiles {
  /// The checkout.
  static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
  /// The folder of pictures and models beside the checkout; nil where it is absent.
  static let shared: String? = {
    let path = getenv("MASKD_SHARED").map { String(cString: $0) } ?? "\(root)/../shared"
    return access("\(path)/models/reference/mask_mobilenetv2_int8.tsv", R_OK) == 0 ? path : nil
  }()
  /// The bundled model.
  static let bundledModel = "\(root)/models/mask_mobilenetv2_int8.tflite"

  /// A model kept with the tests, read but not compiled.
  static func model(_ name: String) throws -> Model {
    try Model(parsing: ModelFile(path: "\(root)/Tests/Fixtures/models/\(name).tflite").model)
  }

  /// The bytes of any file.
  static func bytes(_ path: String) throws -> [UInt8] { try ModelFile(path: path).model }
}

extension Classifier {
  /// The raw output values for a picture file, or for a part of it.
  func judge(_ path: String, region: Region = .whole) throws -> [Int] {
    let picture = try PictureFile.read(path: path)
    let preprocessor = try makePreprocessor(format: picture.format, region: region)
    _ = try picture.withPicture { (picture) throws(ImagingError) in
      try preprocess(picture, with: preprocessor)
    }
    infer()
    return rawValues.map { Int($0) }
  }
}
