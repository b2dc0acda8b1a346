/// Pictures on their way into a page, which they must not make heavy.
struct EmbeddedPictures {
  /// How many a page shows under one heading.
  static let countMax = 48

  private static let byteCountMax = 1 << 20
  private var roomLeft = 8 << 20

  /// The bytes of a picture's file and a line below it; no bytes where the file is large, or all of them are.
  mutating func figure(_ path: String, caption: String) -> (bytes: [UInt8], caption: String) {
    let bytes = (try? FileAccess.read(path)) ?? []
    guard bytes.count <= min(Self.byteCountMax, roomLeft) else { return ([], caption) }
    roomLeft -= bytes.count
    return (bytes, caption)
  }

  /// A picture's file with the folder that it lies in, which tells its class.
  static func name(_ path: String) -> String { path.split(separator: "/").suffix(2).joined(separator: "/") }
}
