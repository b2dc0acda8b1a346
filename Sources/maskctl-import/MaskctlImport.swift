import ArgumentParser
import Glibc
import KerasImport
import TFLite

/// What `maskctl import` calls: a program of its own, so that a board without libhdf5 can have maskctl.
@main
struct MaskctlImport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "maskctl-import",
    abstract: "Writes a Keras model as .tflite to standard output; maskctl import is the friendlier way to call it.")

  @Argument(help: ArgumentHelp("An .h5 or .keras file.", valueName: "file"))
  var file: String

  @Option(help: "Width and height of the input where the network leaves them open, in pixels.")
  var size: Int?

  func run() throws {
    do throws(KerasImportError) {
      try write(try encoded(try KerasImport.model(path: file, archive: try archive(), size: size)))
    } catch {
      // Not through `stderr`: Swift 6 takes it for a variable that threads share.
      Array("maskctl-import: \(error)\n".utf8).withUnsafeBytes {
        _ = Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count)
      }
      if case .unreadable = error { throw ExitCode(66) }
      throw ExitCode(65)
    }
  }

  private func encoded(_ model: ModelDraft) throws(KerasImportError) -> [UInt8] {
    do throws(ModelError) {
      return try model.encoded()
    } catch {
      throw .unsupportedNetwork("\(error)")
    }
  }

  /// The bytes of a .keras file, which is a zip archive; nil for others, which libhdf5 opens itself.
  private func archive() throws(KerasImportError) -> [UInt8]? {
    // Without O_NONBLOCK a pipe of this name would keep us waiting for its writer.
    let descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .unreadable(path: file, detail: String(cString: strerror(errno))) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw .unreadable(path: file, detail: "it is no regular file")
    }
    guard status.st_size <= KerasImport.archiveByteCountMax else {
      throw .unreadable(
        path: file, detail: "it has \(status.st_size) bytes, more than the limit of \(KerasImport.archiveByteCountMax)")
    }
    guard let bytes = ModelBytes(readingFrom: descriptor, count: Int(status.st_size)) else {
      throw .unreadable(path: file, detail: String(cString: strerror(errno)))
    }
    guard bytes.count >= 4, bytes[0..<4] == [0x50, 0x4B, 3, 4] else { return nil }
    return bytes[0..<bytes.count]
  }

  private func write(_ bytes: [UInt8]) throws(KerasImportError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw .unreadable(path: "standard output", detail: String(cString: strerror(errno))) }
      rest = rest.dropFirst(count)
    }
  }
}
