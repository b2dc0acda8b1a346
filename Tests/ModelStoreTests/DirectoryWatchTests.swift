import CLinux
import Glibc
import Testing

@testable import ModelStore

/// What the hints of the kernel tell where no lease can be taken.
@Suite struct DirectoryWatchTests {
  let folder: TemporaryDirectory
  let watch: DirectoryWatch
  let name = Array("a.tflite".utf8)

  init() throws {
    folder = try TemporaryDirectory()
    watch = try DirectoryWatch(folder.path)
    watch.renew()
  }

  /// True where there was a hint.
  func drain() -> Bool {
    var entry = pollfd(fd: watch.descriptor, events: Int16(POLLIN), revents: 0)
    let isReady = poll(&entry, 1, 1000) > 0
    watch.drain()
    return isReady
  }

  @Test func aFileIsBeingWrittenUntilItsWriterClosesIt() {
    let writer = SlowWriter("\(folder.path)/a.tflite")
    writer.write([1])
    #expect(drain())
    #expect(watch.beingWritten == [name])
    writer.close()
    #expect(drain())
    #expect(watch.beingWritten.isEmpty)
  }

  @Test(arguments: ["b.tflite", "b.part"])
  func aFileThatIsMovedAwayIsNotBeingWritten(target: String) {
    let writer = SlowWriter("\(folder.path)/a.tflite")
    writer.write([1])
    #expect(rename("\(folder.path)/a.tflite", "\(folder.path)/\(target)") == 0)
    #expect(drain())
    #expect(watch.beingWritten.isEmpty)
    writer.close()
  }

  @Test func aDirectoryMadeAgainIsWatchedAgain() {
    TemporaryDirectory.remove(folder.path)
    watch.renew()
    watch.drain()
    #expect(mkdir(folder.path, 0o755) == 0)
    watch.renew()
    folder.write("a.tflite", "x")
    #expect(drain())
  }
}
