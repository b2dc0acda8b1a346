import Imaging

/// A Motion-JPEG file: JPEG pictures one after the other, perhaps with other bytes between them, as a saved
/// multipart stream has.
///
/// A picture's end is found by walking its markers, so that a thumbnail inside does not end it.
struct MotionJPEGFile: ReplayInput {
  static let signature: [UInt8] = [0xFF, 0xD8, 0xFF]
  /// A picture has at most this many bytes.
  static let pictureByteCountMax = 64 << 20

  let recordedRate: Double? = nil
  private let file: RecordingFile
  private var hasEnded = false

  init(_ file: RecordingFile) { self.file = file }

  /// How walking a picture's markers went.
  private enum Walk {
    case whole(byteCount: Int)
    /// Not a picture from this place on.
    case broken(at: Int, String)
    case cutShort
  }

  mutating func next() -> ReplayItem {
    guard !hasEnded else { return .end }
    do throws(CaptureError) {
      guard try findStart() else {
        hasEnded = true
        return .end
      }
      switch try walk() {
      case .whole(let count): return take(count)
      case .broken(let place, let what):
        let error = CaptureError.malformed(path: file.path, offset: file.offset + place, what: what)
        // What stands there may be the start of the next picture; the start of this one is not tried again.
        file.consume(max(2, min(place, file.availableCount)))
        return .skipped(error)
      case .cutShort:
        hasEnded = true
        return .skipped(
          .malformed(path: file.path, offset: file.offset, what: "the last picture is cut short by the end of the file")
        )
      }
    } catch {
      hasEnded = true
      return .skipped(error)
    }
  }

  /// Passes over what is no picture; false at the end of the file.
  private func findStart() throws(CaptureError) -> Bool {
    while try file.ensure(3) {
      if file.bytes.starts(with: Self.signature) { return true }
      file.consume(file.firstIndex(of: 0xFF, from: 1) ?? file.availableCount)
    }
    return false
  }

  private func walk() throws(CaptureError) -> Walk {
    var place = 2
    while true {
      guard place <= Self.pictureByteCountMax else {
        return .broken(at: place, "a picture has at most \(Self.pictureByteCountMax) bytes")
      }
      guard try file.ensure(place + 2) else { return .cutShort }
      guard file[place] == 0xFF else {
        return .broken(at: place, "a JPEG marker begins with byte 255, here is \(file[place])")
      }
      let marker = file[place + 1]
      switch marker {
      case 0xFF: place += 1  // A fill byte before a marker.
      case 0xD9: return .whole(byteCount: place + 2)
      case 0x01, 0xD0...0xD7: place += 2
      case 0xD8: return .broken(at: place, "a picture begins inside of another")
      default:
        guard try file.ensure(place + 4) else { return .cutShort }
        let length = Int(file[place + 2]) << 8 | Int(file[place + 3])
        guard length >= 2 else {
          return .broken(at: place + 2, "a JPEG segment of \(length) bytes; at least 2 are right")
        }
        place += 2 + length
        if marker == 0xDA {
          guard let end = try endOfScan(from: place) else { return .cutShort }
          place = end
        }
      }
    }
  }

  /// The place of the marker that ends compressed data; nil where the file ends or the data is too long.
  private func endOfScan(from begin: Int) throws(CaptureError) -> Int? {
    var place = begin
    while place <= Self.pictureByteCountMax {
      guard let found = file.firstIndex(of: 0xFF, from: place) else {
        place = max(place, file.availableCount)
        guard try file.ensure(place + 1) else { return nil }
        continue
      }
      guard try file.ensure(found + 2) else { return nil }
      switch file[found + 1] {
      case 0x00, 0xD0...0xD7: place = found + 2  // A data byte of 255, or a restart.
      case 0xFF: place = found + 1
      default: return found
      }
    }
    return place
  }

  private func take(_ count: Int) -> ReplayItem {
    let place = file.offset
    defer { file.consume(count) }
    return file.bytes.prefix(count).withUnsafeBytes { bytes -> ReplayItem in
      do throws(ImagingError) {
        let format = try PictureFile.jpegFormat(bytes, source: "\(file.path) at byte \(place)")
        return .picture(ReplayPicture(Picture(format: format, bytes: bytes)))
      } catch {
        return .skipped(.badPicture(path: file.path, error))
      }
    }
  }
}
