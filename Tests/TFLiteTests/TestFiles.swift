import Glibc

@testable import TFLite

/// Files that tests read.
enum TestFiles {
  /// The folder of pictures and models beside the checkout; nil where it is absent.
  static let shared: String? = {
    let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let path = getenv("MASKD_SHARED").map { String(cString: $0) } ?? "/\(root)/../shared"
    return access("\(path)/corpus/manifest.json", R_OK) == 0 ? path : nil
  }()

  /// The small models that are kept with the tests.
  static let fixtures = "/" + #filePath.split(separator: "/").dropLast(2).joined(separator: "/") + "/Fixtures"

  /// All bytes of a file; nil where it cannot be read.
  static func bytes(_ path: String) -> [UInt8]? {
    guard let file = fopen(path, "rb") else { return nil }
    defer { fclose(file) }
    fseek(file, 0, SEEK_END)
    let count = ftell(file)
    rewind(file)
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      initialized = fread(buffer.baseAddress, 1, count, file)
    }
  }

  /// A model kept with the tests.
  static func fixture(_ name: String) throws -> [UInt8] {
    guard let bytes = bytes("\(fixtures)/models/\(name)") else { throw MissingFixture(name: name) }
    return bytes
  }

  struct MissingFixture: Error {
    let name: String
  }
}
