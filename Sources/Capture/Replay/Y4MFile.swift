import Imaging

/// A .y4m file: raw pictures, each with a line before it.
struct Y4MFile: ReplayInput {
  static let signature = [UInt8]("YUV4MPEG2 ".utf8)
  /// The line before a frame has at most this many bytes.
  static let frameLineByteCountMax = 256

  let header: Y4MHeader
  private let file: RecordingFile
  private var hasEnded = false

  init(_ file: RecordingFile) throws(CaptureError) {
    guard let line = try file.readLine(byteCountMax: Y4MHeader.byteCountMax) else {
      let what = "the header line does not end within \(Y4MHeader.byteCountMax) bytes"
      throw .malformed(path: file.path, offset: 0, what: what)
    }
    do throws(Y4MHeader.Problem) {
      header = try Y4MHeader(parsing: line)
    } catch {
      throw .malformed(path: file.path, offset: 0, what: error.sentence)
    }
    self.file = file
  }

  var recordedRate: Double? { header.rate }

  mutating func next() -> ReplayItem {
    guard !hasEnded else { return .end }
    do throws(CaptureError) {
      if let picture = try readPicture() { return .picture(picture) }
      hasEnded = true
      return .end
    } catch {
      // Where a frame does not end as it should, there is no telling where the next begins.
      hasEnded = true
      return .skipped(error)
    }
  }

  private func readPicture() throws(CaptureError) -> ReplayPicture? {
    guard try file.ensure(1) else { return nil }
    let place = file.offset
    let line = try file.readLine(byteCountMax: Self.frameLineByteCountMax)
    guard let line, line.starts(with: "FRAME".utf8) else {
      throw .malformed(path: file.path, offset: place, what: "a frame begins with a line FRAME, and here is none")
    }
    guard try file.ensure(header.frameByteCount) else {
      let what = "the last frame has \(file.availableCount) bytes instead of \(header.frameByteCount)"
      throw .malformed(path: file.path, offset: file.offset, what: what)
    }
    defer { file.consume(header.frameByteCount) }
    let format = header.format
    let picture = ReplayPicture(format: format, byteCount: format.byteCountMin)
    file.bytes.prefix(header.frameByteCount).withUnsafeBytes { planes in
      let luma = header.width * header.height
      let (first, second) = (luma, luma + header.chromaByteCount)
      Planes(
        width: header.width, height: header.height, luma: UnsafeRawBufferPointer(rebasing: planes[..<luma]),
        blue: UnsafeRawBufferPointer(rebasing: planes[first..<second]),
        red: UnsafeRawBufferPointer(rebasing: planes[second...])
      ).write(to: picture)
    }
    return picture
  }
}

/// Three planes as a .y4m file has them, written as the packed formats of cameras.
private struct Planes {
  let width: Int
  let height: Int
  let luma: UnsafeRawBufferPointer
  let blue: UnsafeRawBufferPointer
  let red: UnsafeRawBufferPointer

  func write(to picture: ReplayPicture) {
    switch picture.format.pixelFormat {
    case .nv12: writeNV12(picture.bytes, bytesPerRow: picture.format.bytesPerRow)
    case .yuyv: writeYUYV(picture.bytes, bytesPerRow: picture.format.bytesPerRow)
    default: picture.bytes.copyMemory(from: luma)
    }
  }

  private func writeNV12(_ target: UnsafeMutableRawBufferPointer, bytesPerRow: Int) {
    // A row of an odd width has one byte of padding, which must not be left to chance.
    target.initializeMemory(as: UInt8.self, repeating: 0)
    for row in 0..<height {
      let line = UnsafeRawBufferPointer(rebasing: luma[(row * width)..<((row + 1) * width)])
      UnsafeMutableRawBufferPointer(rebasing: target[(row * bytesPerRow)...]).copyMemory(from: line)
    }
    let chromaWidth = (width + 1) / 2
    for row in 0..<((height + 1) / 2) {
      let line = (height + row) * bytesPerRow
      for column in 0..<chromaWidth {
        target[line + 2 * column] = blue[row * chromaWidth + column]
        target[line + 2 * column + 1] = red[row * chromaWidth + column]
      }
    }
  }

  private func writeYUYV(_ target: UnsafeMutableRawBufferPointer, bytesPerRow: Int) {
    let chromaWidth = (width + 1) / 2
    for row in 0..<height {
      for column in 0..<chromaWidth {
        let place = row * bytesPerRow + 4 * column
        let left = row * width + 2 * column
        target[place] = luma[left]
        // Behind the last pixel of an odd row stands that pixel again.
        target[place + 2] = 2 * column + 1 < width ? luma[left + 1] : luma[left]
        target[place + 1] = blue[row * chromaWidth + column]
        target[place + 3] = red[row * chromaWidth + column]
      }
    }
  }
}
