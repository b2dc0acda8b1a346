import CZlib

/// How large a file would be that travels compressed, for example as an update over the air.
enum CompressedSize {
  /// The byte count that `gzip -n` makes of bytes, at its default level.
  static func gzip(_ bytes: [UInt8]) -> Int {
    var stream = z_stream()
    let gzipFormat: CInt = 15 + 16
    let opened = deflateInit2_(
      &stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, gzipFormat, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
      CInt(MemoryLayout<z_stream>.size))
    precondition(opened == Z_OK, "zlib is not the one that this was built for")
    defer { deflateEnd(&stream) }
    var count = 0
    var output = [UInt8](repeating: 0, count: 1 << 16)
    // zlib reads through a pointer that it calls mutable, and counts input in 32 bits.
    var input = bytes
    input.withUnsafeMutableBufferPointer { input in
      output.withUnsafeMutableBufferPointer { output in
        var place = 0
        repeat {
          let partCount = min(input.count - place, 1 << 20)
          stream.next_in = input.baseAddress.map { $0 + place }
          stream.avail_in = UInt32(partCount)
          place += partCount
          repeat {
            stream.next_out = output.baseAddress
            stream.avail_out = UInt32(output.count)
            deflate(&stream, place == input.count ? Z_FINISH : Z_NO_FLUSH)
            count += output.count - Int(stream.avail_out)
          } while stream.avail_out == 0
        } while place < input.count
      }
    }
    return count
  }
}
