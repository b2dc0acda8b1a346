import Glibc
import TFLite
import Testing

/// A file that is read as its bytes are asked for.
@Suite struct ModelBytesTests {
  /// A file without a name, with these bytes.
  private func file(_ bytes: [UInt8]) throws -> Int32 {
    var path = Array("/tmp/maskd-model-XXXXXX".utf8CString)
    let descriptor = mkstemp(&path)
    guard descriptor >= 0, unlink(path) == 0, write(descriptor, bytes, bytes.count) == bytes.count else {
      throw TestFiles.MissingFixture(name: "a temporary file")
    }
    return descriptor
  }

  private let content = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 * 7 >> 3) }

  @Test func aFileHasTheBytesOfTheArray() throws {
    let descriptor = try file(content)
    let bytes = try #require(ModelBytes(readingFrom: descriptor, count: content.count))
    // The descriptor is the caller's own again.
    close(descriptor)
    for range in [0..<1, 4_090..<4_100, 100_000..<250_000, 299_999..<300_000, 7..<7, 0..<300_000] {
      #expect(bytes[range] == Array(content[range]))
    }
    #expect(bytes.array == content)
    #expect(bytes.isWhole)
  }

  /// Whether nothing is kept: the process has no more of the file than a few pages, whatever was read of it.
  @Test func whatWasReadIsNotKept() throws {
    let many = [UInt8](repeating: 1, count: 64 << 20)
    let descriptor = try file(many)
    defer { close(descriptor) }
    let bytes = try #require(ModelBytes(readingFrom: descriptor, count: many.count))
    let before = try residentKilobytes()
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    var sum = 0
    for start in stride(from: 0, to: many.count, by: buffer.count) {
      buffer.withUnsafeMutableBytes { bytes.read(at: start, into: $0) }
      sum += buffer.reduce(0) { $0 + Int($1) }
    }
    #expect(sum == many.count)
    // Half of it at least: others allocate meanwhile.
    #expect(try residentKilobytes() - before < 32 << 10)
  }

  @Test func aFileThatIsCutShortEndsNothing() throws {
    let descriptor = try file(content)
    defer { close(descriptor) }
    let bytes = try #require(ModelBytes(readingFrom: descriptor, count: content.count))
    #expect(bytes[0..<10] == Array(content[0..<10]))
    ftruncate(descriptor, 100_000)
    #expect(bytes[0..<10] == Array(content[0..<10]))
    #expect(bytes.isWhole)
    #expect(bytes[200_000..<200_004] == [0, 0, 0, 0])
    #expect(!bytes.isWhole)
  }

  private func residentKilobytes() throws -> Int {
    let file = try #require(fopen("/proc/self/status", "r"))
    defer { fclose(file) }
    var status = [UInt8](repeating: 0, count: 4096)
    let count = fread(&status, 1, status.count, file)
    let lines = String(decoding: status[..<count], as: UTF8.self).split(separator: "\n")
    let line = try #require(lines.first { $0.hasPrefix("VmRSS") })
    return try #require(Int(line.filter(\.isNumber)))
  }
}
