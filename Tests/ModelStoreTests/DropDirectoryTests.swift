import Glibc
import Testing

@testable import ModelStore

@Suite struct DropDirectoryTests {
  let folder: TemporaryDirectory
  let directory: DropDirectory

  init() throws {
    folder = try TemporaryDirectory()
    directory = DropDirectory(path: folder.path)
  }

  func read(_ name: String, byteCountMax: Int = 1000) throws -> (model: [UInt8], sidecar: [UInt8]?) {
    let name = Array(name.utf8)
    let fingerprint = try #require(try directory.list().files[name])
    return try directory.read(name, fingerprint, byteCountMax: byteCountMax)
  }

  func rejection(_ name: String, byteCountMax: Int = 1000) -> Rejection? {
    do {
      _ = try read(name, byteCountMax: byteCountMax)
      return nil
    } catch {
      guard case .rejected(let rejection)? = error as? DropDirectory.ReadFailure else { return nil }
      return rejection
    }
  }

  @Test func onlyModelsAreListedAndSidecarsComeAlong() throws {
    for name in [
      "a.tflite", "a.json", "b.tflite", ".hidden.tflite", ".tflite", "c.tflite.part", "d.tmp", "e.json", "f.TFLITE",
      "g",
    ] { folder.write(name, name) }
    let (files, count) = try directory.list()
    #expect(Set(files.keys) == [Array("a.tflite".utf8), Array("b.tflite".utf8)])
    #expect(count == 2)
    let a = try read("a.tflite")
    #expect(a.model == Array("a.tflite".utf8))
    #expect(a.sidecar == Array("a.json".utf8))
    #expect(try read("b.tflite").sidecar == nil)
  }

  @Test func aWriterIsSeen() {
    let name = Array("a.tflite".utf8)
    let writer = SlowWriter("\(folder.path)/a.tflite")
    #expect(directory.writer(of: name) == .present)
    writer.close()
    #expect(directory.writer(of: name) == .gone)
  }

  /// The signal of a broken lease must not end the process: a writer comes at every moment of many leases.
  @Test func aWriterThatComesDuringTheLeaseDoesNoHarm() {
    let name = Array("a.tflite".utf8)
    folder.write("a.tflite", "x")
    let child = startOpening("\(folder.path)/a.tflite")
    for _ in 0..<20_000 { _ = directory.writer(of: name) }
    kill(child, SIGKILL)
    waitpid(child, nil, 0)
    #expect(directory.writer(of: name) == .gone)
  }

  /// A shell that opens the file for writing again and again; it ends by itself where the test does not end it.
  private func startOpening(_ path: String) -> pid_t {
    var child: pid_t = 0
    let arguments = ["/bin/sh", "-c", "i=0; while [ $((i += 1)) -lt 500000 ]; do : >> \"$0\"; done", path]
    var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    #expect(posix_spawn(&child, "/bin/sh", nil, nil, &pointers, nil) == 0)
    for pointer in pointers { free(pointer) }
    return child
  }

  @Test func whatChangedSinceItWasListedIsNotTaken() throws {
    let name = Array("a.tflite".utf8)
    folder.write("a.tflite", "one")
    folder.write("a.json", "{}")
    let listed = try #require(try directory.list().files[name])
    for change in [{ folder.write("a.tflite", "two") }, { folder.write("a.json", "[]") }, { unlinkSidecar() }] {
      change()
      #expect(throws: DropDirectory.ReadFailure.changed) {
        try directory.read(name, listed, byteCountMax: 1000)
      }
    }
  }

  private func unlinkSidecar() { unlink("\(folder.path)/a.json") }

  @Test func whatIsNoRegularFileIsRejectedWithASentence() {
    folder.write("real", "x")
    #expect(symlink("\(folder.path)/real", "\(folder.path)/link.tflite") == 0)
    #expect(rejection("link.tflite")?.detail.contains("link.tflite is a symbolic link; copy the file itself") == true)
    #expect(mkfifo("\(folder.path)/pipe.tflite", 0o644) == 0)
    #expect(rejection("pipe.tflite") == Rejection(.io, "pipe.tflite is a pipe; copy a regular file."))
    #expect(directory.writer(of: Array("pipe.tflite".utf8)) == .unknown)
    folder.makeDirectory("folder.tflite")
    #expect(rejection("folder.tflite")?.reason == .io)
    folder.write("good.tflite", "x")
    #expect(symlink("/etc/shadow", "\(folder.path)/good.json") == 0)
    #expect(rejection("good.tflite")?.detail.contains("good.json is a symbolic link") == true)
  }

  @Test func aFileThatIsTooBigIsNotRead() {
    folder.write("a.tflite", [UInt8](repeating: 0, count: 11))
    #expect(rejection("a.tflite", byteCountMax: 11) == nil)
    #expect(
      rejection("a.tflite", byteCountMax: 10) == Rejection(.tooBig, "a.tflite has 11 bytes, more than the limit of 10.")
    )
  }

  @Test func aSparseGiantIsNotRead() {
    folder.write("a.tflite", "")
    #expect(truncate("\(folder.path)/a.tflite", 1 << 42) == 0)
    #expect(rejection("a.tflite", byteCountMax: 512 << 20)?.reason == .tooBig)
  }

  @Test func thousandsOfFilesAreBounded() throws {
    for number in 0..<700 { folder.write("\(number).tflite", "") }
    let (files, count) = try directory.list()
    #expect(files.count == DropDirectory.mostFiles)
    #expect(count == 700)
    #expect(files[Array("699.tflite".utf8)] != nil)
  }

  @Test func oddNamesAreShownAsText() {
    #expect(FileName.display(Array("mäske 1.tflite".utf8)) == "mäske 1.tflite")
    #expect(FileName.display([0x61, 0x0A, 0xFF, 0xC3, 0x5C, 0x62]) == "a\\x0a\\xff\\xc3\\x5cb")
    #expect(FileName.display(Array("\u{202E}x\u{1B}[31m".utf8)) == "\\xe2\\x80\\xaex\\x1b[31m")
  }
}
