import CLinux
import EventLoop
import Glibc
import Testing

@testable import Results

@Suite struct ListenerTests {
  @Test func theSocketIsForOwnerAndGroup() throws {
    let directory = try TemporaryDirectory()
    let listener = try Listener(path: directory.socket)
    var status = stat()
    #expect(lstat(directory.socket, &status) == 0)
    #expect(status.st_mode & 0o7777 == 0o660)
    #expect(status.st_mode & S_IFMT == S_IFSOCK)
    _ = consume listener
  }

  @Test func aStaleSocketIsReplaced() throws {
    let directory = try TemporaryDirectory()
    // A listener that goes without removing its file, like one that was killed.
    _ = try Listener(path: directory.socket)
    #expect(access(directory.socket, F_OK) == 0)
    let publisher = try Sample.publisher(on: directory.socket)
    try Reader(directory.socket).greet()
    publisher.stop(reason: "test over")
  }

  @Test func aSocketInUseIsLeftAlone() throws {
    let directory = try TemporaryDirectory()
    let publisher = try Sample.publisher(on: directory.socket)
    defer { publisher.stop(reason: "test over") }
    #expect(throws: ResultsError.inUse(path: directory.socket)) { _ = try Listener(path: directory.socket) }
    try Reader(directory.socket).greet()
  }

  @Test func aFileInTheWayIsLeftAlone() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/file"
    close(open(path, O_WRONLY | O_CREAT, 0o600))
    #expect(throws: ResultsError.notASocket(path: path)) { _ = try Listener(path: path) }
    #expect(access(path, F_OK) == 0)
  }

  @Test func aPathThatDoesNotFitIsNamed() throws {
    let path = "/tmp/" + String(repeating: "x", count: 103)
    let error = #expect(throws: ResultsError.self) { _ = try Listener(path: path) }
    #expect(error == .pathTooLong(path: path, limit: 107))
    #expect(error?.description.contains("at most 107") == true)
  }

  @Test func aMissingDirectoryIsNamed() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/none/results.sock"
    let error = #expect(throws: ResultsError.self) { _ = try Listener(path: path) }
    #expect(error == .directoryMissing(path: path, directory: "\(directory.path)/none"))
  }

  @Test func aDescriptorThatDoesNotListenIsRefused() throws {
    let number = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
    #expect(throws: ResultsError.notListening(descriptor: number)) {
      _ = try Listener(passed: Descriptor(owning: number))
    }
  }

  @Test func aPassedSocketIsServedAndItsFileStays() throws {
    let directory = try TemporaryDirectory()
    let made = try Listener(path: directory.socket)
    let passed = try Listener(passed: Descriptor(owning: dup(made.descriptor.rawValue)))
    let publisher = Publisher(PublisherSettings(version: "1", engine: "generic"))
    try publisher.start(on: passed)
    try Reader(directory.socket).greet()
    publisher.stop(reason: "test over")
    #expect(access(directory.socket, F_OK) == 0)
    _ = consume made
  }

  @Test func itsOwnSocketFileIsRemovedButNotAnother() throws {
    let directory = try TemporaryDirectory()
    try Sample.publisher(on: directory.socket).stop(reason: "test over")
    #expect(access(directory.socket, F_OK) != 0)
    let first = try Sample.publisher(on: directory.socket)
    rename(directory.socket, "\(directory.path)/moved.sock")
    let second = try Sample.publisher(on: directory.socket)
    first.stop(reason: "test over")
    try Reader(directory.socket).greet()
    second.stop(reason: "test over")
  }

  @Test func startsOnceAndNotAfterItsEnd() throws {
    let directory = try TemporaryDirectory()
    let publisher = try Sample.publisher(on: directory.socket)
    publisher.stop(reason: "test over")
    publisher.stop(reason: "again")
    publisher.publish(Sample.lost)
    #expect(throws: ResultsError.alreadyStarted) { try publisher.start(on: Listener(path: directory.socket)) }
    #expect(access(directory.socket, F_OK) != 0)
  }
}
